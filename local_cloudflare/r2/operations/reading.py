"""GetObject and HeadObject: ranges, parts, conditions."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

from local_cloudflare.r2.operations.conditions import Conditions
from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.customer_keys import check_stored, key_headers
from local_cloudflare.r2.operations.expiry import expiration_headers
from local_cloudflare.r2.operations.metadata import checksum_headers, object_headers
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.protocol.wire import Response, is_header_value
from local_cloudflare.r2.store.blobs import Blobs, Body
from local_cloudflare.r2.store.models import StoredObject

__all__ = ["get_object", "head_object", "parse_range"]

_RANGE = re.compile(r"bytes=(?:(\d+)-(\d+)?|-(\d+))", re.ASCII)
_MOST_DIGITS = 4000  # Python reads no longer numbers


_OVERRIDES = {
    "response-cache-control": "Cache-Control",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
    "response-content-language": "Content-Language",
    "response-content-type": "Content-Type",
    "response-expires": "Expires",
}


def get_object(context: Context) -> Response:
    """GetObject."""
    conditions = Conditions.from_headers(context.request.headers, of_read=True)
    with ExitStack() as stack:
        found = stack.enter_context(context.store.objects.opened(context.bucket.id, context.key))
        response, body = _describe(context, found, conditions)
        if body is None:
            return response
        if body.inline is not None:
            response.body = body.inline
        else:
            # The files stay pinned until the last piece has been sent.
            response.body = _Pieces(context.store.blobs, body, stack.pop_all())
    return response


def head_object(context: Context) -> Response:
    """HeadObject. Honours Range, as the real endpoint was seen to do."""
    conditions = Conditions.from_headers(context.request.headers, of_read=True)
    found = context.store.objects.get(context.bucket.id, context.key)
    response, _body = _describe(context, found, conditions)
    return response


class _Pieces:
    """A body of files, read as it is sent; releases the files at its end."""

    def __init__(self, blobs: Blobs, body: Body, stack: ExitStack) -> None:
        self._blobs, self._body, self._stack = blobs, body, stack

    def __iter__(self) -> Iterator[bytes]:
        return self._blobs.read(self._body.segments)

    def close(self) -> None:
        """Releases the files."""
        self._stack.close()


def _describe(
    context: Context, found: StoredObject | None, conditions: Conditions
) -> tuple[Response, Body | None]:
    """The answer without its body, and the part of the body that belongs to it."""
    if found is None:
        raise S3Error(ErrorKind.NO_SUCH_KEY)
    key = found.metadata.customer_key
    check_stored(context, key)
    headers = (
        object_headers(found) | key_headers(key) | expiration_headers(context, found) | _overrides(context)
    )
    if not conditions.check_read(found):
        return Response(304, headers), None
    selected = _selected(context, found)
    if selected is None:
        if (context.header("x-amz-checksum-mode") or "").upper() == "ENABLED":
            # Of a part of the bytes it would be wrong, and clients compare it.
            headers |= checksum_headers(found.metadata)
        return Response(200, headers, length=found.size), found.body
    start, length = selected
    headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{found.size}"
    if "partNumber" in context.request.query:
        headers["x-amz-mp-parts-count"] = str(max(1, len(found.part_sizes)))
    return Response(206, headers, length=length), found.body.cut(start, length)


def _overrides(context: Context) -> dict[str, str]:
    """The headers that a request asks for in place of the object's, such as a name for a download.

    Seen to work on a real bucket (oven-sh/bun#25963); another report reads that R2 ignores them (gurenjs/guren#571),
    and so does Cloudflare's simulator.
    """
    found = {}
    for parameter, header in _OVERRIDES.items():
        value = context.request.query.get(parameter)
        if value is None:
            continue
        if not is_header_value(value):
            raise S3Error(ErrorKind.INVALID_ARGUMENT, f"{parameter} is not a header's value")
        found[header] = value.encode().decode("latin-1")
    return found


def _selected(context: Context, found: StoredObject) -> tuple[int, int] | None:
    """Start and length of the bytes that were asked for; None for all."""
    header, part = context.header("range"), context.request.query.get("partNumber")
    if part is not None:
        if header is not None:
            raise S3Error(ErrorKind.INVALID_REQUEST, "Cannot specify both Range header and partNumber")
        return _part_range(found, part)
    return None if header is None else parse_range(header, found.size)


def parse_range(header: str, size: int) -> tuple[int, int]:
    """Start and length of a range of an object of `size` bytes.

    Raises:
        S3Error: InvalidArgument or InvalidRange, with R2's texts (WSDK .../r2/serve.worker.ts):
            several ranges, and any range of an empty object, are refused.
    """
    match = _RANGE.fullmatch(header)
    if match is None:
        raise S3Error(
            ErrorKind.INVALID_ARGUMENT,
            "range must be in format 'bytes=start-end', 'bytes=start-' or 'bytes=-suffix'.'",
        )
    first, last, suffix = match.groups()
    if suffix is not None:
        length = min(_offset(suffix), size)
        if length == 0:
            raise S3Error(ErrorKind.INVALID_RANGE)
        return size - length, length
    start = _offset(first)
    if last is not None and start > _offset(last):
        raise S3Error(ErrorKind.INVALID_ARGUMENT, "range must be positive.")
    if start >= size:
        raise S3Error(ErrorKind.INVALID_RANGE)
    end = size - 1 if last is None else min(_offset(last), size - 1)
    return start, end - start + 1


def _offset(digits: str) -> int:
    """A number of any length; one that Python does not read lies behind the end of every object."""
    significant = digits.lstrip("0") or "0"
    return int(significant) if len(significant) <= _MOST_DIGITS else 10**_MOST_DIGITS


def _part_range(found: StoredObject, text: str) -> tuple[int, int] | None:
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or not 1 <= int(text) <= 10_000:
        raise S3Error(
            ErrorKind.INVALID_ARGUMENT, "Part number must be an integer between 1 and 10000, inclusive."
        )
    number, sizes = int(text), found.part_sizes or (found.size,)
    if number > len(sizes):
        raise S3Error(ErrorKind.INVALID_RANGE)
    if found.size == 0:
        return None
    return sum(sizes[: number - 1]), sizes[number - 1]
