"""`Expect: 100-continue`: the client sends its head and waits to be asked for the body."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from typing import TYPE_CHECKING

import pytest

from local_cloudflare.r2.operations.limits import MAX_SINGLE_BYTES

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

BODY = b"b" * 100_000


@contextmanager
def connected(r2: LocalR2) -> Iterator[socket.socket]:
    """A connection to the server, on which a test sends what it likes."""
    with socket.create_connection(("127.0.0.1", r2.server.port), timeout=30) as connection:
        yield connection


def head(
    r2: LocalR2,
    path: str,
    *,
    body: bytes = BODY,
    method: str = "PUT",
    version: str = "1.1",
    length: int | None = None,
) -> bytes:
    """A signed request's head that asks to be asked."""
    target, headers = r2.sign(method, path, body=body, payload="UNSIGNED-PAYLOAD" if length else None)
    headers |= {"Host": r2.server.host, "Expect": "100-continue", "Content-Length": str(length or len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {target} HTTP/{version}\r\n{lines}\r\n".encode()


def interim(connection: socket.socket) -> bytes:
    """What comes before the body is sent, up to the end of a head."""
    received = b""
    while not received.endswith(b"\r\n\r\n") and (byte := connection.recv(1)):
        received += byte
    return received


def final(connection: socket.socket, method: str = "PUT") -> tuple[int, bytes]:
    """Status and body of the final answer, read by an HTTP client."""
    answer = HTTPResponse(connection, method=method)
    answer.begin()
    return answer.status, answer.read()


@pytest.mark.parametrize("body", [BODY, b"x", b""])
def test_the_body_is_asked_for(r2: LocalR2, bucket: str, body: bytes) -> None:
    """Of no bytes too: clients that say Expect wait before sending nothing. The connection goes on."""
    with connected(r2) as connection:
        for key in ("one", "two"):
            connection.sendall(head(r2, f"/{bucket}/{key}", body=body))
            assert interim(connection) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body)
            assert final(connection) == (200, b"")
    assert r2.send("GET", f"/{bucket}/two").body == body


def test_a_part_and_a_batch_delete_are_asked_for(r2: LocalR2, bucket: str) -> None:
    """Whatever has a body, not uploads alone."""
    created = r2.send("POST", f"/{bucket}/key?uploads=").body.decode()
    upload = created.partition("<UploadId>")[2].partition("</UploadId>")[0]
    batch = b"<Delete><Object><Key>none</Key></Object></Delete>"
    requests = [
        ("PUT", f"/{bucket}/key?partNumber=1&uploadId={upload}", BODY),
        ("POST", f"/{bucket}?delete=", batch),
    ]
    with connected(r2) as connection:
        for method, target, body in requests:
            connection.sendall(head(r2, target, body=body, method=method))
            assert interim(connection) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body)
            assert final(connection, method)[0] == 200


def _wrong_signature(r2: LocalR2, bucket: str) -> bytes:
    return head(r2, f"/{bucket}/key").replace(b"Signature=", b"Signature=0")


def _no_bucket(r2: LocalR2, _bucket: str) -> bytes:
    return head(r2, "/no-such-bucket/key")


def _no_upload(r2: LocalR2, bucket: str) -> bytes:
    return head(r2, f"/{bucket}/key?partNumber=1&uploadId=none")


def _too_large(r2: LocalR2, bucket: str) -> bytes:
    return head(r2, f"/{bucket}/key", length=MAX_SINGLE_BYTES + 1)


@pytest.mark.parametrize(
    ("request_head", "refusal"),
    [
        (_wrong_signature, (403, b"<Code>SignatureDoesNotMatch</Code>")),
        (_no_bucket, (404, b"<Code>NoSuchBucket</Code>")),
        (_no_upload, (404, b"<Code>NoSuchUpload</Code>")),
        (_too_large, (400, b"<Code>EntityTooLarge</Code>")),
    ],
)
def test_a_refusal_comes_in_its_place(
    r2: LocalR2, bucket: str, request_head: Callable[[LocalR2, str], bytes], refusal: tuple[int, bytes]
) -> None:
    """Nothing is asked for, no byte is sent in vain, and the connection ends: a client may still send the body."""
    with connected(r2) as connection:
        connection.sendall(request_head(r2, bucket))
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    status, code = refusal
    assert received.startswith(f"HTTP/1.1 {status} ".encode())
    assert code in received
    assert b"\r\nConnection: close\r\n" in received


def test_http_1_0_knows_no_interim_answer(r2: LocalR2, bucket: str) -> None:
    """Such a client would take it for the final one (RFC 9110, 10.1.1)."""
    with connected(r2) as connection:
        connection.sendall(head(r2, f"/{bucket}/key", version="1.0") + BODY)
        assert final(connection) == (200, b"")
        assert connection.recv(1) == b""


def test_the_strict_reading_asks_for_nothing(start: Callable[..., LocalR2]) -> None:
    """The body that a client sends after its own time-out is taken; no 100 comes before the answer."""
    strict = start(answers_continue=False)
    bucket = strict.bucket().name
    with connected(strict) as connection:
        connection.sendall(head(strict, f"/{bucket}/key") + BODY)
        assert interim(connection).startswith(b"HTTP/1.1 200 OK\r\n")


def test_boto3_uploads_with_its_defaults(r2: LocalR2, bucket: str) -> None:
    """Its `Expect` in place, with bytes and without, one after the other on one connection."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=r2.server.endpoint,
        region_name="auto",
        aws_access_key_id=r2.admin.access_key_id,
        aws_secret_access_key=r2.admin.secret_access_key,
    )
    before = len(list(r2.server.requests))
    bodies = [b"", b"x", b"", BODY]
    for number, body in enumerate(bodies):
        client.put_object(Bucket=bucket, Key=str(number), Body=body)
    client.close()
    sent = list(r2.server.requests)[before:]
    assert [(record.bytes_in, record.status) for record in sent] == [(len(body), 200) for body in bodies]
