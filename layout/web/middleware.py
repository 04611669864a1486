"""What each request needs before it is handled, and what it leaves behind: its profile, and its databases.

Pure ASGI: what this sets in the context is there in the whole request, in a streamed body too. What a plain `def`
dependency sets is not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from layout.context import use_profile
from layout.errors import DatabaseConflictError, LayoutError
from layout.mirror.paths import DATABASE_NAME
from layout.sync.database_sync import DatabaseSync, Durability
from layout.sync.recorder import Recorder
from layout.sync.states import SyncState
from layout.web.answers import layout_error_answer, problem
from layout.web.profiles import RequestProfiles
from layout.web.signed_in import UserOf, signed_in_user
from layout.web.statuses import HttpStatus, status_of

__all__ = ["PROFILE_HEADER", "SYNC_HEADER", "ProfileMiddleware"]

logger = logging.getLogger(__name__)

PROFILE_HEADER = "X-Profile-Id"
SYNC_HEADER = "X-Sync-Status"
NOT_DURABLE = HttpStatus(
    503,
    "not_stored",
    "The change is on this server, but not in the storage yet. It is tried again by itself.",
)


class ProfileMiddleware:
    """Sets the profile of each request of a user who is signed in, and syncs the databases that it touches.

    With `Durability.WAIT` the answer waits until the databases that were written are in the bucket, whoever's they are;
    if they cannot be, the answer is an error instead. `X-Sync-Status` says how the request's own database stands.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        user_of: UserOf,
        profiles: RequestProfiles,
        databases: DatabaseSync | None = None,
        names: Collection[str] = (DATABASE_NAME,),
    ) -> None:
        """`names` are the databases of a profile that are fetched before a request is handled."""
        self._app = app
        self._user_of = user_of
        self._profiles = profiles
        self._databases = databases
        self._names = tuple(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; what is none of HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            user_id = await signed_in_user(connection, self._user_of)
        except HTTPException:
            # Refused by the application's own dependency, which the route asks again: there it has its own answer.
            user_id = None
        if user_id is None:
            await self._app(scope, receive, send)
            return
        try:
            profile_id = await self._profiles.choose(user_id, connection.headers.get(PROFILE_HEADER))
            if self._databases is not None:
                for name in self._names:
                    await asyncio.to_thread(self._databases.prepare, user_id, profile_id, name)
        except LayoutError as error:
            answer = await layout_error_answer(Request(scope), error)
            await answer(scope, receive, send)
            return
        with use_profile(user_id, profile_id):
            if self._databases is None:
                await self._app(scope, receive, send)
                return
            with self._databases.recording() as recorder:
                syncing = _SyncingSend(send, self._databases, recorder, (user_id, profile_id, self._names))
                await self._app(scope, receive, syncing)


class _SyncingSend:
    """Sends an answer once the request's databases are where they have to be."""

    def __init__(
        self, send: Send, databases: DatabaseSync, recorder: Recorder, own: tuple[str, str, tuple[str, ...]]
    ) -> None:
        self._send = send
        self._databases = databases
        self._recorder = recorder
        self._own = own
        self._replaced = False

    async def __call__(self, message: Message) -> None:
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            error = await self._flush()
            if error is not None:
                await self._replace(error)
                return
            MutableHeaders(scope=message)[SYNC_HEADER] = self._status()
        await self._send(message)

    async def _flush(self) -> LayoutError | None:
        """Uploads what was written; the error, if the answer has to wait and it failed."""
        futures = self._recorder.flush()
        if self._databases.durability is not Durability.WAIT:
            return None
        try:
            for future in futures:
                await asyncio.wrap_future(future)
        except LayoutError as error:
            return error
        return None

    async def _replace(self, error: LayoutError) -> None:
        """The handler's answer would say that something is stored which is not."""
        self._replaced = True
        logger.error("a change was not stored: %s", error)
        if isinstance(error, DatabaseConflictError):
            for name in self._own[2]:
                self._databases.take_conflict(self._own[0], self._own[1], name)
        is_conflict = isinstance(error, DatabaseConflictError)
        answer = problem(_status(error), error, {SYNC_HEADER: "conflict" if is_conflict else self._status()})
        await answer({"type": "http"}, _nothing, self._send)

    def _status(self) -> str:
        """The worst of the request's own databases."""
        user_id, profile_id, names = self._own
        states = [self._databases.state_of(user_id, profile_id, name).state for name in names]
        return max(states, key=_WORSE.index, default=SyncState.CLEAN).value


_WORSE = [SyncState.CLEAN, SyncState.IN_FLIGHT, SyncState.PENDING, SyncState.FAILED, SyncState.CONFLICT]


def _status(error: LayoutError) -> HttpStatus:
    return status_of(error) if isinstance(error, DatabaseConflictError) else NOT_DURABLE


async def _nothing() -> Any:
    return {"type": "http.disconnect"}
