"""`/storage/{path}` over HTTP: what a browser and a media player ask, and what they are told."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import FastAPI

from layout.keys import Key
from layout.storage.presence import Presence
from layout.storage.r2_storage import AsyncR2Storage
from layout.web.mounting import mount
from tests.layout.web.conftest import client_of, user_of

pytestmark = pytest.mark.anyio

PATH = "users/anna/projects/p1/scenes/s1/media/Tor #1 100%.mp4"
URL = "/storage/users/anna/projects/p1/scenes/s1/media/Tor%20%231%20100%25.mp4"
BODY = b"0123456789"
MISSING = b'{"error":"not_found","detail":"There is no such file."}'


@pytest.fixture
def clip(storage: AsyncR2Storage) -> Key:
    """The key of the file."""
    return storage.get_file_path("anna", "p1", "s1", "media", "Tor #1 100%.mp4")


async def test_a_file_is_read(client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key) -> None:
    """With what a browser needs to keep and to seek it, and nothing that would run in the page."""
    e_tag = await storage.put(clip, BODY, content_type="video/mp4")
    answer = await client.get(URL)
    assert (answer.status_code, answer.content) == (200, BODY)
    told = {
        name: answer.headers.get(name) for name in ("content-type", "content-length", "etag", "accept-ranges")
    }
    assert told == {
        "content-type": "video/mp4",
        "content-length": "10",
        "etag": e_tag,
        "accept-ranges": "bytes",
    }
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-disposition" not in answer.headers
    assert "last-modified" in answer.headers


@pytest.mark.parametrize(
    ("asked", "status", "body", "told"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-30", 206, BODY, "bytes 0-9/10"),
        ("bytes=0-", 206, BODY, "bytes 0-9/10"),
        ("bytes=8-100", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=4-2", 200, BODY, None),
        ("bytes=-0", 200, BODY, None),
        ("bytes=0-1,3-4", 200, BODY, None),
        ("lines=0-1", 200, BODY, None),
        ("bytes=a-b", 200, BODY, None),
    ],
)
async def test_ranges(
    client: httpx2.AsyncClient,
    storage: AsyncR2Storage,
    clip: Key,
    asked: str,
    status: int,
    body: bytes | None,
    told: str | None,
) -> None:
    """One range is honoured; what asks for more, or cannot be read, is ignored as RFC 9110 allows."""
    await storage.put(clip, BODY)
    answer = await client.get(URL, headers={"Range": asked})
    assert (answer.status_code, answer.headers.get("content-range")) == (status, told)
    assert body is None or answer.content == body


async def test_a_range_goes_on_only_in_the_same_version(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key
) -> None:
    """`If-Range`: of another version the whole file is the answer; a date proves nothing."""
    e_tag = await storage.put(clip, BODY)
    for condition, status in [
        (e_tag, 206),
        ('"other"', 200),
        (f"W/{e_tag}", 200),
        ("Fri, 27 Nov 2026 06:22:09 GMT", 200),
    ]:
        answer = await client.get(URL, headers={"Range": "bytes=2-4", "If-Range": condition})
        assert (answer.status_code, answer.content) == (status, BODY[2:5] if status == 206 else BODY)


async def test_a_version_that_is_known_is_not_sent_again(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key
) -> None:
    """One ETag, several, a weak one, any; by GET and by HEAD."""
    e_tag = await storage.put(clip, BODY)
    for known in (e_tag, f'"other", {e_tag}', f"W/{e_tag}", "*"):
        for ask in (client.get, client.head):
            answer = await ask(URL, headers={"If-None-Match": known})
            assert (answer.status_code, answer.content) == (304, b"")
            assert (answer.headers["etag"], answer.headers["cache-control"]) == (e_tag, "private, no-cache")
    assert (await client.get(URL, headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize("named", [b'""', b'"\xe9"', b'"a b"', b"W/", b"a", b","])
async def test_what_no_object_can_have_is_no_version(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key, named: bytes
) -> None:
    """It is compared with nothing: the whole file is the answer."""
    await storage.put(clip, BODY)
    for headers in ([(b"If-None-Match", named)], [(b"Range", b"bytes=2-4"), (b"If-Range", named)]):
        answer = await client.get(URL, headers=headers)
        assert (answer.status_code, answer.content) == (200, BODY)


async def test_a_version_that_is_required(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key
) -> None:
    """`If-Match` compares strongly."""
    e_tag = await storage.put(clip, BODY)
    assert (await client.get(URL, headers={"If-Match": e_tag})).status_code == 200
    answer = await client.get(URL, headers={"If-Match": f"W/{e_tag}"})
    assert (answer.status_code, answer.json()) == (
        412,
        {"error": "changed", "detail": "The file is not in the state that the request asked for."},
    )


async def test_head_has_the_headers_of_get(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key
) -> None:
    """And no body."""
    await storage.put(clip, BODY, content_type="video/mp4")
    got, head = await client.get(URL), await client.head(URL)
    assert head.content == b""
    assert dict(head.headers) == dict(got.headers)


async def test_a_download_has_a_name(client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key) -> None:
    """In any script; what cannot be one is refused."""
    await storage.put(clip, BODY)
    answer = await client.get(URL, params={"download": 'Tör "1".mp4'})
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"T_r _1_.mp4\"; filename*=UTF-8''T%C3%B6r%20%221%22.mp4"
    )
    answer = await client.get(URL, params={"download": "a/b"})
    assert (answer.status_code, answer.json()) == (
        422,
        {"error": "download_name", "detail": "The download name cannot be one of a file."},
    )


@pytest.mark.parametrize(
    "kind", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml; charset=utf-8"]
)
async def test_what_would_run_in_the_page_is_saved(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key, kind: str
) -> None:
    """A user's page must not act for whoever opens it."""
    await storage.put(clip, b"<script>", content_type=kind)
    answer = await client.get(URL)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"


