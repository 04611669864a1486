"""`/storage/uploads`: a browser sends the bytes to the bucket itself, by URLs that this server signs.

A file of up to 16 MiB goes by one presigned PUT, a larger one in equal parts whose URLs are signed when needed.
What has arrived is asked of the bucket, so an upload goes on after the page was loaded anew. At the end size and type
are compared with what was announced.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from layout.errors import ObjectMissingError
from layout.keys import Key
from layout.storage.limits import LARGEST_SINGLE, MOST_PARTS
from layout.storage.media_types import guess_media_type
from layout.storage.presigned import PresignedUrl
from layout.storage.stored_object import StoredObject
from layout.storage.uploaded import UploadedPart
from layout.web.answers import problem
from layout.web.begun_uploads import BegunUpload, BegunUploads
from layout.web.bounded_body import BoundedBodyRoute
from layout.web.files import StoredFile, WriteCheck, write_freely
from layout.web.forms import LONGEST_MEDIA_TYPE, MEDIA_TYPE
from layout.web.reach import Reach, Use, path_of
from layout.web.signed_in import User, UserOf, signed_in
from layout.web.statuses import HttpStatus, answers

__all__ = ["uploads_router"]

LARGEST = MOST_PARTS * LARGEST_SINGLE
URL_LIFETIME = timedelta(hours=1)
MOST_URLS = 100
NOT_AS_ANNOUNCED = HttpStatus(409, "not_as_announced", None)
NO_PART = HttpStatus(422, "no_part", None)


class NewUpload(BaseModel):
    """What is to be uploaded."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(max_length=1024, description="Where to, as in /storage/{path}.")
    size: int = Field(ge=0, le=LARGEST, description="Bytes.")
    content_type: str | None = Field(
        None,
        max_length=LONGEST_MEDIA_TYPE,
        pattern=f"^{MEDIA_TYPE}$",
        description="By default what the path's ending says.",
    )
    overwrite: bool = Field(False, description="Whether a file that is there is replaced.")


class SignedUrl(BaseModel):
    """A request that the browser sends by itself."""

    number: int = Field(description="Of the part; 1 if the file is sent at once.")
    size: int = Field(description="Bytes of the body, neither more nor less.")
    method: str
    url: str
    headers: dict[str, str] = Field(
        description="To be sent exactly so; a browser adds Content-Length itself."
    )
    expires_at: datetime


class UploadPart(BaseModel):
    """A part that has arrived."""

    number: int
    size: int


class UploadState(BaseModel):
    """How far an upload is."""

    id: str
    path: str
    size: int
    content_type: str
    part_size: int = Field(description="Bytes of every part but the last.")
    parts: int = Field(description="How many parts there are in all.")
    arrived: list[UploadPart] = Field(description="Parts that need not be sent again.")


class PartNumbers(BaseModel):
    """Which parts are to be sent next."""

    model_config = ConfigDict(extra="forbid")

    numbers: list[int] = Field(min_length=1, max_length=MOST_URLS)


