"""`/storage/{path}`: files read, written and deleted by their paths."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from starlette.responses import Response

from layout.errors import ConditionFailedError, InvalidKeyError, NotModifiedError
from layout.keys import Key
from layout.storage._async.file_stream import AsyncFileStream
from layout.storage.stored_object import StoredObject
from layout.web.answers import StreamedFile, file_headers, name_to_save, problem
from layout.web.conditions import names_version, strong_e_tag
from layout.web.forms import LONGEST_MEDIA_TYPE, MEDIA_TYPE, FormError, UploadForm
from layout.web.ranges import parse_range
from layout.web.reach import Reach, Use, path_of
from layout.web.signed_in import User, UserOf, signed_in
from layout.web.statuses import HttpStatus, answers

__all__ = ["Download", "FileAnswers", "StoredFile", "WriteCheck", "files_router", "write_freely"]

Download = Annotated[
    str | None, Query(min_length=1, max_length=255, description="Save the file under this name.")
]
BAD_NAME = HttpStatus(422, "download_name", "The download name cannot be one of a file.")
BAD_FORM = HttpStatus(400, "form", None)
WriteCheck = Callable[[str, Key], Awaitable[None]]


async def write_freely(_user_id: str, _key: Key) -> None:
    """Every key that the user reaches may be written."""


class StoredFile(BaseModel):
    """A file as it was stored."""

    path: str = Field(description="Where it is: its URL is /storage/ and this path, percent-encoded.")
    size: int = Field(description="Bytes.")
    etag: str = Field(description="Of this version, in its quotes.")


@dataclass(frozen=True)
class FileAnswers:
    """How files are answered, by path or by whatever a router makes a key of.

    Attributes:
        reach: What may be read.
        redirect_lifetime: GET answers with a redirect to a presigned URL of this lifetime; None: the file is streamed
            through this server.
    """

    reach: Reach
    redirect_lifetime: timedelta | None = None

    async def get(self, request: Request, key: Key, download: str | None) -> Response:
        """The answer to GET; 422 to a download name that cannot be one.

        Raises:
            LayoutError: Of the storage; `layout_error_answer` answers it.
        """
        return await _named(self._get(request, key, download))

    async def _get(self, request: Request, key: Key, download: str | None) -> Response:
        storage = self.reach.storage
        if self.redirect_lifetime is not None:
            # Asked first: a missing file is the same answer here as everywhere.
            name = name_to_save(await storage.get_object_info(key), download)
            url = await storage.presign_get(key, lifetime=self.redirect_lifetime, download_name=name)
            return RedirectResponse(url.url, 307, {"Cache-Control": "private, no-store"})
        stream, is_part = await self._open(request, key)
        try:
            self._check(request, stream.info)
            headers = file_headers(stream.info, download)
        except BaseException:
            await stream.aclose()
            raise
        headers["Content-Length"] = str(stream.stop - stream.start)
        if is_part:
            headers["Content-Range"] = f"bytes {stream.start}-{stream.stop - 1}/{stream.info.size}"
        return StreamedFile(stream, 206 if is_part else 200, headers)

    async def head(self, request: Request, key: Key, download: str | None) -> Response:
        """The answer to HEAD: the headers of GET, whatever range it asks for."""
        return await _named(self._head(request, key, download))

    async def _head(self, request: Request, key: Key, download: str | None) -> Response:
        info = await self.reach.storage.get_object_info(key)
        self._check(request, info)
        headers = file_headers(info, download) | {"Content-Length": str(info.size)}
        return Response(headers=headers, media_type=headers["Content-Type"])

    async def _open(self, request: Request, key: Key) -> tuple[AsyncFileStream, bool]:
        """The stream, and whether it is of a range; the bucket itself compares what it can."""
        storage, wanted = self.reach.storage, parse_range(request.headers.get("range"))
        condition = request.headers.get("if-range")
        if wanted is not None and condition is not None:
            e_tag = strong_e_tag(condition)
            if e_tag is not None:
                with suppress(ConditionFailedError):
                    part = await storage.open_file(
                        key, start=wanted.start, stop=wanted.stop, suffix=wanted.suffix, if_match=e_tag
                    )
                    return part, True
            wanted = None
        known = strong_e_tag(request.headers.get("if-none-match"))
        if wanted is None:
            return await storage.open_file(key, if_none_match=known), False
        part = await storage.open_file(
            key, start=wanted.start, stop=wanted.stop, suffix=wanted.suffix, if_none_match=known
        )
        return part, True

    def _check(self, request: Request, info: StoredObject) -> None:
        """The conditions that name several versions, or any."""
        check_version(request, info)
        none_match = request.headers.get("if-none-match")
        if none_match is not None and names_version(none_match, info.e_tag, weak=True):
            error = NotModifiedError("The file is still the same.", key=info.key)
            error.e_tag = info.e_tag
            raise error


def check_version(request: Request, info: StoredObject) -> None:
    """Nothing, if the request names no version in `If-Match`, or this one.

    Raises:
        ConditionFailedError: It names others.
    """
    match = request.headers.get("if-match")
    if match is not None and not names_version(match, info.e_tag, weak=False):
        raise ConditionFailedError("The file is another version.", key=info.key)


def files_router(
    answering: FileAnswers,
    user_of: UserOf,
    *,
    may_write: WriteCheck = write_freely,
    largest: int | None = None,
) -> APIRouter:
    """The routes below `/storage`.

    Args:
        answering: How files are answered.
        user_of: Who is signed in.
        may_write: Raises an error of `layout.errors` if the user may not write the key now: of a profile that was
            deleted, say.
        largest: Bytes of the largest file that POST takes; None: what the bucket takes.
    """
    reach = answering.reach
    router = APIRouter(prefix="/storage", tags=["storage"], dependencies=[signed_in(user_of)])

    @router.get(
        "/{path:path}",
        response_class=Response,
        responses=_READ_ANSWERS | answers(401, 404, 412, 416, 422, 500, 503),
    )
    async def read_file(request: Request, path: str, user: User, download: Download = None) -> Response:
        """The file, or the range of it that the request asks for."""
        key = reach.key(path, user, Use.READ)
        return await answering.get(request, key, download)

    @router.head(
        "/{path:path}",
        response_class=Response,
        responses=_HEAD_ANSWERS | answers(401, 404, 412, 422, 500, 503),
    )
    async def read_file_headers(
        request: Request, path: str, user: User, download: Download = None
    ) -> Response:
        """The headers of the file."""
        key = reach.key(path, user, Use.READ)
        return await answering.head(request, key, download)

    @router.post(
        "",
        status_code=201,
        response_model=StoredFile,
        responses=answers(400, 401, 404, 412, 413, 422, 423, 500, 503),
        openapi_extra={"requestBody": _FORM},
    )
    async def store_file(request: Request, user: User) -> Any:
        """Store the file of a form, as it comes."""
        try:
            form = UploadForm(request)
            fields = await form.fields()
            key = reach.key(fields.get("path", ""), user, Use.WRITE)
            await may_write(user, key)
            done = await reach.storage.upload(
                key,
                _limited(form, largest),
                content_type=_media_type(form.content_type),
                only_if_absent=fields.get("overwrite", "false") != "true",
            )
        except FormError as error:
            return problem(BAD_FORM, error)
        except _TooLargeError as error:
            return problem(HttpStatus(413, "too_large", None), error)
        return StoredFile(path=path_of(done.key), size=done.size, etag=done.e_tag)

    @router.delete("/{path:path}", status_code=204, responses=answers(401, 404, 412, 422, 423, 500, 503))
    async def delete_file(request: Request, path: str, user: User) -> None:
        """Delete the file; with `If-Match`, if it is that version."""
        key = reach.key(path, user, Use.WRITE)
        await may_write(user, key)
        check_version(request, await reach.storage.get_object_info(key))
        await reach.storage.delete_file(key)

    return router


async def _named(answer: Awaitable[Response]) -> Response:
    try:
        return await answer
    except InvalidKeyError:
        return problem(BAD_NAME)


def _media_type(told: str | None) -> str | None:
    """What a browser does not know it calls a stream of octets; the file's ending knows better."""
    kind = (told or "").strip()
    known = len(kind) <= LONGEST_MEDIA_TYPE and re.fullmatch(MEDIA_TYPE, kind)
    return kind if known and kind != "application/octet-stream" else None


class _TooLargeError(Exception):
    """The file is larger than this server takes."""


async def _limited(form: UploadForm, largest: int | None) -> Any:
    size = 0
    async for piece in form.file():
        size += len(piece)
        if largest is not None and size > largest:
            raise _TooLargeError(f"The file has more than {largest:,} bytes.")
        yield piece


_BYTES = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
_READ_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": _BYTES},
    206: {"description": "The range of the file.", "content": _BYTES},
    304: {"description": "The file is still the version that the request named."},
    307: {"description": "The file is at a presigned URL, for a while."},
}
_HEAD_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The headers of the file."},
    304: {"description": "The file is still the version that the request named."},
}
_FORM: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["path", "file"],
                "properties": {
                    "path": {"type": "string", "description": "Where to; stands before the file."},
                    "overwrite": {
                        "type": "string",
                        "enum": ["true", "false"],
                        "default": "false",
                        "description": "Whether a file that is there is replaced; stands before the file.",
                    },
                    "file": {"type": "string", "format": "binary"},
                },
            }
        }
    },
}
