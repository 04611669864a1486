"""Bytes that no S3 client sends: an S3 error or a closed connection, never a crash."""

import contextlib
import re
import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2


def exchange(r2: "LocalR2", data: bytes) -> bytes:
    """Sends bytes, says that there are no more, and reads all that comes back."""
    with socket.create_connection(("127.0.0.1", r2.server.port), timeout=10) as connection:
        connection.sendall(data)
        # The server may have refused and closed already; its answer is still there to be read.
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"hello\r\n\r\n", "the request line is not of the form &apos;METHOD target HTTP/1.1&apos;"),
        (b"GET / HTTP/2\r\n\r\n", "the request line is not of the form &apos;METHOD target HTTP/1.1&apos;"),
        (b"G(T / HTTP/1.1\r\n\r\n", "the method is not a token"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", "a header is not of the form &apos;name: value&apos;"),
        (b"GET / HTTP/1.1\r\nbad name: x\r\n\r\n", "a header is not of the form &apos;name: value&apos;"),
        (b"GET / HTTP/1.1\r\ncontent-type: a\rb: c\r\n\r\n", "a header holds a line end or another control"),
        (b"GET / HTTP/1.1\r\ncontent-type: a\x01b\r\n\r\n", "a header holds a line end or another control"),
        (b"GET / HTTP/1.1\r\ncontent-type: a\x7fb\r\n\r\n", "a header holds a line end or another control"),
        (b"GET / HTTP/1.1\r\ncontent-type: a\0b\r\n\r\n", "a header holds a line end or another control"),
        (b"GET / HTTP/1.1\r\nhost: x", "the head ends in the middle of a header, or is too large"),
        (b"GET / HTTP/1.1\r\na: " + b"x" * 300_000 + b"\r\n\r\n", "the head ends in the middle"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 301 + b"\r\n", "there are more than 300 headers"),
        (
            b"PUT /a/b HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "the Content-Length &apos;-1&apos; is not a number",
        ),
    ],
)
def test_what_is_no_request_is_told_so(r2: "LocalR2", data: bytes, text: str) -> None:
    """400 in XML, and the connection ends."""
    answer = exchange(r2, data)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Connection: close\r\n" in answer
    assert text in answer.decode()


def test_one_connection_serves_many_requests(r2: "LocalR2", bucket: str) -> None:
    """Also after an error whose body was not read, and pipelined."""
    data = b""
    for number in range(3):
        _, headers = r2.sign("PUT", f"/{bucket}/{number}", body=b"text")
        data += request("PUT", f"/{bucket}/{number}", {"Host": r2.server.host} | headers) + b"text"
        data += request("PUT", "/x/y", {"Content-Length": "4"}) + b"body"
    assert re.findall(rb"HTTP/1.1 (\d+)", exchange(r2, data)) == [b"200", b"400"] * 3


def request(method: str, target: str, headers: dict[str, str]) -> bytes:
    """A request's head."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def test_a_body_that_ends_early_is_incomplete(r2: "LocalR2", bucket: str) -> None:
    """400 IncompleteBody, and nothing is stored."""
    _, headers = r2.sign("PUT", f"/{bucket}/key", payload="UNSIGNED-PAYLOAD")
    headers |= {"Host": r2.server.host, "Content-Length": "10"}
    answer = exchange(r2, request("PUT", f"/{bucket}/key", headers) + b"short")
    assert b"<Code>IncompleteBody</Code>" in answer
    assert r2.send("HEAD", f"/{bucket}/key").status == 404


def test_an_old_client_gets_a_closed_connection(r2: "LocalR2") -> None:
    """HTTP/1.0 without keep-alive."""
    answer = exchange(r2, b"GET / HTTP/1.0\r\n\r\n" * 2)
    assert answer.count(b"HTTP/1.1 400") == 1


def test_head_has_no_body_even_in_an_error(r2: "LocalR2", bucket: str) -> None:
    """But tells its length."""
    reply = r2.send("HEAD", f"/{bucket}/none")
    assert (reply.status, reply.body) == (404, b"")
    assert int(reply.headers["Content-Length"]) > 0
    assert {"Date", "Server", "x-amz-request-id"} <= set(reply.headers)


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_bytes_end_in_an_answer_or_in_silence(r2: "LocalR2", data: bytes) -> None:
    """The server goes on."""
    answer = exchange(r2, data)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
