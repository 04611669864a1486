"""Bodies as they come: a client that goes away frees everything, and nothing is kept in memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import Message

from layout.keys import Key
from layout.storage.limits import MIB, USUAL_PART
from layout.storage.presence import Presence
from layout.storage.r2_storage import AsyncR2Storage

pytestmark = pytest.mark.anyio

PATH = "users/anna/projects/p1/scenes/s1/media/a.mp4"


def _scope(method: str, path: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "scheme": "http",
        "server": ("test", 80),
        "client": ("test", 1),
        "headers": [(b"x-user", b"anna"), *headers],
    }


@pytest.fixture
def clip(storage: AsyncR2Storage) -> Key:
    """The key of the file."""
    return storage.get_file_path("anna", "p1", "s1", "media", "a.mp4")


async def test_a_reader_that_goes_away_ends_the_stream(
    app: FastAPI, storage: AsyncR2Storage, clip: Key
) -> None:
    """Nothing more is read from the bucket for it."""
    await storage.put(clip, b"a" * (12 * MIB))
    gone = asyncio.Event()
    sent = 0

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal sent
        sent += len(message.get("body", b""))
        if sent:
            gone.set()
            # What a server does whose client reads no more.
            await asyncio.sleep(0)

    await asyncio.wait_for(app(_scope("GET", f"/storage/{PATH}"), receive, send), 30)
    assert 0 < sent < 12 * MIB


async def test_a_writer_that_goes_away_leaves_nothing(
    app: FastAPI, storage: AsyncR2Storage, clip: Key
) -> None:
    """Neither a file nor parts that somebody pays for."""
    head = (
        f'--x\r\nContent-Disposition: form-data; name="path"\r\n\r\n{PATH}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
    ).encode()
    messages = [head, b"a" * USUAL_PART, b"a" * USUAL_PART, b"a"]

    async def receive() -> Message:
        if messages:
            return {"type": "http.request", "body": messages.pop(0), "more_body": True}
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        return

    scope = _scope("POST", "/storage", (b"content-type", b"multipart/form-data; boundary=x"))
    await _ended(app, scope, receive, send)
    assert await storage.exists(clip) is Presence.ABSENT
    assert storage.client.list_multipart_uploads(Bucket=storage.bucket).get("Uploads", []) == []


async def _ended(app: FastAPI, *args: Any) -> None:
    """However: there is nobody to be answered."""
    try:
        await asyncio.wait_for(app(*args), 30)
    except Exception as error:  # noqa: BLE001 - of the framework
        assert "Disconnect" in type(error).__name__  # noqa: PT017 - its class is the framework's own


async def test_a_request_without_a_body_is_not_asked_for_one(app: FastAPI) -> None:
    """A file is answered although nothing more can be received."""
    statuses: list[int] = []

    async def receive() -> Message:
        raise AssertionError("the body was asked for")

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(_scope("HEAD", f"/storage/{PATH}"), receive, send)
    assert statuses == [404]
