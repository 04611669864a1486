"""The application, put together."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from examples.backend.clips import clips_router
from examples.backend.database import ProfileDatabase
from examples.backend.games import games_router
from examples.backend.profiles import profiles_router
from examples.backend.sessions import Sessions
from layout.storage.profile_store import AsyncProfileStore, ProfileStore
from layout.storage.r2_storage import AsyncR2Storage
from layout.storage.settings import StorageSettings
from layout.storage.startup_checks import open_storage
from layout.sync.database_sync import DatabaseSync, Durability
from layout.web.mounting import mount

__all__ = ["make_app"]

PAGE = Path(__file__).with_name("page.html")


def make_app(
    settings: StorageSettings,
    *,
    secret: bytes,
    base: str | os.PathLike[str] | None = None,
    durability: Durability = Durability.WAIT,
) -> FastAPI:
    """The application of one environment.

    Args:
        settings: Where the bucket is, and what opens it.
        secret: Signs sessions.
        base: Folder of the databases on this machine; None: `user_data`.
        durability: When a change is answered.

    Raises:
        LayoutError: The credential is of another environment, or its data is not in this layout: as `open_storage`.
    """
    blocking = open_storage(settings, written_by="the video notes")
    storage = AsyncR2Storage(settings)
    databases = DatabaseSync(blocking, profiles=ProfileStore(blocking), base=base, durability=durability)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(databases.recover)
        yield
        await run_in_threadpool(databases.close)
        await storage.aclose()
        blocking.close()

    app = FastAPI(title="Video notes", lifespan=lifespan)
    sessions = Sessions(secret)
    requests = mount(app, storage, sessions.user_of, databases=databases)
    database = ProfileDatabase(databases)
    app.include_router(sessions.router())
    app.include_router(profiles_router(AsyncProfileStore(storage), requests))
    app.include_router(clips_router(storage, database))
    app.include_router(games_router(storage, database))

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE)

    return app
