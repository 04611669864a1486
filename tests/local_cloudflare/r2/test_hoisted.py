"""What SDKs move from the headers into a presigned query counts as if it had been sent, or is refused."""

import base64
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

BODY = b"hello"


def crc32(body: bytes) -> str:
    """As in a header."""
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def presigned(r2: "LocalR2", target: str, body: bytes = BODY, **changes: Any) -> Any:
    """A PUT by a URL that botocore signed with this query."""
    return r2.send("PUT", target, body=body, expires=60, **changes)


@pytest.mark.parametrize("name", ["x-amz-checksum-crc32", "X-Amz-Checksum-Crc32"])
def test_a_checksum_in_a_url_is_verified(r2: "LocalR2", bucket: str, name: str) -> None:
    """The default of the JavaScript presigner signs the checksum of an empty body."""
    target = f"/{bucket}/key?{name}="
    reply = presigned(r2, target + quote(crc32(b""), safe="") + "&x-amz-sdk-checksum-algorithm=CRC32")
    assert (reply.status, b"<Code>BadDigest</Code>" in reply.body) == (400, True)
    assert r2.send("HEAD", f"/{bucket}/key").status == 404
    assert presigned(r2, target + quote(crc32(BODY), safe="")).status == 200
    assert presigned(r2, target + quote(crc32(b""), safe=""), b"").status == 200


def test_a_checksum_in_a_url_counts_beside_content_md5(r2: "LocalR2", bucket: str) -> None:
    """Two are one too many, wherever they stand."""
    query = f"?x-amz-checksum-crc32={quote(crc32(BODY), safe='')}&x-amz-checksum-sha1=A"
    reply = presigned(r2, f"/{bucket}/key{query}")
    assert (reply.status, b"You can only specify one non-default checksum" in reply.body) == (400, True)


def test_metadata_and_storage_class_in_a_url_are_kept(r2: "LocalR2", bucket: str) -> None:
    """As if they had been sent as headers."""
    query = (
        "?x-amz-meta-a=b%20c&X-Amz-Meta-City=M%C3%BCnchen&x-amz-storage-class=STANDARD_IA&x-amz-acl=private"
    )
    assert presigned(r2, f"/{bucket}/key{query}").status == 200
    head = r2.send("HEAD", f"/{bucket}/key").headers
    assert (head["x-amz-meta-a"], head["x-amz-meta-city"]) == ("b c", "=?utf-8?q?M=C3=BCnchen?=")
    assert head["x-amz-storage-class"] == "STANDARD_IA"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("x-amz-tagging=a%3Db", 501, "NotImplemented"),
        ("x-amz-acl=made-up", 501, "NotImplemented"),
        ("x-amz-storage-class=GLACIER", 400, "InvalidStorageClass"),
        ("x-amz-server-side-encryption=aws%3Akms", 501, "NotImplemented"),
        ("x-amz-object-lock-mode=GOVERNANCE", 501, "NotImplemented"),
        ("x-amz-expected-bucket-owner=1", 501, "NotImplemented"),
        ("x-amz-meta-a%0D%0Ab=c", 400, "InvalidArgument"),
        ("x-amz-meta-a=b%0D%0Ac%3A%20d", 400, "InvalidArgument"),
    ],
)
def test_what_is_refused_as_a_header_is_refused_in_a_url(
    r2: "LocalR2", bucket: str, query: str, status: int, code: str
) -> None:
    """Nothing that was signed is dropped in silence; a name or value that no header can have is no argument."""
    reply = presigned(r2, f"/{bucket}/key?{query}")
    assert (reply.status, f"<Code>{code}</Code>" in reply.body.decode()) == (status, True)
    assert r2.send("HEAD", f"/{bucket}/key").status == 404


def test_a_copy_source_in_a_url_makes_a_copy(r2: "LocalR2", bucket: str) -> None:
    """The JavaScript presigner puts it there; only who may sign can ask for it."""
    r2.send("PUT", f"/{bucket}/source", body=b"source")
    assert presigned(r2, f"/{bucket}/key?x-amz-copy-source=%2F{bucket}%2Fsource", b"").status == 200
    assert r2.send("GET", f"/{bucket}/key").body == b"source"


def test_a_url_and_a_header_must_not_disagree(r2: "LocalR2", bucket: str) -> None:
    """Both count, like a header that is sent twice."""
    target = f"/{bucket}/key?x-amz-storage-class=STANDARD"
    headers = {"x-amz-storage-class": "STANDARD_IA"}
    assert presigned(r2, target, headers=headers).status == 400
    assert presigned(r2, target, headers={"x-amz-storage-class": "STANDARD"}).status == 200


def test_the_checksum_mode_in_a_url_is_honoured(r2: "LocalR2", bucket: str) -> None:
    """The JavaScript presigner signs it into every GET."""
    r2.send("PUT", f"/{bucket}/key", body=BODY, headers={"x-amz-checksum-crc32": crc32(BODY)})
    reply = r2.send("GET", f"/{bucket}/key?x-amz-checksum-mode=ENABLED", expires=60)
    assert (reply.status, reply.headers["x-amz-checksum-crc32"]) == (200, crc32(BODY))
