"""The profile and the databases of a request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from fastapi import Depends, FastAPI, HTTPException
from pydantic import SecretStr
from starlette.requests import HTTPConnection
from starlette.responses import StreamingResponse

from layout.context import current_profile, use_no_profile, use_profile
from layout.documents.profiles import Profile
from layout.errors import NoProfileError
from layout.storage.clients import settings_credentials
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import AsyncR2Storage, R2Storage
from layout.storage.settings import StorageSettings
from layout.sync.database_sync import DatabaseSync, Durability
from layout.times import current_time
from layout.web.mounting import mount
from tests.layout.web.conftest import client_of, user_of

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

pytestmark = pytest.mark.anyio


def _notes(app: FastAPI, databases: DatabaseSync) -> FastAPI:
    """A small application that keeps notes in the current profile's database."""

    @app.get("/profile")
    async def profile() -> str:
        return current_profile().profile_id

    @app.get("/streamed")
    async def streamed() -> StreamingResponse:
        async def body() -> AsyncIterator[str]:
            yield current_profile().profile_id

        return StreamingResponse(body())

    @app.post("/notes")
    def add(text: str, user: str | None = None) -> int:
        current = current_profile()
        owner = user or current.user_id
        profile_id = current.profile_id if user is None else _default(databases, user)
        with databases.connection(owner, profile_id) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS notes (text TEXT)")
            connection.execute("INSERT INTO notes VALUES (?)", (text,))
            (count,) = connection.execute("SELECT count(*) FROM notes").fetchone()
        return int(count)

    @app.get("/notes")
    def notes() -> list[str]:
        current = current_profile()
        with databases.connection(current.user_id, current.profile_id) as connection:
            return [text for (text,) in connection.execute("SELECT text FROM notes").fetchall()]

    return app


_defaults: dict[str, str] = {}


def _default(_: DatabaseSync, user: str) -> str:
    return _defaults[user]


@pytest.fixture
def noted(storage: AsyncR2Storage, databases: DatabaseSync) -> FastAPI:
    """The application, mounted with its databases."""
    app = FastAPI()
    mount(app, storage, user_of, databases=databases)
    return _notes(app, databases)


