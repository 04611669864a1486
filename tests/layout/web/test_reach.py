"""What a user must not reach: answered with the very bytes of a file that is missing."""

from __future__ import annotations

import httpx2
import pytest
from fastapi import FastAPI

from layout.environment import Environment
from layout.errors import ObjectMissingError
from layout.keys import (
    Key,
    backup_key,
    marker_key,
    profiles_key,
    r2_global_key,
    r2_key,
    selected_profile_key,
    temporary_key,
)
from layout.storage.profile_store import AsyncProfileStore
from layout.storage.r2_storage import AsyncR2Storage
from layout.web.mounting import mount
from layout.web.reach import Reach, Use, path_of
from tests.layout.web.conftest import client_of, user_of

pytestmark = pytest.mark.anyio

DEV = Environment.DEV
MISSING = b'{"error":"not_found","detail":"There is no such file."}'
SECRET = [
    r2_key("annabel", "a.mp4", "p1", environment=DEV),
    r2_key("bert", "a.mp4", "p1", environment=DEV),
    profiles_key("bert", environment=DEV),
    marker_key(environment=DEV),
    backup_key("users/anna/a.mp4", environment=DEV),
    temporary_key("uploads/anna/a.json", environment=DEV),
]


@pytest.mark.parametrize("key", SECRET)
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
async def test_what_is_somebody_elses_is_missing(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, key: Key, method: str
) -> None:
    """By every method and both URLs, the same status, headers and bytes as for a path that is free."""
    await storage.put(key, b"secret")
    for prefix in ("/storage/", "/api/v1/storage/") if method != "DELETE" else ("/storage/",):
        answer = await client.request(method, prefix + path_of(key))
        free = await client.request(method, prefix + "users/anna/projects/p/output/free.mp4")
        assert answer.status_code == 404
        assert (answer.content, dict(answer.headers)) == (free.content, dict(free.headers))
        assert method == "HEAD" or answer.content == MISSING
    assert (await storage.get(key)).body == b"secret"


@pytest.mark.parametrize(
    "path",
    [
        "users/anna/../bert/profiles/p1/a.mp4",
        "users/anna/%2e%2e/bert/profiles/p1/a.mp4",
        "users%2Fanna%2F..%2Fbert%2Fprofiles%2Fp1%2Fa.mp4",
        "users/anna/profiles/p1/..%2f..%2f..%2fbert/profiles/p1/a.mp4",
        "..%2fprod/users/anna/profiles.json",
        "prod/users/anna/profiles.json",
        "dev/users/anna/profiles.json",
        "users/ann/profiles.json",
        "users/Anna/profiles.json",
        "users/anna/",
        "users/anna",
        "users//anna/profiles.json",
        "/users/anna/profiles.json",
        "users/anna%00/profiles.json",
        "users/anna/profiles/p1/a%0d%0ab.mp4",
        "users\\anna\\profiles.json",
        "%ff%fe",
        "",
        "a" * 2_000,
    ],
)
async def test_no_spelling_leads_out(client: httpx2.AsyncClient, storage: AsyncR2Storage, path: str) -> None:
    """Traversal plain and encoded, other environments, siblings whose id is a prefix, what no key can be."""
    await storage.put(r2_key("bert", "a.mp4", "p1", environment=DEV), b"secret")
    answer = await client.get(f"/storage/{path}")
    assert (answer.status_code, answer.content) == (404, MISSING)


@pytest.mark.parametrize(
    "path",
    [
        "users/anna/profiles.json",
        "users/anna/selected-profile.json",
        "users/anna/profiles/{profile}/database.sqlite",
        "users/anna/profiles/{profile}/notes.db",
        "users/anna/profiles/{profile}/cache/other.sqlite-wal",
        "games/0f.mp4",
        "users/bert/profiles/p1/a.mp4",
        "backups/a",
        "layout.json",
    ],
)
async def test_what_is_not_a_users_to_write_is_not_written(
    client: httpx2.AsyncClient, storage: AsyncR2Storage, path: str
) -> None:
    """Profile documents and databases are written by the layout itself, shared games by whom the application names."""
    profile = (await AsyncProfileStore(storage).ensure("anna")).default
    path = path.format(profile=profile)
    answer = await client.post("/storage", data={"path": path}, files={"file": ("a", b"x")})
    assert (answer.status_code, answer.content) == (404, MISSING)
    answer = await client.delete(f"/storage/{path}")
    assert (answer.status_code, answer.content) == (404, MISSING)
    answer = await client.post("/storage/uploads", json={"path": path, "size": 1})
    assert (answer.status_code, answer.content) == (404, MISSING)


async def test_a_profile_that_the_user_does_not_have_is_not_written(client: httpx2.AsyncClient) -> None:
    """A late upload must not bring a deleted profile back."""
    answer = await client.post(
        "/storage", data={"path": "users/anna/profiles/gone/a.mp4"}, files={"file": ("a", b"x")}
    )
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "no_profile", "detail": "The user has no such profile."},
    )


async def test_games_are_read_by_all_and_written_by_whom_the_application_names(
    storage: AsyncR2Storage,
) -> None:
    """A setting of the application."""
    app = FastAPI()
    mount(app, storage, user_of, may_write_shared=lambda user: user == "anna")
    async with client_of(app) as anna, client_of(app, "bert") as bert:
        for client, status in ((bert, 404), (anna, 201)):
            answer = await client.post(
                "/storage", data={"path": "games/0f.mp4"}, files={"file": ("a", b"game")}
            )
            assert answer.status_code == status
        assert (await bert.get("/storage/games/0f.mp4")).content == b"game"
        assert (await bert.delete("/storage/games/0f.mp4")).status_code == 404


async def test_every_row_of_the_scheme_has_its_answer(storage: AsyncR2Storage) -> None:
    """Who may read and who may write, by one key of each row."""
    keys = {
        marker_key(environment=DEV): (),
        r2_global_key("0f.mp4", environment=DEV): (Use.READ,),
        profiles_key("anna", environment=DEV): (Use.READ,),
        selected_profile_key("anna", environment=DEV): (Use.READ,),
        r2_key("anna", "a.mp4", "p1", environment=DEV): (Use.READ, Use.WRITE),
        storage.get_file_path("anna", "p", "s", "audio", "a.mp3"): (Use.READ, Use.WRITE),
        temporary_key("a", environment=DEV): (),
        backup_key("a", environment=DEV): (),
    }
    reach, found = Reach(storage), {}
    for key in keys:
        allowed = []
        for use in Use:
            try:
                reach.key(path_of(key), "anna", use)
            except ObjectMissingError:
                continue
            allowed.append(use)
        found[key] = tuple(allowed)
    assert found == keys
