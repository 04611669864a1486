"""Bodies in signed chunks, which minio-go sends over plain HTTP only, and those that R2 refuses."""

import hashlib
import hmac
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2, Reply

from local_cloudflare.r2.auth.signature import signing_key

_EMPTY = hashlib.sha256(b"").hexdigest()


def framed(secret: str, date: str, seed: str, chunks: list[bytes]) -> bytes:
    """The chunks, each signed by AWS's recipe together with the signature of the one before."""
    key, previous, body = signing_key(secret, date[:8], "auto"), seed, b""
    for chunk in [*chunks, b""]:
        digest = hashlib.sha256(chunk).hexdigest()
        text = f"AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{date[:8]}/auto/s3/aws4_request\n{previous}\n{_EMPTY}\n{digest}"
        previous = hmac.digest(key, text.encode(), "sha256").hex()
        body += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + chunk + b"\r\n"
    return body


MINIO_GO = "MinIO (linux; amd64) minio-go/v7.0.95 restic/0.18.0"


def send_chunks(
    r2: "LocalR2", path: str, chunks: list[bytes], *, tamper: bool = False, agent: str = MINIO_GO
) -> "Reply":
    """Signs a head and its chunks, and sends them."""
    total = sum(map(len, chunks))
    overhead = sum(len(f"{len(chunk):x}") + len(";chunk-signature=") + 64 + 4 for chunk in [*chunks, b""])
    headers = {
        "x-amz-decoded-content-length": str(total),
        "content-encoding": "aws-chunked",
        "content-length": str(total + overhead),
        "user-agent": agent,
    }
    _, signed = r2.sign("PUT", path, headers=headers, payload="STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
    del signed["Content-Length"]
    seed = signed["Authorization"].rpartition("Signature=")[2]
    body = framed(r2.admin.secret_access_key, signed["X-Amz-Date"], seed, chunks)
    return r2.send_raw("PUT", path, body.replace(b"aaaa", b"aaab") if tamper else body, signed)


def test_signed_chunks_are_joined(r2: "LocalR2", bucket: str) -> None:
    """The framing leaves neither the body nor Content-Encoding."""
    chunks = [b"a" * 65_536, b"b" * 65_536, b"end"]
    assert send_chunks(r2, f"/{bucket}/key", chunks).status == 200
    reply = r2.send("GET", f"/{bucket}/key")
    assert reply.body == b"".join(chunks)
    assert "Content-Encoding" not in reply.headers


def test_a_changed_chunk_is_refused(r2: "LocalR2", bucket: str) -> None:
    """Every chunk carries its own signature."""
    reply = send_chunks(r2, f"/{bucket}/key", [b"a" * 100], tamper=True)
    assert reply.status == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in reply.body
    assert r2.send("HEAD", f"/{bucket}/key").status == 404


@pytest.mark.parametrize("agent", ["aws-sdk-dotnet-coreclr/3.7", "MinIO (linux; x86_64) minio-py/7.2", ""])
def test_signed_chunks_of_other_clients_are_not_implemented(r2: "LocalR2", bucket: str, agent: str) -> None:
    """As on R2, to which those clients send them too."""
    reply = send_chunks(r2, f"/{bucket}/key", [b"a" * 100], agent=agent)
    assert reply.status == 501
    text = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD not implemented"
    assert f"<Code>NotImplemented</Code><Message>{text}</Message>" in reply.body.decode()
    assert r2.send("HEAD", f"/{bucket}/key").status == 404


STREAMED = [
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
    "STREAMING-FOO",
]


@pytest.mark.parametrize("payload", STREAMED)
@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("PUT", "/key"),
        ("PUT", "/key?partNumber=1&uploadId=u"),
        ("POST", "/key?uploadId=u"),
        ("POST", "?delete"),
        ("PUT", "?cors"),
        ("PUT", "?lifecycle"),
    ],
)
def test_streamed_bodies_are_not_implemented(
    r2: "LocalR2", bucket: str, method: str, target: str, payload: str
) -> None:
    """Whatever the operation and the kind of stream: the framing never becomes an object."""
    headers, body = {"x-amz-decoded-content-length": "5"}, b"5;chunk-signature=00\r\nhello\r\n0;\r\n\r\n"
    reply = r2.send(method, f"/{bucket}{target}", body=body, headers=headers, payload=payload)
    assert (reply.status, f"<Message>{payload} not implemented</Message>" in reply.body.decode()) == (
        501,
        True,
    )
    assert r2.send("HEAD", f"/{bucket}/key").status == 404


