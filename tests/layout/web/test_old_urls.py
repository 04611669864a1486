"""The URLs of an application before the layout keep answering."""

from __future__ import annotations

from urllib.parse import quote

import httpx2
import pytest

from layout.keys import MediaType
from layout.storage.r2_storage import AsyncR2Storage

pytestmark = pytest.mark.anyio

MISSING = b'{"error":"not_found","detail":"There is no such file."}'


async def test_a_path_that_is_encoded_as_a_whole(client: httpx2.AsyncClient, storage: AsyncR2Storage) -> None:
    """As `encodeURIComponent` does it: the slashes too."""
    key = storage.get_file_path("anna", "p1", "s1", "media", "Tor 1.mp4")
    await storage.put(key, b"film")
    path = "users/anna/projects/p1/scenes/s1/media/Tor 1.mp4"
    for spelled in (quote(path, safe=""), quote(path)):
        answer = await client.get(f"/api/v1/storage/{spelled}")
        assert (answer.status_code, answer.content) == (200, b"film")
        assert (await client.head(f"/api/v1/storage/{spelled}")).headers["content-length"] == "4"


@pytest.mark.parametrize(
    ("kind", "name"), [("audio", "a.mp3"), ("media", "a.mp4"), ("media", "a.mp3"), ("audio", "a")]
)
async def test_a_media_url_finds_the_file(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, kind: MediaType, name: str
) -> None:
    """Whichever kind it is stored as; by ranges too."""
    await storage.put(storage.get_file_path("anna", "p1", "s1", kind, name), b"0123456789")
    answer = await client.get(f"/api/v1/media/p1/s1/{name}", headers={"Range": "bytes=2-4"})
    assert (answer.status_code, answer.content) == (206, b"234")
    assert (await client.head(f"/api/v1/media/p1/s1/{name}")).status_code == 200


async def test_a_media_url_is_of_the_user_who_is_signed_in(
    client: httpx2.AsyncClient, storage: AsyncR2Storage
) -> None:
    """Another user's file of the same name is not theirs."""
    await storage.put(storage.get_file_path("bert", "p1", "s1", "media", "a.mp4"), b"film")
    for name in ("a.mp4", "..%2f..%2fa.mp4", "%0a"):
        answer = await client.get(f"/api/v1/media/p1/s1/{name}")
        assert (answer.status_code, answer.content) == (404, MISSING)


async def test_a_download_name_that_cannot_be_one_is_refused(
    client: httpx2.AsyncClient, storage: AsyncR2Storage
) -> None:
    """At the old URLs as at the new one."""
    await storage.put(storage.get_file_path("anna", "p1", "s1", "media", "a.mp4"), b"film")
    path = quote("users/anna/projects/p1/scenes/s1/media/a.mp4", safe="")
    for url in (f"/api/v1/storage/{path}", "/api/v1/media/p1/s1/a.mp4"):
        named = await client.get(url, params={"download": "b.mp4"})
        assert named.headers["content-disposition"] == 'attachment; filename="b.mp4"'
        answer = await client.get(url, params={"download": "a/b"})
        assert (answer.status_code, answer.json()) == (
            422,
            {"error": "download_name", "detail": "The download name cannot be one of a file."},
        )