async def test_a_file_may_be_read_from_the_bucket_itself(storage: AsyncR2Storage, clip: Key) -> None:
    """By a redirect to a presigned URL; a missing file is answered here."""
    app = FastAPI()
    mount(app, storage, user_of, redirect_lifetime=timedelta(minutes=5))
    async with client_of(app) as client:
        missing = await client.get(URL)
        await storage.put(clip, BODY)
        answer = await client.get(URL, params={"download": "a.mp4"})
    assert (missing.status_code, missing.content) == (404, MISSING)
    assert answer.status_code == 307
    assert "response-content-disposition" in urlsplit(answer.headers["location"]).query
    async with httpx2.AsyncClient() as browser:
        assert (await browser.get(answer.headers["location"])).content == BODY


async def test_what_would_run_in_the_page_is_saved_from_the_bucket_too(
    storage: AsyncR2Storage, clip: Key
) -> None:
    """The signed URL has the bucket send it as a download; what may be shown has none of it."""
    app = FastAPI()
    mount(app, storage, user_of, redirect_lifetime=timedelta(minutes=5))
    async with client_of(app) as client:
        await storage.put(clip, b"<script>", content_type="text/html")
        page = await client.get(URL)
        await storage.put(clip, BODY, content_type="video/mp4")
        video = await client.get(URL)
    assert "response-content-disposition=attachment" in urlsplit(page.headers["location"]).query
    assert "response-content-disposition" not in urlsplit(video.headers["location"]).query


async def test_a_version_that_is_required_is_the_one_that_is_deleted(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key
) -> None:
    """Another one stays."""
    e_tag = await storage.put(clip, BODY)
    assert (await client.delete(URL, headers={"If-Match": '"other"'})).status_code == 412
    assert await storage.exists(clip) is Presence.PRESENT
    assert (await client.delete(URL, headers={"If-Match": e_tag})).status_code == 204


async def test_a_file_is_deleted(client: httpx2.AsyncClient, storage: AsyncR2Storage, clip: Key) -> None:
    """Once; then it is missing."""
    await storage.put(clip, BODY)
    assert (await client.delete(URL)).status_code == 204
    assert await storage.exists(clip) is Presence.ABSENT
    answer = await client.delete(URL)
    assert (answer.status_code, answer.content) == (404, MISSING)


async def test_nobody_is_told_that_they_are_not_signed_in_by_a_404(app: FastAPI) -> None:
    """401, before anything is looked at."""
    async with client_of(app, None) as client:
        for answer in [await client.get(URL), await client.delete(URL), await client.post("/storage")]:
            assert (answer.status_code, answer.json()) == (
                401,
                {"error": "not_signed_in", "detail": "Nobody is signed in."},
            )
