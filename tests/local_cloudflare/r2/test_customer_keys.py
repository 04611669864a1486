"""Objects that are read with the key they were written with (SSE-C)."""

import base64
import hashlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.clock import Clock
from local_cloudflare.r2.store.blobs import Body
from local_cloudflare.r2.store.models import ObjectMetadata, StoredObject
from local_cloudflare.r2.store.store import Store
from tests.local_cloudflare.r2.uploads import begin

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

MIB = 2**20
KEY, OTHER = b"k" * 32, b"o" * 32
NOT_APPLICABLE = (400, "InvalidRequest", "The encryption parameters are not applicable to this object.")
NEEDED = (
    400,
    "InvalidRequest",
    (
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
        "retrieve the object."
    ),
)
WRONG = (403, "AccessDenied", "Access Denied")


def with_key(key: bytes, prefix: str = "") -> dict[str, str]:
    """The parameters that give a key; boto3 encodes it and adds its MD5."""
    return {f"{prefix}SSECustomerAlgorithm": "AES256", f"{prefix}SSECustomerKey": key.decode()}


def md5(data: bytes) -> str:
    """In base64, as the headers have it."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


@pytest.mark.parametrize("size", [0, 5, 100_000])
def test_an_object_comes_back_with_its_key(s3: Any, bucket: str, size: int) -> None:
    """Each answer names the algorithm and the key's MD5."""
    body, shown = b"x" * size, ("AES256", md5(KEY))
    written = s3.put_object(Bucket=bucket, Key="key", Body=body, **with_key(KEY))
    read = s3.get_object(Bucket=bucket, Key="key", **with_key(KEY))
    head = s3.head_object(Bucket=bucket, Key="key", **with_key(KEY))
    assert read["Body"].read() == body
    for answer in (written, read, head):
        assert (answer["SSECustomerAlgorithm"], answer["SSECustomerKeyMD5"]) == shown
        assert answer["ETag"] == written["ETag"]


def test_without_the_key_or_with_another_there_are_no_bytes(s3: Any, bucket: str, refused: Any) -> None:
    """Nor anything else about the object, whatever the conditions."""
    tag = s3.put_object(Bucket=bucket, Key="key", Body=b"secret", **with_key(KEY))["ETag"]
    name = {"Bucket": bucket, "Key": "key"}
    assert refused(s3.get_object, **name) == NEEDED
    assert refused(s3.get_object, IfNoneMatch=tag, **name) == NEEDED
    assert refused(s3.get_object, Range="bytes=0-1", **name) == NEEDED
    assert refused(s3.get_object, **name, **with_key(OTHER)) == WRONG
    assert refused(s3.head_object, **name)[0] == 400
    assert refused(s3.head_object, **name, **with_key(OTHER))[0] == 403


def test_a_key_does_not_fit_a_plain_object(s3: Any, bucket: str, refused: Any) -> None:
    """And a missing object is missing first."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"plain")
    assert refused(s3.get_object, Bucket=bucket, Key="key", **with_key(KEY)) == NOT_APPLICABLE
    assert refused(s3.get_object, Bucket=bucket, Key="none", **with_key(KEY))[:2] == (404, "NoSuchKey")


def test_a_range_needs_the_key_too(s3: Any, bucket: str) -> None:
    """As every read."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"0123456789", **with_key(KEY))
    found = s3.get_object(Bucket=bucket, Key="key", Range="bytes=2-4", **with_key(KEY))
    assert found["Body"].read() == b"234"


