"""HTTP/1.1 as far as S3 clients use it: heads parsed once, bodies streamed, answers in one write.

A parser of our own instead of `http.server`, because that one decodes and rebuilds what a
signature is computed from, and spends more time on a head than the store spends on a small object.
"""

import io
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import BinaryIO

__all__ = [
    "CONTINUE",
    "BodyStream",
    "Head",
    "HeadError",
    "Response",
    "is_header_name",
    "is_header_value",
    "read_head",
    "send",
]

_MAX_HEAD = 256 * 1024  # session tokens that list many paths reach 25 KB
_MAX_HEADERS = 300
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_NO_BODY = {204, 304}


class HeadError(Exception):
    """The bytes are not a request head; the connection is of no more use."""


@dataclass(frozen=True)
class Head:
    """A request without its body.

    Attributes:
        target: As it was sent, undecoded: signatures are computed from it.
        headers: By lower-case name; repeated ones joined with a comma, as SigV4 wants it.
        keep_alive: Whether the client would use the connection again.
        expects_continue: Whether the client waits for `100 Continue` before it sends the body; one that
            speaks HTTP/1.0 cannot (RFC 9110, 10.1.1).
    """

    method: str
    target: str
    headers: Mapping[str, str]
    keep_alive: bool
    expects_continue: bool


@dataclass
class Response:
    """An answer. `body` is bytes, or pieces whose sum of lengths is `length`."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""
    length: int | None = None

    def content_length(self) -> int:
        """The number of bytes that a GET would deliver."""
        if self.length is not None:
            return self.length
        return len(self.body) if isinstance(self.body, bytes) else 0


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BodyStream:
    """The body of a request: `length` bytes from the connection, or none.

    Args:
        source: The connection.
        length: How many bytes belong to the body.
        ask: Called before the body is read: asks a client for it that waits to be asked.

    Attributes:
        asked: Whether the client was asked.
        left: How many bytes have not been read.
    """

    def __init__(self, source: BinaryIO, length: int, ask: Callable[[], None] | None = None) -> None:
        self._source = source
        self._ask = ask
        self.asked = False
        self.length = length
        self.left = length

    def read(self, limit: int = 256 * 1024) -> bytes:
        """Up to `limit` bytes; b"" at the end, or when the client has gone (then `left` is not 0)."""
        if self._ask is not None and not self.asked:
            self.asked = True
            self._ask()
        return self._take(limit)

    def _take(self, limit: int) -> bytes:
        if self.left == 0:
            return b""
        data = self._source.read(min(limit, self.left))
        self.left -= len(data)
        return data

    def pieces(self) -> Iterator[bytes]:
        """The rest, piece by piece."""
        while piece := self.read():
            yield piece

    def drain(self, limit: int) -> bool:
        """Reads the rest away, up to `limit` bytes, without asking for it. Whether nothing is left."""
        while self.left and limit > 0:
            piece = self._take(min(limit, 256 * 1024))
            if not piece:
                return False
            limit -= len(piece)
        return self.left == 0


def is_header_name(text: str) -> bool:
    """Whether a header may have that name."""
    return bool(text) and _TOKEN.issuperset(text)


def is_header_value(text: str) -> bool:
    """Whether a header may have that value: without line ends and other control characters."""
    return not any(character < " " or character == "\x7f" for character in text)


def read_head(source: io.BufferedReader) -> Head | None:
    """Reads the head of the next request; None if the client has closed the connection.

    Raises:
        HeadError: It is not HTTP/1.x, or larger than 256 KiB.
    """
    line = source.readline(_MAX_HEAD)
    while line in {b"\r\n", b"\n"}:
        line = source.readline(_MAX_HEAD)
    if not line:
        return None
    words = line.decode("latin-1").rstrip("\r\n").split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not line.endswith(b"\n"):
        raise HeadError("the request line is not of the form 'METHOD target HTTP/1.1'")
    method, target, version = words
    if not is_header_name(method):
        raise HeadError("the method is not a token")
    headers = _read_headers(source, _MAX_HEAD - len(line))
    connection = headers.get("connection", "").lower()
    keep_alive = "close" not in connection if version != "HTTP/1.0" else "keep-alive" in connection
    expects = version != "HTTP/1.0" and "100-continue" in headers.get("expect", "").lower()
    return Head(method, target, headers, keep_alive, expects)


def _read_headers(source: io.BufferedReader, room: int) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_MAX_HEADERS):
        line = source.readline(room)
        if line in {b"\r\n", b"\n"}:
            return headers
        room -= len(line)
        if not line.endswith(b"\n"):
            raise HeadError("the head ends in the middle of a header, or is too large")
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not is_header_name(name):
            raise HeadError("a header is not of the form 'name: value'")
        name, value = name.lower(), value.strip(" \t\r\n")
        if not is_header_value(value.replace("\t", " ")):
            # Kept with an object, it would come back in the head of an answer that no client reads.
            raise HeadError("a header holds a line end or another control character")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    raise HeadError(f"there are more than {_MAX_HEADERS} headers")


def send(
    connection: socket.socket, response: Response, *, now: datetime, is_head: bool, keep_alive: bool
) -> None:
    """Sends an answer, dated `now`; a body of bytes together with its head in one write.

    Raises:
        OSError: The client has gone.
    """
    lines = [
        f"HTTP/1.1 {response.status} {_reason(response.status)}",
        f"Date: {format_datetime(now, usegmt=True)}",
    ]
    if response.status not in _NO_BODY:
        lines.append(f"Content-Length: {response.content_length()}")
    lines.extend(f"{name}: {value}" for name, value in response.headers.items())
    lines.append(f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n\r\n")
    head = "\r\n".join(lines).encode("latin-1", "replace")
    if is_head or response.status in _NO_BODY:
        connection.sendall(head)
    elif isinstance(response.body, bytes):
        connection.sendall(head + response.body)
    else:
        connection.sendall(head)
        for piece in response.body:
            connection.sendall(piece)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
