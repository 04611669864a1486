"""`/storage/uploads`: a browser sends the bytes to the bucket itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from layout.errors import LayoutError, NoProfileError
from layout.keys import Key, project_output_key
from layout.storage.limits import USUAL_PART
from layout.storage.presence import Presence
from layout.storage.r2_storage import AsyncR2Storage
from layout.web.answers import layout_error_answer
from layout.web.mounting import mount
from layout.web.reach import Reach
from layout.web.uploads import uploads_router
from tests.layout.web.conftest import client_of, user_of

pytestmark = pytest.mark.anyio

PATH = "users/anna/projects/p1/output/film.mp4"
LARGE = b"a" * USUAL_PART + b"end"


@pytest.fixture
def film(storage: AsyncR2Storage) -> Key:
    """The key of the file."""
    return project_output_key("anna", "p1", "film.mp4", environment=storage.environment)


async def _begin(client: httpx2.AsyncClient, size: int, **more: Any) -> dict[str, Any]:
    answer = await client.post("/storage/uploads", json={"path": PATH, "size": size, **more})
    assert answer.status_code == 201, answer.text
    state: dict[str, Any] = answer.json()
    return state


async def _send(client: httpx2.AsyncClient, upload: dict[str, Any], number: int, body: bytes) -> int:
    """What the browser does: ask for the URL of a part, and send it."""
    answer = await client.post(f"/storage/uploads/{upload['id']}/parts", json={"numbers": [number]})
    assert answer.status_code == 200, answer.text
    (url,) = answer.json()
    async with httpx2.AsyncClient() as browser:
        return (
            await browser.request(url["method"], url["url"], headers=url["headers"], content=body)
        ).status_code


async def test_a_small_file_goes_at_once(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, film: Key
) -> None:
    """One signed PUT, then the completion, which may be repeated."""
    upload = await _begin(client, 4, content_type="video/mp4")
    assert (upload["parts"], upload["part_size"], upload["arrived"]) == (1, 4, [])
    assert await _send(client, upload, 1, b"film") == 200
    for _ in range(2):
        done = await client.post(f"/storage/uploads/{upload['id']}/complete")
        assert (done.status_code, done.json()["path"], done.json()["size"]) == (200, PATH, 4)
    assert (await storage.get(film)).body == b"film"


async def test_a_large_file_goes_in_parts(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, film: Key
) -> None:
    """After a reload the bucket says what has arrived; only the rest is sent."""
    upload = await _begin(client, len(LARGE))
    assert (upload["parts"], upload["part_size"]) == (2, USUAL_PART)
    assert await _send(client, upload, 2, LARGE[USUAL_PART:]) == 200
    again = (await client.get(f"/storage/uploads/{upload['id']}")).json()
    assert again == upload | {"arrived": [{"number": 2, "size": 3}]}
    early = await client.post(f"/storage/uploads/{upload['id']}/complete")
    assert (early.status_code, early.json()) == (
        409,
        {"error": "not_as_announced", "detail": "1 of 2 parts have not arrived."},
    )
    assert await storage.exists(film) is Presence.ABSENT
    assert await _send(client, upload, 1, LARGE[:USUAL_PART]) == 200
    for _ in range(2):
        done = await client.post(f"/storage/uploads/{upload['id']}/complete")
        assert (done.status_code, done.json()["size"]) == (200, len(LARGE))
    found = await storage.get(film)
    assert (found.body, found.content_type) == (LARGE, "video/mp4")


async def test_neither_size_nor_type_can_be_another(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, film: Key
) -> None:
    """Both are signed; nothing is stored."""
    upload = await _begin(client, 4, content_type="video/mp4")
    (url,) = (await client.post(f"/storage/uploads/{upload['id']}/parts", json={"numbers": [1]})).json()
    async with httpx2.AsyncClient() as browser:
        for headers, body in [
            ({"Content-Type": "text/html", "If-None-Match": "*"}, b"film"),
            ({"Content-Type": "video/mp4", "If-None-Match": "*"}, b"films"),
            ({"Content-Type": "video/mp4"}, b"film"),
        ]:
            assert (await browser.put(url["url"], headers=headers, content=body)).status_code == 403
    missing = await client.post(f"/storage/uploads/{upload['id']}/complete")
    assert missing.status_code == 404
    assert await storage.exists(film) is Presence.ABSENT


async def test_a_file_from_before_is_not_what_was_uploaded(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, film: Key
) -> None:
    """Of the same size and type, and no byte has arrived."""
    await storage.put(film, b"film", content_type="video/mp4")
    upload = await _begin(client, 4, content_type="video/mp4", overwrite=True)
    early = await client.post(f"/storage/uploads/{upload['id']}/complete")
    assert (early.status_code, early.json()) == (
        409,
        {
            "error": "not_as_announced",
            "detail": "No byte has arrived: the file is the one from before the upload.",
        },
    )
    assert await _send(client, upload, 1, b"show") == 200
    assert (await client.post(f"/storage/uploads/{upload['id']}/complete")).status_code == 200


async def test_no_part_is_signed_for_what_may_not_be_written_any_more(storage: AsyncR2Storage) -> None:
    """Asked at the beginning, before each URL, and at the end."""
    asked: list[str] = []

    async def may_write(_: str, key: Key) -> None:
        asked.append(str(key))
        if len(asked) > 1:
            raise NoProfileError("The user 'anna' has no profile '0'.")

    app = FastAPI()
    app.include_router(uploads_router(Reach(storage), user_of, may_write=may_write))
    app.add_exception_handler(LayoutError, layout_error_answer)
    async with client_of(app) as client:
        upload = await _begin(client, 4)
        answer = await client.post(f"/storage/uploads/{upload['id']}/parts", json={"numbers": [1]})
    assert (answer.status_code, answer.json()["error"]) == (404, "no_profile")


async def test_what_is_there_is_another_file(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, film: Key
) -> None:
    """Somebody stored another meanwhile: the completion says so."""
    upload = await _begin(client, 4, content_type="video/mp4")
    await storage.put(film, b"other", content_type="text/plain")
    assert await _send(client, upload, 1, b"film") == 412
    done = await client.post(f"/storage/uploads/{upload['id']}/complete")
    assert (done.status_code, done.json()) == (
        409,
        {
            "error": "not_as_announced",
            "detail": "The file has 5 bytes of text/plain; 4 bytes of video/mp4 were announced.",
        },
    )
    assert (await storage.get(film)).body == b"other"


async def test_a_file_in_parts_overwrites_nothing_either(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, film: Key
) -> None:
    """Unless it was announced to."""
    for overwrite, status in [(False, 412), (True, 200)]:
        await storage.put(film, b"other")
        upload = await _begin(client, len(LARGE), overwrite=overwrite)
        assert await _send(client, upload, 1, LARGE[:USUAL_PART]) == 200
        assert await _send(client, upload, 2, LARGE[USUAL_PART:]) == 200
        assert (await client.post(f"/storage/uploads/{upload['id']}/complete")).status_code == status
        assert (await storage.get_object_info(film)).size == (5 if status == 412 else len(LARGE))


async def test_an_aborted_upload_is_gone(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, film: Key
) -> None:
    """With its parts; its id is unknown then."""
    upload = await _begin(client, len(LARGE))
    assert await _send(client, upload, 1, LARGE[:USUAL_PART]) == 200
    url = f"/storage/uploads/{upload['id']}"
    assert (await client.delete(url)).status_code == 204
    for answer in [await client.get(url), await client.delete(url), await client.post(f"{url}/complete")]:
        assert answer.status_code == 404
    assert storage.client.list_multipart_uploads(Bucket=storage.bucket).get("Uploads", []) == []
    assert await storage.exists(film) is Presence.ABSENT


async def test_an_upload_belongs_to_its_user(client: httpx2.AsyncClient, app: FastAPI) -> None:
    """For everybody else there is none."""
    upload = await _begin(client, 4)
    url = f"/storage/uploads/{upload['id']}"
    async with client_of(app, "bert") as bert:
        free = await bert.get("/storage/uploads/00000000000000000000000000000000")
        for answer in [
            await bert.get(url),
            await bert.delete(url),
            await bert.post(f"{url}/complete"),
            await bert.post(f"{url}/parts", json={"numbers": [1]}),
            await bert.get(f"/storage/uploads/..%2fanna%2f{upload['id']}"),
        ]:
            assert (answer.status_code, answer.content) == (free.status_code, free.content)
    assert (await client.get(url)).status_code == 200


async def test_an_upload_is_known_to_every_process(
    storage: AsyncR2Storage, client: httpx2.AsyncClient
) -> None:
    """What was begun at one is completed at another."""
    upload = await _begin(client, 4)
    other = FastAPI()
    mount(other, storage, user_of)
    async with client_of(other) as there:
        assert await _send(there, upload, 1, b"film") == 200
        assert (await there.post(f"/storage/uploads/{upload['id']}/complete")).status_code == 200


@pytest.mark.parametrize(
    ("new", "status"),
    [
        ({"path": PATH, "size": -1}, 422),
        ({"path": PATH, "size": 10_001 * 5_358_223_360}, 422),
        ({"path": PATH, "size": 1, "content_type": "video/mp4\r\nX-A: b"}, 422),
        ({"path": PATH, "size": 1, "bucket": "other"}, 422),
        ({"path": "../prod/a", "size": 1}, 404),
        ({"path": PATH}, 422),
    ],
)
async def test_what_cannot_be_uploaded_is_refused(
    client: httpx2.AsyncClient, new: dict[str, Any], status: int
) -> None:
    """Before anything is begun."""
    assert (await client.post("/storage/uploads", json=new)).status_code == status


async def test_a_part_that_is_none_is_refused(client: httpx2.AsyncClient) -> None:
    """By its number."""
    upload = await _begin(client, 4)
    for numbers in ([0], [2], [1, 2]):
        answer = await client.post(f"/storage/uploads/{upload['id']}/parts", json={"numbers": numbers})
        assert (answer.status_code, answer.json()) == (
            422,
            {"error": "no_part", "detail": f"There is no part {numbers[-1]}: the upload has 1."},
        )


async def test_an_upload_is_not_larger_than_allowed(storage: AsyncR2Storage) -> None:
    """As with a form."""
    app = FastAPI()
    mount(app, storage, user_of, largest_upload=9)
    async with client_of(app) as client:
        answer = await client.post("/storage/uploads", json={"path": PATH, "size": 10})
    assert (answer.status_code, answer.json()) == (
        413,
        {"error": "too_large", "detail": "The file has more than 9 bytes."},
    )


@pytest.mark.parametrize("user", ["anna", None])
async def test_a_document_is_not_read_beyond_its_bound(app: FastAPI, user: str | None) -> None:
    """Whoever sends it: it is parsed before anybody is asked for."""
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 1 << 20:
            read += 1024
            yield b" " * 1024

    for path in ("/storage/uploads", "/storage/uploads/0/parts"):
        read = 0
        async with client_of(app, user) as client:
            answer = await client.post(path, content=endless(), headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()) == (
            413,
            {"error": "too_large", "detail": "The request has more than 16,384 bytes."},
        )


async def test_the_longest_path_has_room(client: httpx2.AsyncClient) -> None:
    """Escaped character by character, as some clients write JSON."""
    path = "users/anna/projects/p1/output/".ljust(1024, "\U0001f600")
    body = json.dumps({"path": path, "size": 1})
    assert len(body) > 11_000
    answer = await client.post("/storage/uploads", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 404
