"""All of it put into an application."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from layout.errors import LayoutError
from layout.storage.profile_store import AsyncProfileStore
from layout.storage.r2_storage import AsyncR2Storage
from layout.sync.database_sync import DatabaseSync
from layout.web.answers import layout_error_answer, problem
from layout.web.files import FileAnswers, files_router
from layout.web.middleware import ProfileMiddleware
from layout.web.old_urls import old_urls_router
from layout.web.profiles import RequestProfiles
from layout.web.reach import Reach
from layout.web.signed_in import UserOf
from layout.web.statuses import NOT_FOUND, HttpStatus
from layout.web.uploads import uploads_router

__all__ = ["mount"]

INVALID = HttpStatus(422, "invalid", None)
_ERRORS = {400: "bad_request", 401: "not_signed_in", 405: "method_not_allowed", 413: "too_large"}


def mount(
    app: FastAPI,
    storage: AsyncR2Storage,
    user_of: UserOf,
    *,
    databases: DatabaseSync | None = None,
    may_write_shared: Callable[[str], bool] | None = None,
    redirect_lifetime: timedelta | None = None,
    largest_upload: int | None = None,
    profile_max_age: float = 30.0,
) -> RequestProfiles:
    """Add middleware, routers and error answers to an application, before it serves its first request.

    Args:
        app: The application.
        storage: Its own; the application closes it.
        user_of: Who is signed in.
        databases: Of the profiles; None if the application has none.
        may_write_shared: Which users may write games; nobody unless told.
        redirect_lifetime: As of `FileAnswers`.
        largest_upload: Bytes of the largest file; None: what the bucket takes.
        profile_max_age: For how many seconds the profiles of a user are remembered.

    Errors of `layout.errors`, of the framework and of a request's form are answered alike from then on, in the routes
    of the application too: `{"error": word, "detail": text}`.

    Returns:
        The profiles that requests work in: tell it when one was changed.
    """
    profiles = RequestProfiles(AsyncProfileStore(storage), max_age=profile_max_age)
    reach = Reach(storage) if may_write_shared is None else Reach(storage, may_write_shared)
    answering = FileAnswers(reach, redirect_lifetime)
    app.include_router(uploads_router(reach, user_of, may_write=profiles.check_key, largest=largest_upload))
    app.include_router(files_router(answering, user_of, may_write=profiles.check_key, largest=largest_upload))
    app.include_router(old_urls_router(answering, user_of))
    app.add_middleware(ProfileMiddleware, user_of=user_of, profiles=profiles, databases=databases)
    app.add_exception_handler(LayoutError, layout_error_answer)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    return profiles


async def _invalid(_: Request, error: Exception) -> Response:
    """The first of what is wrong with a request, in the same form as every error."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for no other
    first = error.errors()[0]
    # Without the value, which may be anything.
    where = ".".join(str(part) for part in first["loc"][1:]) or first["loc"][0]
    return problem(INVALID, ValueError(f"{where}: {first['msg']}."))


async def _http_error(_: Request, error: Exception) -> Response:
    """Errors of the framework itself in the same form."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for no other
    if error.status_code == 404:
        # Of a path that no route takes, such as one with a line feed in it.
        return problem(NOT_FOUND)
    word = _ERRORS.get(error.status_code, "refused")
    return problem(HttpStatus(error.status_code, word, None), ValueError(error.detail), error.headers)