@pytest.fixture
async def client(noted: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the user anna."""
    async with client_of(noted) as made:
        yield made


@pytest.fixture
def profiles(local: StorageSettings) -> Iterator[ProfileStore]:
    """The registry, as another process has it."""
    with R2Storage(local) as storage:
        yield ProfileStore(storage)


async def test_a_new_user_works_in_the_default_profile(
    client: httpx2.AsyncClient, profiles: ProfileStore
) -> None:
    """It is made at the first request."""
    found = (await client.get("/profile")).json()
    assert profiles.read("anna").default == found


async def test_a_request_names_its_profile(client: httpx2.AsyncClient, profiles: ProfileStore) -> None:
    """Else it is the one that the user chose last."""
    default = profiles.ensure("anna").default
    profiles.update("anna", lambda found: found.with_profile("second", Profile(name="Second")))
    assert (await client.get("/profile")).json() == default
    assert (await client.get("/profile", headers={"X-Profile-Id": "second"})).json() == "second"


@pytest.mark.parametrize("named", ["gone", "..", "a/b", "x" * 300])
async def test_a_profile_that_the_user_does_not_have_is_an_error(
    client: httpx2.AsyncClient, profiles: ProfileStore, named: str
) -> None:
    """A browser keeps the id of a profile that was deleted; it is never made."""
    profiles.ensure("anna")
    answer = await client.get("/profile", headers={"X-Profile-Id": named})
    assert answer.status_code == 404
    assert len(profiles.read("anna").profiles) == 1


async def test_the_profile_is_there_in_a_streamed_body(client: httpx2.AsyncClient) -> None:
    """Which is made after the handler has returned."""
    assert (await client.get("/streamed")).text == (await client.get("/profile")).json()


async def test_what_a_plain_dependency_sets_is_lost() -> None:
    """Why there is a middleware: such a dependency runs in a copy of the context."""
    app = FastAPI()

    def chosen() -> Iterator[None]:
        with use_profile("anna", "p1"):
            yield

    @app.get("/profile", dependencies=[Depends(chosen)])
    async def profile() -> str:
        try:
            return current_profile().profile_id
        except NoProfileError:
            return "none"

    with use_no_profile():
        async with client_of(app) as client:
            assert (await client.get("/profile")).json() == "none"


async def test_the_profile_ends_with_the_request(client: httpx2.AsyncClient) -> None:
    """Nothing of it is left for who comes next."""
    with use_no_profile():
        await client.get("/profile")
        with pytest.raises(NoProfileError):
            current_profile()


async def test_two_users_at_once_do_not_meet(noted: FastAPI) -> None:
    """Each request has its own profile and database."""
    async with client_of(noted, "anna") as anna, client_of(noted, "bert") as bert:
        await asyncio.gather(
            *(who.post("/notes", params={"text": name}) for who, name in [(anna, "a"), (bert, "b")])
        )
        for _ in range(5):
            answers = await asyncio.gather(anna.get("/notes"), bert.get("/notes"))
            assert [answer.json() for answer in answers] == [["a"], ["b"]]


async def test_a_written_database_is_in_the_bucket_before_the_answer(
    client: httpx2.AsyncClient, local: StorageSettings, tmp_path: Path
) -> None:
    """Another machine, with an empty disk, has the note."""
    answer = await client.post("/notes", params={"text": "goal"})
    assert (answer.status_code, answer.headers["x-sync-status"]) == (200, "clean")
    profile = (await client.get("/profile")).json()
    assert await asyncio.to_thread(_texts_elsewhere, local, tmp_path / "elsewhere", "anna", profile) == [
        "goal"
    ]


def _texts_elsewhere(settings: StorageSettings, base: Path, user: str, profile: str) -> list[str]:
    with (
        R2Storage(settings) as storage,
        DatabaseSync(storage, profiles=None, base=base) as databases,
        databases.connection(user, profile) as connection,
    ):
        return [text for (text,) in connection.execute("SELECT text FROM notes").fetchall()]


async def test_the_requests_of_a_request(client: httpx2.AsyncClient, cloudflare: LocalCloudflare) -> None:
    """Reading costs none once warm, writing one."""
    await client.post("/notes", params={"text": "goal"})
    for method, expected in [("GET", []), ("POST", ["PutObject"]), ("GET", [])]:
        last = max(record.number for record in cloudflare.s3.requests)
        await client.request(method, "/notes", params={"text": "more"})
        assert [record.operation for record in cloudflare.s3.requests.after(last)] == expected


async def test_another_users_database_is_stored_too(
    client: httpx2.AsyncClient, profiles: ProfileStore, local: StorageSettings, tmp_path: Path
) -> None:
    """An administrator's gift to another user was once lost with the machine."""
    _defaults["bert"] = profiles.ensure("bert").default
    answer = await client.post("/notes", params={"text": "credits", "user": "bert"})
    assert answer.status_code == 200
    found = await asyncio.to_thread(
        _texts_elsewhere, local, tmp_path / "elsewhere", "bert", _defaults["bert"]
    )
    assert found == ["credits"]


async def test_a_change_that_is_not_stored_is_not_acknowledged(
    storage: AsyncR2Storage, local: StorageSettings, tmp_path: Path
) -> None:
    """The answer is an error, and says that the change is tried again."""
    # One that is about to end is asked for before each request.
    right = replace(settings_credentials(local)(), expires_at=current_time() + timedelta(minutes=1))
    credentials = [right]
    with R2Storage(local, credentials=lambda: credentials[0]) as behind:
        databases = DatabaseSync(behind, profiles=ProfileStore(behind), base=tmp_path / "data")
        app = FastAPI()
        mount(app, storage, user_of, databases=databases)
        async with client_of(_notes(app, databases)) as client:
            await client.post("/notes", params={"text": "goal"})
            credentials[0] = replace(right, secret_access_key=SecretStr("0" * 64))
            answer = await client.post("/notes", params={"text": "late"})
            credentials[0] = right
        await asyncio.to_thread(databases.close)
    assert (answer.status_code, answer.headers["x-sync-status"]) == (503, "failed")
    assert answer.json() == {
        "error": "not_stored",
        "detail": "The change is on this server, but not in the storage yet. It is tried again by itself.",
    }


async def test_a_conflict_is_told(client: httpx2.AsyncClient, local: StorageSettings, tmp_path: Path) -> None:
    """Somebody else wrote first: the change is refused, and the next request works on theirs."""
    await client.post("/notes", params={"text": "first"})
    profile = (await client.get("/profile")).json()
    await asyncio.to_thread(_write_elsewhere, local, tmp_path / "elsewhere", profile)
    answer = await client.post("/notes", params={"text": "mine"})
    assert (answer.status_code, answer.headers["x-sync-status"]) == (409, "conflict")
    assert answer.json() == {
        "error": "conflict",
        "detail": "Another change came first. Load the page again, then make yours once more.",
    }
    assert (await client.get("/notes")).json() == ["first", "theirs"]


def _write_elsewhere(settings: StorageSettings, base: Path, profile: str) -> None:
    with (
        R2Storage(settings) as storage,
        DatabaseSync(storage, profiles=None, base=base) as databases,
        databases.connection("anna", profile) as connection,
    ):
        connection.execute("INSERT INTO notes VALUES ('theirs')")


async def test_nobody_signed_in_has_no_profile(noted: FastAPI) -> None:
    """Such a request passes through."""
    async with client_of(noted, None) as client:
        answer = await client.get("/profile")
    assert (answer.status_code, answer.json()["error"]) == (404, "no_profile")


async def test_a_request_that_does_not_wait_says_so(
    storage: AsyncR2Storage, local: StorageSettings, tmp_path: Path
) -> None:
    """With `Durability.BACKGROUND` the answer comes at once and the header tells that the upload is still to come."""
    with R2Storage(local) as behind:
        databases = DatabaseSync(
            behind, profiles=ProfileStore(behind), base=tmp_path / "data", durability=Durability.BACKGROUND
        )
        app = FastAPI()
        mount(app, storage, user_of, databases=databases)
        async with client_of(_notes(app, databases)) as client:
            answer = await client.post("/notes", params={"text": "goal"})
            assert answer.headers["x-sync-status"] in {"in flight", "pending", "clean"}
            await asyncio.to_thread(databases.close)
            assert (await client.get("/notes")).headers["x-sync-status"] == "clean"


async def test_who_is_refused_by_the_application_gets_its_answer(storage: AsyncR2Storage) -> None:
    """What the application's own dependency raises is answered as in a route."""

    async def refusing(_: HTTPConnection) -> str | None:
        raise HTTPException(403, "Your account is closed.")

    app = FastAPI()
    mount(app, storage, refusing)
    async with client_of(app) as client:
        answer = await client.get("/storage/games/a.mp4")
    assert answer.status_code == 403
    assert answer.json()["detail"] == "Your account is closed."
