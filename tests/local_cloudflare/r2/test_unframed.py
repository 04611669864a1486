"""Bodies without Content-Length: the refusal reaches the client, however much it sends first."""

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

CHUNK = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
TOO_LONG = 2_000  # chunks, 125 MiB: more than any buffer on the way


def send_chunks(r2: "LocalR2", target: str, headers: dict[str, str], chunks: int) -> bytes:
    """What a client reads that looks for the answer only once it has sent everything."""
    lines = [f"PUT {target} HTTP/1.1", f"Host: {r2.server.host}", "Transfer-Encoding: chunked"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", r2.server.port), timeout=30) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        for _ in range(chunks):
            connection.sendall(CHUNK)
        connection.sendall(b"0\r\n\r\n")
        return b"".join(received(connection))


def received(connection: socket.socket) -> Iterator[bytes]:
    """Everything until the server ends."""
    while piece := connection.recv(65_536):
        yield piece


def signed(r2: "LocalR2", target: str) -> dict[str, str]:
    """The headers of a signed request that says nothing of its length."""
    _, headers = r2.sign("PUT", target, payload="UNSIGNED-PAYLOAD")
    del headers["Content-Length"]
    return headers


@pytest.mark.parametrize("chunks", [0, 1, 4, 64, TOO_LONG])
def test_an_upload_needs_its_length(r2: "LocalR2", bucket: str, chunks: int) -> None:
    """411 MissingContentLength, which the client can read."""
    answer = send_chunks(r2, f"/{bucket}/key", signed(r2, f"/{bucket}/key"), chunks)
    text = b"You must provide the Content-Length HTTP header."
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert b"<Code>MissingContentLength</Code><Message>" + text in answer
    assert r2.send("HEAD", f"/{bucket}/key").status == 404


@pytest.mark.parametrize(
    "path", ["?cors", "?lifecycle", "?encryption", "?versioning", "/key?partNumber=1&uploadId=u"]
)
def test_so_does_every_other_body(r2: "LocalR2", bucket: str, path: str) -> None:
    """Documents and parts."""
    target = f"/{bucket}{path}"
    assert b"<Code>MissingContentLength</Code>" in send_chunks(r2, target, signed(r2, target), 64)


def test_a_bucket_is_not_created_from_a_body_that_is_not_read(r2: "LocalR2") -> None:
    """It may name the bucket's location."""
    answer = send_chunks(r2, "/unframed", signed(r2, "/unframed"), 1)
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert r2.store.bucket("unframed", "default") is None


def test_chunks_are_never_the_body(r2: "LocalR2", bucket: str) -> None:
    """A Content-Length beside them does not count: it would make their framing the object."""
    headers = signed(r2, f"/{bucket}/key") | {"Content-Length": "7"}
    assert send_chunks(r2, f"/{bucket}/key", headers, 4).startswith(b"HTTP/1.1 411 ")
    assert r2.send("HEAD", f"/{bucket}/key").status == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, b"400"), ({"Content-Length": "no"}, b"411"), ({"bad name": "x"}, b"400")],
)
def test_other_refusals_are_read_too(
    r2: "LocalR2", bucket: str, headers: dict[str, str], status: bytes
) -> None:
    """No signature, a length that is none, a head that is none."""
    given = signed(r2, f"/{bucket}/key") | headers if headers else {}
    assert send_chunks(r2, f"/{bucket}/key", given, TOO_LONG).startswith(b"HTTP/1.1 " + status)


def test_a_framed_body_of_any_length_is_read_away(r2: "LocalR2", bucket: str) -> None:
    """More than what is drained before the answer is sent."""
    size = TOO_LONG * len(CHUNK)
    head = f"PUT /{bucket}/key HTTP/1.1\r\nHost: {r2.server.host}\r\nContent-Length: {size}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", r2.server.port), timeout=30) as connection:
        connection.sendall(head.encode())
        for _ in range(TOO_LONG):
            connection.sendall(CHUNK)
        assert b"".join(received(connection)).startswith(b"HTTP/1.1 400 ")
