"""Signatures and presigned URLs."""

from collections.abc import Callable

from pydantic import SecretStr

from layout.storage.clients import s3_client
from tests.conformance.area import Area, fetch, presigned, refusal
from tests.conformance.stores import Store


def test_presigned_get(area: Area) -> None:
    """A presigned GET needs no other credential."""
    area.put("object", b"hello")
    url = area.s3.generate_presigned_url("get_object", {"Bucket": area.bucket, "Key": area.key("object")})
    assert fetch(url)[:2] == (200, b"hello")


def test_presigned_put(area: Area) -> None:
    """A presigned PUT stores what its holder sends."""
    url = area.s3.generate_presigned_url("put_object", {"Bucket": area.bucket, "Key": area.key("object")})
    assert fetch(url, "PUT", b"hello")[0] == 200
    assert area.get("object") == b"hello"


def test_presigned_header_must_match(area: Area) -> None:
    """A header that was signed into a URL must be sent as it was signed."""
    parameters = {"Bucket": area.bucket, "Key": area.key("object"), "ContentType": "video/mp4"}
    url = area.s3.generate_presigned_url("put_object", parameters)
    assert fetch(url, "PUT", b"x", {"Content-Type": "text/html"})[0] == 403
    assert fetch(url, "PUT", b"x", {"Content-Type": "video/mp4"})[0] == 200


def test_presigned_for_another_method(area: Area) -> None:
    """A URL that was presigned for GET does not delete."""
    area.put("object")
    url = area.s3.generate_presigned_url("get_object", {"Bucket": area.bucket, "Key": area.key("object")})
    assert fetch(url, "DELETE")[0] == 403
    assert area.names() == ["object"]


def test_presigned_for_another_key(area: Area) -> None:
    """A URL that was presigned for one key does not open another."""
    area.put("object")
    area.put("other")
    url = area.s3.generate_presigned_url("get_object", {"Bucket": area.bucket, "Key": area.key("object")})
    assert fetch(url.replace("/object?", "/other?"))[0] == 403


def test_presigned_for_too_long(area: Area) -> None:
    """A presigned URL for more than 7 days is refused."""
    area.put("object")
    parameters = {"Bucket": area.bucket, "Key": area.key("object")}
    url = area.s3.generate_presigned_url("get_object", parameters, ExpiresIn=604_801)
    assert fetch(url)[0] in {400, 403}


def test_wrong_secret(area: Area, store: Store) -> None:
    """A request signed with another secret is 403 SignatureDoesNotMatch."""
    assert _refused_with(area, store, secret_access_key=SecretStr("f" * 64)) == (403, "SignatureDoesNotMatch")


def test_unknown_access_key(area: Area, store: Store) -> None:
    """An access key that does not exist is 401 Unauthorized."""
    assert _refused_with(area, store, access_key_id="f" * 32) == (401, "Unauthorized")


def _refused_with(area: Area, store: Store, **changes: object) -> tuple[int, str]:
    client = s3_client(store.settings.model_copy(update=changes))
    call: Callable[[], object] = lambda: client.list_objects_v2(Bucket=area.bucket, Prefix=area.prefix)  # noqa: E731
    return refusal(call)


def test_anonymous(area: Area, store: Store) -> None:
    """A request without a signature is refused."""
    area.put("object")
    assert fetch(f"{store.settings.endpoint}/{area.bucket}/{area.key('object')}")[0] in {400, 401, 403}


def test_sigv2(area: Area) -> None:
    """A request with the signature of before SigV4 is 401 Unauthorized."""
    url = f"{area.s3.meta.endpoint_url}/{area.bucket}/{area.key('object')}"
    assert fetch(f"{url}?AWSAccessKeyId=a&Signature=b&Expires=1900000000").status == 401


def test_checksum_in_a_url(area: Area, store: Store) -> None:
    """A checksum in the query of a presigned PUT is compared with what is sent: 400 BadDigest."""
    path = f"{area.prefix}object?x-amz-checksum-crc32=AAAAAA%3D%3D"
    answer = presigned(area, store, "PUT", path, b"body")
    assert (answer.status, b"<Code>BadDigest</Code>" in answer.body) == (400, True)
    assert presigned(area, store, "PUT", path, b"").status == 200
