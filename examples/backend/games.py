"""Games: videos that all users share, named by the BLAKE3 of their content, so that none is stored twice."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

from blake3 import blake3
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from examples.backend.database import ProfileDatabase
from layout import temporary_key
from layout.errors import ConditionFailedError
from layout.storage.r2_storage import AsyncR2Storage

__all__ = ["games_router"]


def games_router(storage: AsyncR2Storage, database: ProfileDatabase) -> APIRouter:
    """`/games` of the request's profile."""
    router = APIRouter(tags=["games"])

    @router.get("/games")
    def list_games() -> list[dict[str, Any]]:
        return database.rows("SELECT id, name, blake3_hash FROM games ORDER BY id")

    @router.post("/games", status_code=201)
    async def add_game(name: str, request: Request) -> dict[str, Any]:
        """The request's body is the video. Its name is known when all of it was read, so it is renamed at the end."""
        digest = blake3()

        async def pieces() -> AsyncIterator[bytes]:
            async for piece in request.stream():
                digest.update(piece)
                yield piece

        arriving = temporary_key(f"games/{secrets.token_hex(16)}.mp4", environment=storage.environment)
        await storage.upload(arriving, pieces(), content_type="video/mp4")
        game = storage.get_game_path(f"{digest.hexdigest()}.mp4")
        try:
            await storage.move_file(arriving, game)
        except ConditionFailedError:
            # Somebody had it already, uploaded in another way: it is the same content by its name.
            await storage.delete_file(arriving)
        return await run_in_threadpool(_insert, database, name, digest.hexdigest())

    return router


def _insert(database: ProfileDatabase, name: str, digest: str) -> dict[str, Any]:
    with database.writing() as connection:
        done = connection.execute("INSERT INTO games (name, blake3_hash) VALUES (?, ?)", (name, digest))
    return {"id": done.lastrowid, "name": name, "blake3_hash": digest}
