"""A task that is cancelled while it uploads or changes: of the async side only, since nothing cancels a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest

from layout.environment import Environment
from layout.keys import profiles_key, r2_key
from layout.storage.limits import USUAL_PART
from layout.storage.presence import Presence
from layout.storage.profile_store import AsyncProfileStore
from layout.storage.r2_storage import AsyncR2Storage

if TYPE_CHECKING:
    from layout.storage.settings import StorageSettings

pytestmark = pytest.mark.anyio

CLIP = r2_key("anna", "raw_clips/goal.mp4", "a1b2c3d4", environment=Environment.DEV)
REGISTRY = profiles_key("anna", environment=Environment.DEV)


@pytest.fixture
def anyio_backend() -> str:
    """The event loop."""
    return "asyncio"


async def test_a_cancelled_upload_leaves_nothing(local: StorageSettings) -> None:
    """Its parts are removed before the cancellation goes on."""
    sent = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"a" * (2 * USUAL_PART + 1)
        sent.set()
        await asyncio.Event().wait()

    async with AsyncR2Storage(local) as storage:
        upload = asyncio.ensure_future(storage.upload(CLIP, pieces()))
        await sent.wait()
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert storage.client.list_multipart_uploads(Bucket=storage.bucket).get("Uploads", []) == []
        assert await storage.exists(CLIP) is Presence.ABSENT


async def test_a_cancelled_beginning_leaves_nothing(
    local: StorageSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bucket has begun the upload, and nobody has its id yet: it is ended before the cancellation goes on."""
    made, told = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    async with AsyncR2Storage(local) as storage:
        begin = storage.client.create_multipart_upload

        def begin_slowly(**arguments: Any) -> Any:
            answer = begin(**arguments)
            loop.call_soon_threadsafe(made.set)
            told.wait(10)
            return answer

        monkeypatch.setattr(storage.client, "create_multipart_upload", begin_slowly)
        beginning = asyncio.ensure_future(storage.begin_parts(CLIP, content_type="video/mp4"))
        await made.wait()
        beginning.cancel()
        await asyncio.sleep(0)
        told.set()
        with pytest.raises(asyncio.CancelledError):
            await beginning
        assert storage.client.list_multipart_uploads(Bucket=storage.bucket).get("Uploads", []) == []


async def test_a_cancelled_change_ends_no_other(local: StorageSettings) -> None:
    """Changes that wait for the same file take their turn without the one that was to write them."""
    async with AsyncR2Storage(local) as storage:
        store = AsyncProfileStore(storage)
        await store.ensure("anna")
        tasks = [asyncio.ensure_future(store.create("anna", str(number))) for number in range(6)]
        await asyncio.sleep(0.01)
        tasks[0].cancel()
        made = await asyncio.gather(*tasks, return_exceptions=True)
        registry = await store.read("anna")
    assert all(isinstance(one, str) for one in made[1:])
    assert set(made[1:]) <= registry.profiles.keys()


async def test_a_change_that_gave_up_waiting_is_not_written(local: StorageSettings) -> None:
    """Nobody was told of it; the next change is written without it."""
    async with AsyncR2Storage(local) as storage:
        store = AsyncProfileStore(storage)
        await store.ensure("anna")
        async with store._locks.of(REGISTRY):
            waiting = asyncio.ensure_future(store.create("anna", "given up"))
            while not store._pending[REGISTRY]:
                await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        await store.create("anna", "kept")
        registry = await store.read("anna")
    assert [profile.name for profile in registry.profiles.values()] == [None, "kept"]