def test_an_upload_in_the_place_of_an_encrypted_one_is_what_it_says(s3: Any, bucket: str) -> None:
    """No key remains of the object before; deletes and listings need none."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"secret", **with_key(KEY))
    s3.put_object(Bucket=bucket, Key="key", Body=b"plain")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"plain"
    tag = s3.put_object(Bucket=bucket, Key="key", Body=b"secret", **with_key(OTHER))["ETag"]
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["ETag"] == tag
    s3.delete_object(Bucket=bucket, Key="key")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_the_etag_is_no_md5_of_the_bytes(s3: Any, bucket: str) -> None:
    """Nobody may rely on it; it changes with the key, and Content-MD5 is that of the bytes."""
    tags = {
        s3.put_object(Bucket=bucket, Key="key", Body=b"x", ContentMD5=md5(b"x"), **key)["ETag"]
        for key in ({}, with_key(KEY), with_key(OTHER))
    }
    assert len(tags) == 3


@pytest.mark.parametrize("source", [None, KEY])
@pytest.mark.parametrize("destination", [None, KEY, OTHER])
def test_a_copy_has_the_key_that_it_is_given(
    s3: Any, bucket: str, source: bytes | None, destination: bytes | None
) -> None:
    """From and to each: in the open, with the same key, with another."""
    of_source = with_key(source) if source else {}
    to_read = with_key(source, "CopySource") if source else {}
    of_copy = with_key(destination) if destination else {}
    s3.put_object(Bucket=bucket, Key="key", Body=b"body", Metadata={"a": "b"}, **of_source)
    name = {"Bucket": bucket, "Key": "copy"}
    copied = s3.copy_object(CopySource=f"{bucket}/key", **name, **to_read, **of_copy)
    assert copied.get("SSECustomerKeyMD5") == (md5(destination) if destination else None)
    found = s3.get_object(**name, **of_copy)
    assert (found["Body"].read(), found["Metadata"]) == (b"body", {"a": "b"})
    assert found["ETag"] == copied["CopyObjectResult"]["ETag"]
    if destination is None:
        assert found["ETag"] == f'"{hashlib.md5(b"body", usedforsecurity=False).hexdigest()}"'


def test_a_copy_needs_the_key_of_its_source(s3: Any, bucket: str, refused: Any) -> None:
    """Of a whole object and of a part."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"body", **with_key(KEY))
    s3.put_object(Bucket=bucket, Key="plain", Body=b"body")
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": f"{bucket}/key"}
    part = {"PartNumber": 1, "CopySource": f"{bucket}/key", **begin(s3, bucket, "copy")}
    for action, arguments in ((s3.copy_object, copy), (s3.upload_part_copy, part)):
        assert refused(action, **arguments) == NEEDED
        assert refused(action, **arguments, **with_key(OTHER, "CopySource")) == WRONG
        plain = arguments | {"CopySource": f"{bucket}/plain"}
        assert refused(action, **plain, **with_key(KEY, "CopySource")) == NOT_APPLICABLE


def test_parts_become_one_object_with_their_key(s3: Any, bucket: str) -> None:
    """Uploaded and copied ones; the completion may name the key or not."""
    s3.put_object(Bucket=bucket, Key="source", Body=b"tail", **with_key(OTHER))
    for closing in ({}, with_key(KEY)):
        upload = begin(s3, bucket, **with_key(KEY))
        one = s3.upload_part(PartNumber=1, Body=b"a" * 5 * MIB, **upload, **with_key(KEY))
        two = s3.upload_part_copy(
            PartNumber=2,
            CopySource=f"{bucket}/source",
            **upload,
            **with_key(KEY),
            **with_key(OTHER, "CopySource"),
        )
        assert one["SSECustomerKeyMD5"] == two["SSECustomerKeyMD5"] == md5(KEY)
        tags = (one["ETag"], two["CopyPartResult"]["ETag"])
        parts = {"Parts": [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)]}
        s3.complete_multipart_upload(MultipartUpload=parts, **upload, **closing)
        found = s3.get_object(Bucket=bucket, Key="key", **with_key(KEY))
        assert found["Body"].read() == b"a" * 5 * MIB + b"tail"


