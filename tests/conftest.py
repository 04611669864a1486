"""Fixtures that every test may use: a running local Cloudflare, a fresh bucket in it, clients for it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from pydantic import SecretStr

from layout import environment
from tests.matrix.summary import pytest_terminal_summary  # noqa: F401 - a hook, which must stand here to be called

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare

# How quick the machine is decides no test.
settings.register_profile("r2-layout", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("r2-layout")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--live-mongo` asks a real MongoDB what the tests' own server answers otherwise."""
    parser.addoption(
        "--live-mongo",
        action="store_true",
        help="run the tests of references against the server at MONGODB_URI",
    )


@pytest.fixture(autouse=True)
def own_environment_name() -> Iterator[None]:
    """What one test settles about APP_ENV is not the next one's."""
    before, environment._taken_for_dev = os.environ.get(environment.VARIABLE), False
    yield
    os.environ.pop(environment.VARIABLE, None)
    if before is not None:
        os.environ[environment.VARIABLE] = before


@pytest.fixture(scope="session")
def cloudflare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloudflare]:
    """One running local Cloudflare for the whole session.

    Its clock is everybody's: a test that advances time starts a LocalCloudflare of its own.
    """
    from local_cloudflare.cloudflare import LocalCloudflare

    with LocalCloudflare(tmp_path_factory.mktemp("cloudflare")) as running:
        yield running


@pytest.fixture
def bucket(cloudflare: LocalCloudflare) -> str:
    """The name of a bucket that is empty and used by no other test."""
    name = f"test-{uuid.uuid4().hex[:16]}"
    cloudflare.store.create_bucket(name)
    return name


@pytest.fixture(scope="session")
def s3(cloudflare: LocalCloudflare) -> Iterator[S3Client]:
    """The project's boto3 client with an admin token of its own, for every bucket of the local account."""
    from layout.storage.clients import s3_client
    from layout.storage.settings import StorageSettings

    keys = cloudflare.s3_keys("Workers R2 Storage Write")
    client = s3_client(
        StorageSettings(
            _env_file=None,
            account_id=cloudflare.account_id,
            endpoint=cloudflare.s3_endpoint,
            bucket="named-in-each-request",
            access_key_id=keys.access_key_id,
            secret_access_key=SecretStr(keys.secret_access_key),
        )
    )
    yield client
    client.close()
