"""The body of a request to the control API, received whole before it is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedIOBase
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from local_cloudflare.control.envelope import ApiError

__all__ = ["MAXIMUM_BODY", "read_body"]

MAXIMUM_BODY = 4 * 2**20
"""1,000 lifecycle rules with prefixes of 1,024 bytes fit; of documents, nothing else comes near."""

_PIECE = 256 * 1024
_CHUNK_HEAD = re.compile(rb"([0-9a-fA-F]{1,8})(?:[ \t]*;[^\r\n]*)?\r?\n")
_TRAILERS = 100


@contextmanager
def read_body(
    source: BufferedIOBase, headers: Mapping[str, str], longest: int
) -> Iterator[tuple[BinaryIO, int]]:
    """The body and its length. What is larger than a document lies in a temporary file until the end of the block.

    Args:
        source: The connection, behind the head.
        headers: By lower-case name. Bodies in chunks are taken, as Cloudflare's API takes them: whoever uploads a
            stream does not know its length.
        longest: How many bytes it may have.

    Raises:
        ApiError: 400 (10033) no length, 400 (10013) it ends early, 413 (100100) it is too long.
    """
    with SpooledTemporaryFile(MAXIMUM_BODY) as file:
        in_chunks = "transfer-encoding" in headers
        for piece in _chunks(source, longest) if in_chunks else _counted(source, headers, longest):
            file.write(piece)
        length = file.tell()
        file.seek(0)
        yield cast("BinaryIO", file), length


def _counted(source: BufferedIOBase, headers: Mapping[str, str], longest: int) -> Iterator[bytes]:
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ApiError(400, 10033, f"The Content-Length HTTP header is not a number: {text!r}.")
    length = int(text)
    if length > longest:
        raise _too_long(f"The body of {length} bytes", longest)
    left = length
    while left:
        piece = source.read(min(left, _PIECE))
        if not piece:
            raise ApiError(400, 10013, f"The body ended after {length - left} of {length} bytes.")
        left -= len(piece)
        yield piece


def _chunks(source: BufferedIOBase, longest: int) -> Iterator[bytes]:
    """The chunks of a body (RFC 9112, 7.1)."""
    left = longest
    while size := _chunk_size(source):
        left -= size
        if left < 0:
            raise _too_long("The body in chunks", longest)
        while size:
            piece = source.read(min(size, _PIECE))
            if not piece:
                raise _broken()
            size -= len(piece)
            yield piece
        if source.readline(3) not in {b"\r\n", b"\n"}:
            raise _broken()
    for _ in range(_TRAILERS):
        if source.readline(65536) in {b"\r\n", b"\n", b""}:
            return
    raise _broken()


def _chunk_size(source: BufferedIOBase) -> int:
    found = _CHUNK_HEAD.fullmatch(source.readline(1024))
    if found is None:
        raise _broken()
    return int(found[1], 16)


def _broken() -> ApiError:
    return ApiError(400, 10013, "The chunks of the body are broken, or it ended before the last of them.")


def _too_long(what: str, longest: int) -> ApiError:
    return ApiError(413, 100100, f"{what} is larger than {longest}.")