def uploads_router(
    reach: Reach, user_of: UserOf, *, may_write: WriteCheck = write_freely, largest: int | None = None
) -> APIRouter:
    """The routes below `/storage/uploads`; mounted before those of `/storage/{path}`.

    Args:
        reach: What may be written.
        user_of: Who is signed in.
        may_write: As of `files_router`; asked at the beginning, before URLs are signed, and at the end.
        largest: Bytes of the largest file; None: what the bucket takes.
    """
    storage, begun = reach.storage, BegunUploads(reach.storage)
    router = APIRouter(
        prefix="/storage/uploads",
        tags=["uploads"],
        dependencies=[signed_in(user_of)],
        route_class=BoundedBodyRoute,
    )

    def key_of(upload: BegunUpload, user: str) -> Key:
        return reach.key(upload.path, user, Use.WRITE)

    async def signed(upload: BegunUpload, key: Key, number: int) -> SignedUrl:
        size = upload.size_of_part(number)
        if upload.upload_id is not None:
            url = storage.presign_part(key, upload.upload_id, number, size=size, lifetime=URL_LIFETIME)
        else:
            url = await storage.presign_put(
                key,
                lifetime=URL_LIFETIME,
                content_type=upload.content_type,
                size=size,
                only_if_absent=not upload.overwrite,
            )
        return _signed_url(url, number, size)

    async def version_at(key: Key) -> str | None:
        try:
            return _version(await storage.get_object_info(key))
        except ObjectMissingError:
            return None

    async def arrived(upload: BegunUpload, key: Key) -> list[UploadedPart]:
        if upload.upload_id is None:
            return []
        parts = await storage.list_parts(key, upload.upload_id)
        # A part of another size was not sent by a URL of ours: it would be refused at the end.
        return [
            part
            for part in parts
            if part.number <= upload.parts and part.size == upload.size_of_part(part.number)
        ]

    @router.post(
        "", status_code=201, response_model=UploadState, responses=answers(401, 404, 412, 413, 422, 500, 503)
    )
    async def begin_upload(new: NewUpload, user: User) -> Any:
        """Begin an upload. It ends by itself after a day."""
        if largest is not None and new.size > largest:
            return problem(HttpStatus(413, "too_large", f"The file has more than {largest:,} bytes."))
        key = reach.key(new.path, user, Use.WRITE)
        await may_write(user, key)
        await storage.require_living_user(key)
        content_type = new.content_type or guess_media_type(key)
        version_before, upload_id = await version_at(key), None
        if BegunUpload.is_in_parts(new.size):
            upload_id = await storage.begin_parts(key, content_type=content_type)
        upload = BegunUpload(
            path=path_of(key),
            size=new.size,
            content_type=content_type,
            overwrite=new.overwrite,
            upload_id=upload_id,
            version_before=version_before,
        )
        return _state(await begun.add(user, upload), upload, [])

    @router.get("/{upload_id}", response_model=UploadState, responses=answers(401, 404, 422, 500, 503))
    async def read_upload(upload_id: str, user: User) -> Any:
        """How far an upload is, as the bucket says it."""
        upload = await begun.find(user, upload_id)
        return _state(upload_id, upload, await arrived(upload, key_of(upload, user)))

    @router.post(
        "/{upload_id}/parts",
        response_model=list[SignedUrl],
        responses=answers(401, 404, 412, 413, 422, 500, 503),
    )
    async def sign_parts(upload_id: str, wanted: PartNumbers, user: User) -> Any:
        """URLs for the parts that are sent next; each lives for an hour."""
        upload = await begun.find(user, upload_id)
        key = key_of(upload, user)
        await may_write(user, key)
        for number in wanted.numbers:
            if not 1 <= number <= upload.parts:
                return problem(
                    NO_PART, ValueError(f"There is no part {number}: the upload has {upload.parts}.")
                )
        return [await signed(upload, key, number) for number in wanted.numbers]

    @router.post(
        "/{upload_id}/complete",
        response_model=StoredFile,
        responses=answers(401, 404, 409, 412, 422, 423, 500, 503),
    )
    async def complete_upload(upload_id: str, user: User) -> Any:
        """End an upload whose bytes have all arrived. It may be repeated until its answer arrives."""
        upload = await begun.find(user, upload_id)
        key = key_of(upload, user)
        await may_write(user, key)
        await storage.require_living_user(key)
        if upload.upload_id is not None:
            try:
                parts = await arrived(upload, key)
            except ObjectMissingError:
                # Completed by a request whose answer was lost: the file itself tells.
                parts = None
            if parts is not None:
                missing = upload.parts - len(parts)
                if missing:
                    return problem(
                        NOT_AS_ANNOUNCED, ValueError(f"{missing} of {upload.parts} parts have not arrived.")
                    )
                await storage.complete_parts(
                    key, upload.upload_id, parts, only_if_absent=not upload.overwrite
                )
        found = await storage.get_object_info(key)
        if _version(found) == upload.version_before:
            return problem(
                NOT_AS_ANNOUNCED,
                ValueError("No byte has arrived: the file is the one from before the upload."),
            )
        if (found.size, found.content_type) != (upload.size, upload.content_type):
            told = f"{upload.size} bytes of {upload.content_type} were announced"
            return problem(
                NOT_AS_ANNOUNCED,
                ValueError(f"The file has {found.size} bytes of {found.content_type}; {told}."),
            )
        return StoredFile(path=upload.path, size=found.size, etag=found.e_tag)

    @router.delete("/{upload_id}", status_code=204, responses=answers(401, 404, 422, 500, 503))
    async def abort_upload(upload_id: str, user: User) -> None:
        """End an upload and remove what has arrived of it."""
        upload = await begun.find(user, upload_id)
        if upload.upload_id is not None:
            await storage.abort_parts(key_of(upload, user), upload.upload_id)
        await begun.remove(user, upload_id)

    return router


def _state(identifier: str, upload: BegunUpload, arrived: list[UploadedPart]) -> UploadState:
    return UploadState(
        id=identifier,
        path=upload.path,
        size=upload.size,
        content_type=upload.content_type,
        part_size=upload.part_size,
        parts=upload.parts,
        arrived=[UploadPart(number=part.number, size=part.size) for part in arrived],
    )


def _version(found: StoredObject) -> str:
    return f"{found.e_tag} {found.last_modified.isoformat()}"


def _signed_url(url: PresignedUrl, number: int, size: int) -> SignedUrl:
    return SignedUrl(
        number=number,
        size=size,
        method=url.method,
        url=url.url,
        headers=url.headers,
        expires_at=url.expires_at,
    )
