"""Clips: a row in the profile's database, and a file beside it in the bucket."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from examples.backend.database import ProfileDatabase
from layout import Key, current_profile, profile_prefix
from layout.storage.r2_storage import AsyncR2Storage

__all__ = ["clips_router"]

FOLDER = "raw_clips"
LIFETIME = timedelta(hours=1)


class NewClip(BaseModel):
    """A clip whose file is uploaded already, to `raw_clips/` of the profile."""

    name: str = Field(min_length=1, max_length=200)
    filename: str = Field(min_length=1, max_length=255)


class Renamed(BaseModel):
    """Another name for a clip."""

    name: str = Field(min_length=1, max_length=200)


def clips_router(storage: AsyncR2Storage, database: ProfileDatabase) -> APIRouter:
    """`/clips` and `/files` of the request's profile."""
    router = APIRouter(tags=["clips"])

    def key_of(filename: str) -> Key:
        current = current_profile()
        return storage.get_profile_file_path(current.user_id, current.profile_id, f"{FOLDER}/{filename}")

    def find(clip_id: int) -> dict[str, Any]:
        found = database.rows("SELECT id, name, filename FROM raw_clips WHERE id = ?", clip_id)
        if not found:
            raise HTTPException(404, f"There is no clip {clip_id}.")
        return found[0]

    @router.get("/files")
    async def list_files() -> list[dict[str, Any]]:
        current = current_profile()
        prefix = profile_prefix(current.user_id, current.profile_id, environment=storage.environment)
        return [
            {"path": item.key.removeprefix(prefix), "size": item.size}
            async for item in storage.list_files(prefix)
        ]

    @router.get("/clips")
    def list_clips() -> list[dict[str, Any]]:
        return database.rows("SELECT id, name, filename FROM raw_clips ORDER BY id")

    @router.post("/clips", status_code=201)
    async def add_clip(new: NewClip) -> dict[str, Any]:
        # The file first: a row without one would be a clip that nobody can play.
        await storage.get_object_info(key_of(new.filename))
        return await run_in_threadpool(_insert, database, new)

    @router.patch("/clips/{clip_id}")
    def rename_clip(clip_id: int, new: Renamed) -> dict[str, Any]:
        clip = find(clip_id)
        with database.writing() as connection:
            connection.execute("UPDATE raw_clips SET name = ? WHERE id = ?", (new.name, clip_id))
        return clip | {"name": new.name}

    @router.delete("/clips/{clip_id}", status_code=204)
    async def delete_clip(clip_id: int) -> None:
        clip = await run_in_threadpool(find, clip_id)
        # The file first here too: a row that is left is seen and deleted again, a file that is left by nobody.
        await storage.delete_file(key_of(clip["filename"]))
        await run_in_threadpool(_delete, database, clip_id)

    @router.get("/clips/{clip_id}/play")
    async def play_clip(clip_id: int) -> dict[str, str]:
        clip = await run_in_threadpool(find, clip_id)
        url = await storage.presign_get(key_of(clip["filename"]), lifetime=LIFETIME)
        return {"url": url.url}

    return router


def _insert(database: ProfileDatabase, new: NewClip) -> dict[str, Any]:
    with database.writing() as connection:
        done = connection.execute(
            "INSERT INTO raw_clips (name, filename) VALUES (?, ?)", (new.name, new.filename)
        )
    return {"id": done.lastrowid, "name": new.name, "filename": new.filename}


def _delete(database: ProfileDatabase, clip_id: int) -> None:
    with database.writing() as connection:
        connection.execute("DELETE FROM raw_clips WHERE id = ?", (clip_id,))