def test_a_part_has_the_key_of_its_upload(s3: Any, bucket: str, refused: Any) -> None:
    """None, another and an unasked one are refused, and so is another at completion."""
    part = {"PartNumber": 1, "Body": b"x"}
    upload, plain = begin(s3, bucket, **with_key(KEY)), begin(s3, bucket)
    missing = (
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate "
        "encryption parameters."
    )
    other = "The provided encryption parameters did not match the ones used originally."
    assert refused(s3.upload_part, **part, **upload) == (400, "InvalidRequest", missing)
    assert refused(s3.upload_part, **part, **upload, **with_key(OTHER)) == (400, "InvalidRequest", other)
    assert refused(s3.upload_part, **part, **plain, **with_key(KEY)) == NOT_APPLICABLE
    assert "Parts" not in s3.list_parts(**upload)
    tag = s3.upload_part(**part, **upload, **with_key(KEY))["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    answer = refused(s3.complete_multipart_upload, MultipartUpload=parts, **upload, **with_key(OTHER))
    assert answer == (400, "InvalidRequest", other)


PREFIX = "x-amz-server-side-encryption-customer-"
PROVIDE = "Requests specifying Server Side Encryption with Customer provided keys must provide "
FULL = {"algorithm": "AES256", "key": base64.b64encode(KEY).decode(), "key-md5": md5(KEY)}


@pytest.mark.parametrize("method", ["PUT", "GET"])
@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"algorithm": "AES256"}, "InvalidArgument", PROVIDE + "an appropriate secret key."),
        (
            {"algorithm": "AES256", "key": "a"},
            "InvalidArgument",
            PROVIDE + "the client calculated MD5 of the secret key.",
        ),
        ({"key": "a", "key-md5": "b"}, "InvalidArgument", PROVIDE + "a valid encryption algorithm."),
        (
            FULL | {"algorithm": "AES128"},
            "InvalidEncryptionAlgorithmError",
            "The encryption request that you specified is not valid. The valid value is AES256.",
        ),
        (
            FULL | {"key": base64.b64encode(b"short").decode(), "key-md5": md5(b"short")},
            "InvalidArgument",
            "The secret key was invalid for the specified algorithm.",
        ),
        (
            FULL | {"key": "no base64"},
            "InvalidArgument",
            "The secret key was invalid for the specified algorithm.",
        ),
        (
            FULL | {"key-md5": md5(OTHER)},
            "InvalidArgument",
            "The calculated MD5 hash of the key did not match the hash that was provided.",
        ),
    ],
)
def test_a_key_is_given_whole(
    r2: "LocalR2", bucket: str, method: str, given: dict[str, str], code: str, message: str
) -> None:
    """Three headers, checked in R2's order, by every operation that takes a key."""
    headers = {PREFIX + name: value for name, value in given.items()}
    reply = r2.send(method, f"/{bucket}/key", body=b"x" if method == "PUT" else b"", headers=headers)
    assert reply.status == 400
    assert f"<Code>{code}</Code><Message>{message}</Message>".encode() in reply.body
    assert r2.send("HEAD", f"/{bucket}/key").status == 404


def test_the_key_is_not_kept(own: "LocalR2", tmp_path: Path) -> None:
    """Only its MD5 is."""
    name = own.bucket().name
    own.client().put_object(Bucket=name, Key="key", Body=b"x", **with_key(KEY))
    kept = b"".join(path.read_bytes() for path in (tmp_path / "r2").rglob("*") if path.is_file())
    assert md5(KEY).encode() in kept
    assert KEY not in kept
    assert base64.b64encode(KEY) not in kept


def test_a_store_of_an_older_version_is_opened(tmp_path: Path) -> None:
    """Its objects have no customer's key."""
    first = Store(tmp_path, Clock())
    bucket = first.create_bucket("films")
    first.objects.put(bucket.id, StoredObject("key", "key", "tag", 0, Body(1, b"x"), ObjectMetadata()))
    first.close()
    with sqlite3.connect(tmp_path / "r2.sqlite") as connection:
        for table in ("objects", "uploads"):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN customer_key")
    connection.close()
    second = Store(tmp_path, Clock())
    found = second.objects.get(bucket.id, "key")
    second.close()
    assert found is not None
    assert (found.body.inline, found.metadata.customer_key) == (b"x", "")
