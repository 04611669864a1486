"""Signatures and presigned URLs."""

import urllib.error
import urllib.request
from collections.abc import Callable

from pydantic import SecretStr

from layout.storage.clients import s3_client
from tests.conformance.area import Area, refusal
from tests.conformance.stores import Store


def _fetch(
    url: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_presigned_get(area: Area) -> None:
    """A presigned GET needs no other credential."""
    area.put("object", b"hello")
    url = area.s3.generate_presigned_url("get_object", {"Bucket": area.bucket, "Key": area.key("object")})
    assert _fetch(url) == (200, b"hello")


def test_presigned_put(area: Area) -> None:
    """A presigned PUT stores what its holder sends."""
    url = area.s3.generate_presigned_url("put_object", {"Bucket": area.bucket, "Key": area.key("object")})
    assert _fetch(url, "PUT", b"hello")[0] == 200
    assert area.get("object") == b"hello"


def test_presigned_header_must_match(area: Area) -> None:
    """A header that was signed into a URL must be sent as it was signed."""
    parameters = {"Bucket": area.bucket, "Key": area.key("object"), "ContentType": "video/mp4"}
    url = area.s3.generate_presigned_url("put_object", parameters)
    assert _fetch(url, "PUT", b"x", {"Content-Type": "text/html"})[0] == 403
    assert _fetch(url, "PUT", b"x", {"Content-Type": "video/mp4"})[0] == 200


def test_presigned_for_another_method(area: Area) -> None:
    """A URL that was presigned for GET does not delete."""
    area.put("object")
    url = area.s3.generate_presigned_url("get_object", {"Bucket": area.bucket, "Key": area.key("object")})
    assert _fetch(url, "DELETE")[0] == 403
    assert area.names() == ["object"]


def test_presigned_for_another_key(area: Area) -> None:
    """A URL that was presigned for one key does not open another."""
    area.put("object")
    area.put("other")
    url = area.s3.generate_presigned_url("get_object", {"Bucket": area.bucket, "Key": area.key("object")})
    assert _fetch(url.replace("/object?", "/other?"))[0] == 403


def test_presigned_for_too_long(area: Area) -> None:
    """A presigned URL for more than 7 days is refused."""
    area.put("object")
    parameters = {"Bucket": area.bucket, "Key": area.key("object")}
    url = area.s3.generate_presigned_url("get_object", parameters, ExpiresIn=604_801)
    assert _fetch(url)[0] in {400, 403}


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
    assert _fetch(f"{store.settings.endpoint}/{area.bucket}/{area.key('object')}")[0] in {400, 401, 403}
