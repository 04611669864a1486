"""`POST /storage`: a file out of a form, as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI
from starlette.types import Message

from layout.keys import Key
from layout.storage.limits import USUAL_PART
from layout.storage.presence import Presence
from layout.storage.r2_storage import AsyncR2Storage
from layout.web.mounting import mount
from tests.layout.web.conftest import client_of, user_of

pytestmark = pytest.mark.anyio

PATH = "users/anna/projects/p1/scenes/s1/media/Tor #1 100%.mp4"
BODY = b"0123456789"
FORM = "multipart/form-data"


@pytest.fixture
def clip(storage: AsyncR2Storage) -> Key:
    """The key of the file."""
    return storage.get_file_path("anna", "p1", "s1", "media", "Tor #1 100%.mp4")


async def test_a_file_is_stored(client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key) -> None:
    """From a form; the answer is path, size and ETag, and its URL reads it."""
    answer = await client.post("/storage", data={"path": PATH}, files={"file": ("a.mp4", BODY, "video/mp4")})
    found = await storage.get(clip)
    assert (answer.status_code, answer.json()) == (201, {"path": PATH, "size": 10, "etag": found.e_tag})
    assert (found.body, found.content_type) == (BODY, "video/mp4")


async def test_a_file_is_replaced_only_if_that_is_said(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key
) -> None:
    """Without a word the first upload stays."""
    await storage.put(clip, b"first")
    for overwrite, status in [("false", 412), ("true", 201)]:
        answer = await client.post(
            "/storage", data={"path": PATH, "overwrite": overwrite}, files={"file": ("a.mp4", BODY)}
        )
        assert answer.status_code == status
    assert (await storage.get(clip)).body == BODY
    assert (await storage.get(clip)).content_type == "video/mp4"


async def test_a_large_file_is_stored_as_it_comes(client: httpx2.AsyncClient) -> None:
    """In parts, while it is still coming."""
    head = (
        f'--x\r\nContent-Disposition: form-data; name="path"\r\n\r\n{PATH}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    ).encode()

    async def form() -> AsyncIterator[bytes]:
        yield head
        for _ in range(2 * USUAL_PART // 65_536):
            yield b"a" * 65_536
        yield b"\r\n--x"
        yield b"--\r\n"

    answer = await client.post(
        "/storage", content=form(), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert (answer.status_code, answer.json()["size"]) == (201, 2 * USUAL_PART)
    assert answer.json()["etag"].endswith('-2"')


@pytest.mark.parametrize(
    "tail", [b"", b'\r\n--x\r\nContent-Disposition: form-data; name="more"\r\n\r\n1\r\n--x--\r\n']
)
async def test_a_form_that_is_none_stores_nothing(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key, tail: bytes
) -> None:
    """One that ends early, or goes on after the file: half a file would look like a whole one."""
    form = (
        f'--x\r\nContent-Disposition: form-data; name="path"\r\n\r\n{PATH}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n0123456789'
    ).encode() + tail
    answer = await client.post(
        "/storage", content=form, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "form")
    assert await storage.exists(clip) is Presence.ABSENT


async def test_a_file_is_not_larger_than_allowed(storage: AsyncR2Storage, clip: Key) -> None:
    """Whatever its length is said to be."""
    app = FastAPI()
    mount(app, storage, user_of, largest_upload=9)
    async with client_of(app) as client:
        answer = await client.post("/storage", data={"path": PATH}, files={"file": ("a.mp4", BODY)})
    assert (answer.status_code, answer.json()) == (
        413,
        {"error": "too_large", "detail": "The file has more than 9 bytes."},
    )
    assert await storage.exists(clip) is Presence.ABSENT


@pytest.mark.parametrize("kind", [FORM, f"{FORM}; boundary={'x' * 300}", "text/plain", ""])
async def test_a_request_that_is_no_form_is_refused(client: httpx2.AsyncClient, kind: str) -> None:
    """Whatever it holds."""
    for body in (b"", b"--x--", b"\x00" * 100):
        answer = await client.post("/storage", content=body, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["error"]) == (400, "form")


@pytest.mark.parametrize("kind", ["a" * 300 + "/b", "video", "video/mp4; \xe9", ""])
async def test_a_media_type_that_is_none_is_not_stored(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key, kind: str
) -> None:
    """The file's ending says what it is then."""
    form = (
        f'--x\r\nContent-Disposition: form-data; name="path"\r\n\r\n{PATH}\r\n'
        f'--x\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: {kind}\r\n\r\nabc\r\n--x--\r\n'
    ).encode("latin-1")
    answer = await client.post(
        "/storage", content=form, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 201
    assert (await storage.get_object_info(clip)).content_type == "video/mp4"


async def test_a_form_has_no_end_of_fields(client: httpx2.AsyncClient) -> None:
    """What is kept of a form in memory has a limit."""
    field = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n1\r\n'
    form = "".join(field.format(number) for number in range(33)).encode()
    answer = await client.post(
        "/storage", content=form, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "form", "detail": "The form has more than 32 fields."},
    )


async def test_a_client_that_goes_away_stores_nothing(
    app: FastAPI, storage: AsyncR2Storage, clip: Key
) -> None:
    """In the middle of the file; that is no error of the server."""
    head = (
        f'--x\r\nContent-Disposition: form-data; name="path"\r\n\r\n{PATH}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n0123456789'
    ).encode()
    messages: list[Message] = [
        {"type": "http.request", "body": head, "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"multipart/form-data; boundary=x"), (b"x-user", b"anna")]
    scope = {"type": "http", "method": "POST", "path": "/storage", "headers": headers, "query_string": b""}
    await app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert await storage.exists(clip) is Presence.ABSENT
