"""Who a request is from, which only the application knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from starlette.requests import HTTPConnection

__all__ = ["User", "UserOf", "signed_in", "signed_in_user"]

UserOf = Callable[[HTTPConnection], Awaitable[str | None]]
"""The application's own: the id of the user who is signed in, from a session or a token; None if nobody is."""

_USER = "layout_user_id"


async def signed_in_user(connection: HTTPConnection, user_of: UserOf) -> str | None:
    """The user of a request; the application is asked once, whoever needs it."""
    state = connection.scope.setdefault("state", {})
    if _USER not in state:
        state[_USER] = await user_of(connection)
    user: str | None = state[_USER]
    return user


def signed_in(user_of: UserOf) -> Any:
    """A dependency for all routes of a router: nobody who is not signed in comes further (401)."""

    async def require_user(request: Request) -> None:
        if await signed_in_user(request, user_of) is None:
            raise HTTPException(401, "Nobody is signed in.")

    return Depends(require_user)


async def _user_of_request(request: Request) -> str:
    user: str = request.scope["state"][_USER]
    return user


User = Annotated[str, Depends(_user_of_request)]
"""The id of the user, in a route of a router that has `signed_in` among its dependencies."""
