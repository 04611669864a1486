"""Objects through the control API, as wrangler and the SDKs ask for them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from local_cloudflare.account import token_document
from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.permissions import group_named

if TYPE_CHECKING:
    import httpx
    from mypy_boto3_s3 import S3Client

    from tests.local_cloudflare.conftest import Api

KEYS = [
    "dev/a.txt",
    "/leading//double/",
    "with space",
    "100%.txt",
    "%41%2F",
    "plus+&=;",
    "#what?",
    "kůň 🎬",
    "a\nb",
]


def at(bucket: str, key: str) -> str:
    """The path of an object."""
    return f"/r2/buckets/{bucket}/objects/{quote(key, safe='/')}"


@pytest.mark.parametrize("key", KEYS)
def test_an_object_goes_there_and_back(api: Api, s3: S3Client, bucket: str, key: str) -> None:
    """Whatever its key; the S3 endpoint sees the same object, and a deletion is one."""
    body = key.encode() * 10
    made = api("PUT", at(bucket, key), content=body, headers={"content-type": "text/plain"}).json()["result"]
    etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
    assert (made["key"], made["etag"], made["size"], made["storage_class"]) == (
        key,
        etag,
        str(len(body)),
        "Standard",
    )
    seen = s3.get_object(Bucket=bucket, Key=key)
    assert (seen["Body"].read(), seen["ContentType"]) == (body, "text/plain")
    got = api("GET", at(bucket, key))
    assert (got.content, got.headers["content-type"], got.headers["etag"]) == (
        body,
        "text/plain",
        f'"{etag}"',
    )
    assert api("DELETE", at(bucket, key)).json()["result"] == {"key": key}
    assert api("GET", at(bucket, key)).json()["errors"] == [
        {"code": 10007, "message": "The specified key does not exist."}
    ]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_large_object_is_streamed(api: Api, s3: S3Client, bucket: str) -> None:
    """Above the size that is kept in memory, with its length or in chunks."""
    body = bytes(range(256)) * 20_000
    api("PUT", at(bucket, "whole"), content=body)
    api("PUT", at(bucket, "chunks"), content=iter([body[:1000], body[1000:]]))
    for key in ("whole", "chunks"):
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body
        assert api("GET", at(bucket, key)).content == body


def test_what_was_said_of_an_object_is_kept(api: Api, s3: S3Client, bucket: str) -> None:
    """The headers that R2 keeps and the storage class; the list shows them, and the user's own metadata."""
    headers = {
        "content-type": "video/mp4",
        "content-language": "cs",
        "content-disposition": "attachment",
        "content-encoding": "identity",
        "cache-control": "no-store",
        "expires": "Thu, 01 Jan 2037 00:00:00 GMT",
        "cf-r2-storage-class": "InfrequentAccess",
    }
    assert api("PUT", at(bucket, "a"), content=b"x", headers=headers).json()["result"]["storage_class"] == (
        "InfrequentAccess"
    )
    s3.put_object(Bucket=bucket, Key="b", Body=b"y", Metadata={"title": "Goal"})
    first, second = api("GET", f"/r2/buckets/{bucket}/objects").json()["result"]
    assert first["http_metadata"] == {
        "contentType": "video/mp4",
        "contentLanguage": "cs",
        "contentDisposition": "attachment",
        "contentEncoding": "identity",
        "cacheControl": "no-store",
        "cacheExpiry": "Thu, 01 Jan 2037 00:00:00 GMT",
    }
    assert (first["key"], first["size"], first["storage_class"]) == ("a", 1, "InfrequentAccess")
    assert (second["custom_metadata"], second["storage_class"]) == ({"title": "Goal"}, "Standard")
    wrong = api("PUT", at(bucket, "a"), content=b"x", headers={"cf-r2-storage-class": "Cold"})
    assert (wrong.status_code, wrong.json()["errors"][0]) == (
        400,
        {"code": 10062, "message": "The storage class is not valid: 'Cold' is none of R2's."},
    )


def test_a_read_may_have_conditions(api: Api, bucket: str) -> None:
    """304 for a copy that is still right, and no body."""
    api("PUT", at(bucket, "a"), content=b"abc")
    etag = api("GET", at(bucket, "a")).headers["etag"]
    known = api("GET", at(bucket, "a"), headers={"if-none-match": etag})
    assert (known.status_code, known.content) == (304, b"")
    part = api("GET", at(bucket, "a"), headers={"range": "bytes=1-1"})
    assert (part.status_code, part.content) == (206, b"b")


