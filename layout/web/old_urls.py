"""The URLs of an application before the layout, which keep answering.

- `/api/v1/storage/{path}`: the path percent-encoded as a whole, slashes too; or not.
- `/api/v1/media/{project}/{scene}/{name}`: without a user, which is the one who is signed in, and without a kind, which
  is looked for: audio first if the name sounds like it.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from layout.errors import InvalidKeyError, ObjectMissingError
from layout.keys import Key, MediaType
from layout.storage.media_types import guess_media_type
from layout.web.files import Download, FileAnswers
from layout.web.reach import Use
from layout.web.signed_in import User, UserOf, signed_in
from layout.web.statuses import answers

__all__ = ["old_urls_router"]

_ANSWERS = answers(304, 401, 404, 412, 416, 422, 500, 503)


def old_urls_router(answering: FileAnswers, user_of: UserOf) -> APIRouter:
    """Both routes, for reading; new files are stored and deleted at `/storage`."""
    reach = answering.reach
    router = APIRouter(prefix="/api/v1", tags=["old URLs"], dependencies=[signed_in(user_of)])

    async def media_key(user: str, project: str, scene: str, name: str) -> Key:
        kinds: tuple[MediaType, ...] = ("audio", "media")
        if not guess_media_type(name).startswith("audio/"):
            kinds = ("media", "audio")
        for kind in kinds:
            try:
                key = reach.storage.get_file_path(user, project, scene, kind, name)
                await reach.storage.get_object_info(key)
            except (InvalidKeyError, ObjectMissingError):
                continue
            return key
        raise reach.missing()

    @router.get("/storage/{path:path}", response_class=Response, responses=_ANSWERS)
    async def read_old_file(request: Request, path: str, user: User, download: Download = None) -> Response:
        """The file at a path, as `/storage/{path}` has it."""
        return await answering.get(request, reach.key(path, user, Use.READ), download)

    @router.head("/storage/{path:path}", response_class=Response, responses=_ANSWERS)
    async def read_old_file_headers(
        request: Request, path: str, user: User, download: Download = None
    ) -> Response:
        """The headers of the file at a path."""
        return await answering.head(request, reach.key(path, user, Use.READ), download)

    @router.get("/media/{project}/{scene}/{name}", response_class=Response, responses=_ANSWERS)
    async def read_media(
        request: Request, project: str, scene: str, name: str, user: User, download: Download = None
    ) -> Response:
        """An audio or media file of one of the user's scenes."""
        return await answering.get(request, await media_key(user, project, scene, name), download)

    @router.head("/media/{project}/{scene}/{name}", response_class=Response, responses=_ANSWERS)
    async def read_media_headers(
        request: Request, project: str, scene: str, name: str, user: User, download: Download = None
    ) -> Response:
        """The headers of an audio or media file of one of the user's scenes."""
        return await answering.head(request, await media_key(user, project, scene, name), download)

    return router