@pytest.mark.parametrize("payload", ["hello", "streaming-aws4-hmac-sha256-payload", "0" * 63, "g" * 64])
def test_what_is_signed_for_the_body_is_a_hash_or_unsigned(r2: "LocalR2", bucket: str, payload: str) -> None:
    """Anything else would store a body that nobody has checked."""
    reply = r2.send("PUT", f"/{bucket}/key", body=b"body", payload=payload)
    text = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value."
    assert (reply.status, f"<Message>{text}</Message>" in reply.body.decode()) == (400, True)
    assert r2.send("HEAD", f"/{bucket}/key").status == 404


def test_a_hash_may_be_written_in_capitals(r2: "LocalR2", bucket: str) -> None:
    """It is compared all the same."""
    for body, status in ((b"body", 200), (b"other", 400)):
        payload = hashlib.sha256(b"body").hexdigest().upper()
        assert r2.send("PUT", f"/{bucket}/key", body=body, payload=payload).status == status


def test_an_unsigned_trailer_is_unauthorized(r2: "LocalR2", bucket: str) -> None:
    """As users of boto3's default checksums reported of R2."""
    headers, body = {"x-amz-decoded-content-length": "4"}, b"4\r\nbody\r\n0\r\n\r\n"
    payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    reply = r2.send("PUT", f"/{bucket}/key", body=body, headers=headers, payload=payload)
    assert reply.status == 401
    assert b"<Code>Unauthorized</Code>" in reply.body


@pytest.mark.parametrize("payload", STREAMED)
@pytest.mark.parametrize("in_url", [True, False], ids=["in the URL", "in a header"])
def test_a_presigned_url_carries_no_stream(r2: "LocalR2", bucket: str, payload: str, in_url: bool) -> None:
    """Its signature does not cover the body, but what is said of the body counts; for minio-go too."""
    query = f"?X-Amz-Content-Sha256={payload}" if in_url else ""
    target, headers = r2.sign("PUT", f"/{bucket}/key{query}", expires=60)
    body = b"5;chunk-signature=00\r\nhello\r\n0;\r\n\r\n"
    headers |= {"Content-Length": str(len(body)), "user-agent": MINIO_GO}
    headers |= {} if in_url else {"x-amz-content-sha256": payload}
    reply = r2.send_raw("PUT", target, body, headers)
    assert (reply.status, f"<Message>{payload} not implemented</Message>" in reply.body.decode()) == (
        501,
        True,
    )
    assert r2.send("HEAD", f"/{bucket}/key").status == 404


@pytest.mark.parametrize(
    ("in_url", "in_header", "status"),
    [
        ("", "UNSIGNED-PAYLOAD", 200),
        ("UNSIGNED-PAYLOAD", "", 200),
        ("", "body", 200),
        ("", "other", 400),
        ("body", "", 200),
        ("other", "", 400),
        ("other", "UNSIGNED-PAYLOAD", 400),
        ("body", "body", 200),
    ],
)
def test_a_hash_beside_a_presigned_url_is_compared(
    r2: "LocalR2", bucket: str, in_url: str, in_header: str, status: int
) -> None:
    """One that was signed into it cannot be taken back by who holds it."""
    texts = {text: hashlib.sha256(text.encode()).hexdigest() for text in ("body", "other")}
    query = f"?X-Amz-Content-Sha256={texts.get(in_url, in_url)}" if in_url else ""
    target, headers = r2.sign("PUT", f"/{bucket}/key{query}", expires=60)
    headers |= {"Content-Length": "4"}
    headers |= {"x-amz-content-sha256": texts.get(in_header, in_header)} if in_header else {}
    assert r2.send_raw("PUT", target, b"body", headers).status == status