def test_lists_have_pages(api: Api, s3: S3Client, bucket: str) -> None:
    """By cursor, in the order of the keys, with a prefix, from a key on, and folded at a delimiter."""
    keys = ["a", "d/1", "d/2", "d/3", "e/1", "f"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")

    def page(**query: str | int) -> httpx.Response:
        return api("GET", f"/r2/buckets/{bucket}/objects", params=query)

    found, cursor = list[str](), ""
    while True:
        answer = page(per_page=2, **({"cursor": cursor} if cursor else {})).json()
        found += [each["key"] for each in answer["result"]]
        if not answer["result_info"]["is_truncated"]:
            break
        cursor = answer["result_info"]["cursor"]
    assert found == keys
    assert [each["key"] for each in page(prefix="d/", start_after="d/1").json()["result"]] == ["d/2", "d/3"]
    folded = page(delimiter="/").json()
    assert [each["key"] for each in folded["result"]] == ["a", "f"]
    assert folded["result_info"]["delimited"] == ["d/", "e/"]
    wrong = page(cursor="!").json()["errors"][0]
    assert wrong == {"code": 10040, "message": "Invalid query parameter: cursor is '!', use one from a list."}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_bucket_must_be_there(api: Api, method: str) -> None:
    """In the jurisdiction that the header names."""
    answer = api(method, at("no-such-bucket", "a"), content=b"")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, 10006)


def test_each_jurisdiction_has_its_own(api: Api, cloudflare: LocalCloudflare, bucket: str) -> None:
    """Also those for which there is no S3 endpoint here."""
    for jurisdiction in ("eu", "fedramp-high"):
        headers = {"cf-r2-jurisdiction": jurisdiction}
        cloudflare.store.create_bucket(bucket, jurisdiction=jurisdiction)
        api("PUT", at(bucket, "a"), content=jurisdiction.encode(), headers=headers)
        assert api("GET", at(bucket, "a"), headers=headers).text == jurisdiction
    assert api("GET", at(bucket, "a")).status_code == 404


def test_the_rules_of_the_s3_endpoint_hold(api: Api, bucket: str) -> None:
    """Keys of more than 1,024 bytes are refused, and what a lock rule holds is not overwritten or deleted."""
    long = api("PUT", at(bucket, "k" * 1025), content=b"")
    assert (long.status_code, long.json()["errors"][0]["code"]) == (400, 10020)
    api("PUT", at(bucket, "locked/a"), content=b"first")
    rule = {"id": "all", "enabled": True, "prefix": "locked/", "condition": {"type": "Indefinite"}}
    assert api("PUT", f"/r2/buckets/{bucket}/lock", json={"rules": [rule]}).status_code == 200
    for method in ("PUT", "DELETE"):
        refused = api(method, at(bucket, "locked/a"), content=b"")
        assert refused.status_code == 409
        assert "locked" in refused.json()["errors"][0]["message"]
    assert api("GET", at(bucket, "locked/a")).content == b"first"


def test_an_object_of_a_customers_key_is_not_given(api: Api, s3: S3Client, bucket: str) -> None:
    """The API has no way to send the key; the list says that the object needs one."""
    s3.put_object(
        Bucket=bucket, Key="a", Body=b"secret", SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32
    )
    (listed,) = api("GET", f"/r2/buckets/{bucket}/objects").json()["result"]
    assert listed["ssec"] is True
    refused = api("GET", at(bucket, "a"))
    assert refused.status_code == 400
    assert b"secret" not in refused.content


def test_a_token_needs_its_permission(cloudflare: LocalCloudflare, api: Api, bucket: str) -> None:
    """One that reads does not write."""
    group = group_named("Workers R2 Storage Read").id
    _, value = cloudflare.account.create(token_document("reader", cloudflare.account_id, [group]))
    headers = {"authorization": f"Bearer {value}"}
    statuses = {
        method: api(method, at(bucket, "a"), headers=headers).status_code
        for method in ("GET", "PUT", "DELETE")
    }
    assert statuses == {"GET": 404, "PUT": 403, "DELETE": 403}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("name", ["if-none-match", "if-match", "if-unmodified-since"])
def test_a_change_has_no_conditions(api: Api, bucket: str, method: str, name: str) -> None:
    """Ignored, one would overwrite or delete what its client meant to keep."""
    api("PUT", at(bucket, "key"), content=b"there")
    answer = api(method, at(bucket, "key"), content=b"other", headers={name: "*"})
    message = f"The header {name} is not implemented for changes; use the S3 endpoint."
    assert (answer.status_code, answer.json()["errors"]) == (501, [{"code": 10501, "message": message}])
    assert api("GET", at(bucket, "key")).content == b"there"


def test_a_declared_hash_is_compared(api: Api, bucket: str) -> None:
    """An upload that was damaged on its way is not kept."""
    answer = api("PUT", at(bucket, "key"), content=b"x", headers={"content-md5": "A" * 22 + "=="})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 10037)
    assert api("GET", at(bucket, "key")).status_code == 404
