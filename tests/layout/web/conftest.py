"""An application with everything mounted, and a client for it that forgets everything between requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import AsyncR2Storage, R2Storage
from layout.storage.settings import StorageSettings
from layout.sync.database_sync import DatabaseSync
from layout.web.mounting import mount

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

Make = Callable[..., FastAPI]


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the async tests."""
    return "asyncio"


@pytest.fixture
def local(cloudflare: LocalCloudflare, bucket: str) -> StorageSettings:
    """A backend token of a fresh bucket in the local Cloudflare; APP_ENV is dev."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    return StorageSettings(
        account_id=cloudflare.account_id,
        endpoint=cloudflare.s3_endpoint,
        bucket=bucket,
        access_key_id=keys.access_key_id,
        secret_access_key=keys.secret_access_key,
    )


@pytest.fixture
async def storage(local: StorageSettings) -> AsyncIterator[AsyncR2Storage]:
    """The storage behind the application."""
    async with AsyncR2Storage(local) as made:
        yield made


@pytest.fixture
async def databases(local: StorageSettings, tmp_path: Path) -> AsyncIterator[DatabaseSync]:
    """The databases behind the application."""
    with R2Storage(local) as storage:
        made = DatabaseSync(storage, profiles=ProfileStore(storage), base=tmp_path / "user_data")
        yield made
        await asyncio.to_thread(made.close)


async def user_of(connection: HTTPConnection) -> str | None:
    """Who is signed in: here, whoever says so."""
    return connection.headers.get("X-User")


@pytest.fixture
def app(storage: AsyncR2Storage) -> FastAPI:
    """An application without databases."""
    made = FastAPI()
    mount(made, storage, user_of)
    return made


def client_of(app: FastAPI, user: str | None = "anna", **options: Any) -> httpx2.AsyncClient:
    """A client in which this user is signed in."""
    headers = {} if user is None else {"X-User": user}
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://test", headers=headers, **options
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the user anna."""
    async with client_of(app) as made:
        yield made
