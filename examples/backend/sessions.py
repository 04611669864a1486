"""Who is signed in: a cookie with the user's id and a signature. An example asks for no password."""

from __future__ import annotations

import hashlib
import hmac

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from layout import user_prefix

__all__ = ["Sessions"]

COOKIE = "session"


class Login(BaseModel):
    """Who wants to be signed in."""

    user: str = Field(min_length=1, max_length=255)


class Sessions:
    """Signs users in by a cookie, and knows them by it."""

    def __init__(self, secret: bytes) -> None:
        """`secret` signs the cookies: processes that share it know each other's users."""
        self._secret = secret

    async def user_of(self, connection: HTTPConnection) -> str | None:
        """The user who is signed in, as `layout.web` asks for it."""
        signature, _, user = connection.cookies.get(COOKIE, "").partition(".")
        # What is signed was made here, so only then is it what it seems to be.
        is_signed = hmac.compare_digest(signature.encode(), self._signature(user).encode())
        return bytes.fromhex(user).decode() if user and is_signed else None

    def router(self) -> APIRouter:
        """`POST /login` and `POST /logout`."""
        router = APIRouter(tags=["session"])

        @router.post("/login", status_code=204)
        async def login(wanted: Login, response: Response) -> None:
            # An id that cannot be a part of a key is refused here, once.
            user_prefix(wanted.user)
            user = wanted.user.encode().hex()
            response.set_cookie(COOKIE, f"{self._signature(user)}.{user}", httponly=True, samesite="lax")

        @router.post("/logout", status_code=204)
        async def logout(response: Response) -> None:
            response.delete_cookie(COOKIE)

        return router

    def _signature(self, user: str) -> str:
        return hmac.new(self._secret, user.encode(), hashlib.sha256).hexdigest()
