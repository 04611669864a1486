"""Answers: a file that is streamed, its headers, and errors as JSON."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from email.utils import format_datetime

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from layout.errors import LayoutError, NotModifiedError, RangeError
from layout.storage._async.file_stream import AsyncFileStream
from layout.storage.download_name import content_disposition
from layout.storage.stored_object import StoredObject
from layout.web.conditions import strong_e_tag
from layout.web.statuses import HttpStatus, status_of

__all__ = ["StreamedFile", "file_headers", "layout_error_answer", "name_to_save", "problem"]

logger = logging.getLogger(__name__)

# What a browser shows by itself without running anything of it. HTML and SVG from a user would run in the
# application's own origin, with the session of whoever opens them.
_SHOWN = ("audio/", "image/", "video/")
_SHOWN_WHOLE = frozenset({"application/json", "application/pdf", "text/plain"})
_NEVER_SHOWN = "image/svg"
CACHED = {"Cache-Control": "private, no-cache"}
_LATER_SECONDS = "5"


def file_headers(info: StoredObject, download_name: str | None) -> dict[str, str]:
    """The headers of a file, without its length.

    Args:
        info: What the bucket says of it.
        download_name: The browser saves it under this name.

    Raises:
        InvalidKeyError: The name cannot be one of a file.
    """
    media_type = info.content_type or "application/octet-stream"
    headers = {
        "Content-Type": media_type,
        "ETag": info.e_tag,
        "Last-Modified": format_datetime(info.last_modified, usegmt=True),
        "Accept-Ranges": "bytes",
        **CACHED,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    saved_as = name_to_save(info, download_name)
    if saved_as is not None:
        headers["Content-Disposition"] = content_disposition(saved_as)
    return headers


def name_to_save(info: StoredObject, download_name: str | None) -> str | None:
    """The name under which a browser saves the file instead of showing it; None if it may show it."""
    if download_name is not None or _is_shown((info.content_type or "").lower()):
        return download_name
    return info.key.rpartition("/")[2]


def _is_shown(media_type: str) -> bool:
    kind = media_type.partition(";")[0].strip()
    return not kind.startswith(_NEVER_SHOWN) and (kind.startswith(_SHOWN) or kind in _SHOWN_WHOLE)


class StreamedFile(StreamingResponse):
    """A file or a part of it as it comes from the bucket; nothing of it is kept.

    Whoever goes away ends the connection to the bucket.
    """

    def __init__(self, stream: AsyncFileStream, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(stream, status_code=status, headers=headers, media_type=headers["Content-Type"])
        self._file = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it, and closes the stream however that ends."""
        async with self._file:
            await super().__call__(scope, receive, send)


def problem(
    status: HttpStatus, error: Exception | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer to an error."""
    return JSONResponse(status.body(error), status.status, {"Cache-Control": "no-store", **(headers or {})})


async def layout_error_answer(request: Request, error: Exception) -> Response:
    """The exception handler for `LayoutError`: what the table says; what the operator has to know is logged."""
    assert isinstance(error, LayoutError)  # noqa: S101 - registered for no other
    status = status_of(error)
    if status.status >= 500:
        logger.error(
            "%s %s: %s%s", request.method, request.url.path, error, f" ({error.hint})" if error.hint else ""
        )
    headers = {}
    if status.status == 503:
        headers["Retry-After"] = _LATER_SECONDS
    if isinstance(error, RangeError) and error.size is not None:
        headers["Content-Range"] = f"bytes */{error.size}"
    if isinstance(error, NotModifiedError):
        known = error.e_tag or strong_e_tag(request.headers.get("if-none-match"))
        return Response(status_code=304, headers=CACHED | ({} if known is None else {"ETag": known}))
    return problem(status, error, headers)
