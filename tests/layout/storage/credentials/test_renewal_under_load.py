"""Credentials that end while requests go on: the local R2 refuses an ended one, so none may be used.

The local clock runs ahead of real time here, within the 15 minutes that R2 tolerates between a request's
time and its own. So these credentials live 40 seconds, less than the minute that minting allows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from layout.access import CredentialScope, scope_for_environment
from layout.environment import Environment
from layout.errors import AccessDeniedError
from layout.keys import r2_key
from layout.storage.clients import object_store, s3_client
from layout.storage.credentials.renewing import RenewingCredentials
from layout.storage.credentials.signing import Parent, sign
from layout.storage.credentials.storage_credentials import StorageCredentials
from layout.storage.error_translation import storage_errors
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

LIFETIME = timedelta(seconds=40)
KEY = r2_key("anna", "a.txt", "a1b2c3d4", environment=Environment.DEV)


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloudflare]:
    """One of its own, whose clock may be advanced."""
    from local_cloudflare.cloudflare import LocalCloudflare

    with LocalCloudflare(tmp_path_factory.mktemp("renewal"), buckets=["films"]) as started:
        yield started


@pytest.fixture
def settings(running: LocalCloudflare) -> StorageSettings:
    """The parent token."""
    keys = running.s3_keys("Workers R2 Storage Bucket Item Write", bucket="films")
    return StorageSettings(
        account_id=running.account_id,
        endpoint=running.s3_endpoint,
        bucket="films",
        access_key_id=keys.access_key_id,
        secret_access_key=keys.secret_access_key,
    )


class Renewals:
    """Signs on the local clock, and counts."""

    def __init__(self, running: LocalCloudflare, settings: StorageSettings) -> None:
        self._clock = running.clock
        self._parent = Parent(
            running.account_id,
            settings.access_key_id,
            settings.secret_access_key,
            urlsplit(settings.endpoint).netloc,
        )
        self.minted = 0
        scope = scope_for_environment("films", Environment.DEV, write=True)
        self.credentials = RenewingCredentials(self._mint, scope, LIFETIME, now=self._clock.now)

    def in_real_time(self) -> StorageCredentials:
        """The credential with its end on this machine's clock, by which obstore keeps it."""
        found = self.credentials()
        assert found.expires_at is not None
        return replace(found, expires_at=found.expires_at - self._clock.offset)

    def _mint(self, scope: CredentialScope, lifetime: timedelta) -> StorageCredentials:
        self.minted += 1
        issued_at = int(self._clock.now().timestamp())
        return sign(
            self._parent,
            scope.bucket,
            issued_at=issued_at,
            expires_at=issued_at + int(lifetime.total_seconds()),
            scope=scope.permission.value,
            prefixes=scope.prefixes,
        )


def _statuses(running: LocalCloudflare) -> list[int]:
    """Of all requests so far; the last one is logged a moment after its answer."""
    end = time.monotonic() + 10
    while len(list(running.s3.requests)) < 1_000 and time.monotonic() < end:
        time.sleep(0.01)
    return [request.status for request in running.s3.requests]


def test_an_ended_credential_is_refused(running: LocalCloudflare, settings: StorageSettings) -> None:
    """What the other tests rely on: without a renewal the requests would fail."""
    fixed = Renewals(running, settings).credentials()
    client = s3_client(settings, credentials=lambda: fixed)
    client.put_object(Bucket="films", Key=KEY, Body=b"x")
    running.clock.advance(LIFETIME)
    with pytest.raises(AccessDeniedError), storage_errors("films", KEY):
        client.get_object(Bucket="films", Key=KEY)


def test_boto3_makes_1000_requests_over_20_lives_without_a_failure(
    running: LocalCloudflare, settings: StorageSettings
) -> None:
    """Each request as the server saw it: none was refused, none repeated."""
    renewals = Renewals(running, settings)
    client = s3_client(settings, credentials=renewals.credentials)
    client.put_object(Bucket="films", Key=KEY, Body=b"x")
    for number in range(999):
        if number % 10 == 0:
            running.clock.advance(timedelta(seconds=8.5))
        client.head_object(Bucket="films", Key=KEY)
    assert _statuses(running) == [200] * 1_000
    assert renewals.minted > 20


def test_obstore_makes_1000_requests_over_20_lives_without_a_failure(
    running: LocalCloudflare, settings: StorageSettings
) -> None:
    """Half of them from sync code, half from async code; one store serves both."""
    renewals = Renewals(running, settings)
    store = object_store(settings, credentials=renewals.in_real_time)
    store.put(KEY, b"x")

    async def many() -> None:
        await asyncio.gather(*(store.head_async(KEY) for _ in range(6)))

    for _ in range(83):
        # obstore asks for a credential that ends soon ten times a second at most.
        time.sleep(0.1)
        running.clock.advance(timedelta(seconds=8))
        for _ in range(6):
            store.head(KEY)
        asyncio.run(many())
    store.head(KEY)
    store.head(KEY)
    store.head(KEY)
    assert _statuses(running) == [200] * 1_000
    assert renewals.minted > 20
