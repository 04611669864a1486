"""What stops a process before it works on the wrong data."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from layout.access import CredentialScope, scope_for_environment, scope_for_user, scope_for_whole_bucket
from layout.environment import Environment
from layout.errors import AccessDeniedError, MarkerError, SettingsError
from layout.keys import marker_key, r2_key
from layout.storage.credential_reach import check_scope
from layout.storage.credentials.minting import local_minter
from layout.storage.presence import Presence
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import StorageSettings
from layout.storage.startup_checks import ensure_marker, open_storage, read_marker

MARKER = marker_key(environment=Environment.DEV)
CLIP = r2_key("anna", "a.mp4", "a1b2c3d4", environment=Environment.DEV)


def _temporary(settings: StorageSettings, scope: CredentialScope) -> StorageSettings:
    """The settings of a process that holds a temporary credential only."""
    made = local_minter(settings)(scope, timedelta(minutes=10))
    return settings.model_copy(
        update={"secret_access_key": made.secret_access_key, "session_token": made.session_token}
    )


def _dev(settings: StorageSettings, *, write: bool = True) -> StorageSettings:
    return _temporary(settings, scope_for_environment(settings.bucket, Environment.DEV, write))


def test_an_empty_environment_gets_its_marker(local: StorageSettings) -> None:
    """By the first process that starts; it says who, for people."""
    storage = open_storage(_dev(local), written_by="backend 1.2")
    content = json.loads(storage.get(MARKER).body)
    assert (content["revision"], content["scheme"], content["written_by"]) == (1, "r2-layout", "backend 1.2")


def test_the_second_start_changes_nothing(local: StorageSettings) -> None:
    """The marker is checked, not written again."""
    version = open_storage(_dev(local)).get_object_info(MARKER)
    assert open_storage(_dev(local)).get_object_info(MARKER) == version


def test_processes_that_start_together_all_start(local: StorageSettings) -> None:
    """One writes the marker, the others find it."""
    settings = _dev(local)
    with ThreadPoolExecutor(8) as threads:
        storages = list(threads.map(lambda _: open_storage(settings), range(8)))
    assert all(storage.exists(MARKER) is Presence.PRESENT for storage in storages)


def test_data_without_a_marker_stops_the_start(local: StorageSettings) -> None:
    """It is in an old layout, or half migrated; no marker is written over that."""
    storage = R2Storage(local)
    storage.put(CLIP, b"film")
    with pytest.raises(MarkerError) as caught:
        open_storage(_dev(local))
    assert str(caught.value) == "The environment 'dev' holds data, but no marker at 'dev/layout.json'."
    assert storage.exists(MARKER) is Presence.ABSENT


def test_a_newer_marker_stops_the_start(local: StorageSettings) -> None:
    """An old program must not write into a layout that it does not know."""
    storage = R2Storage(local)
    storage.put(MARKER, b'{"revision": 2, "scheme": "r2-layout"}')
    with pytest.raises(MarkerError) as caught:
        open_storage(_dev(local))
    assert str(caught.value) == "The marker 'dev/layout.json' has the revision 2, newer than 1."


@pytest.mark.parametrize(
    ("phase", "message"),
    [
        ("moving", "The environment 'dev' is being moved into this layout."),
        ("rolled back", "The migration of the environment 'dev' was rolled back."),
    ],
)
def test_an_unfinished_migration_stops_the_start(local: StorageSettings, phase: str, message: str) -> None:
    """What it would write would lie beside data that nobody finds; the marker stays as it is."""
    storage = R2Storage(local)
    body = f'{{"revision": 1, "scheme": "r2-layout", "phase": "{phase}"}}'.encode()
    storage.put(MARKER, body)
    with pytest.raises(MarkerError) as caught:
        open_storage(_dev(local))
    assert str(caught.value) == message
    assert storage.get(MARKER).body == body


def test_a_marker_that_cannot_be_read_is_not_a_missing_one(local: StorageSettings) -> None:
    """No answer about the marker is no permission to write it."""
    prod_reader = _temporary(local, scope_for_environment(local.bucket, Environment.PROD, write=True))
    with pytest.raises(AccessDeniedError):
        ensure_marker(R2Storage(prod_reader))
    assert read_marker(R2Storage(local)) is None


@pytest.mark.parametrize("kind", ["environment", "user"])
def test_a_credential_of_another_environment_stops_the_start(local: StorageSettings, kind: str) -> None:
    """Before the first request, and the hint names the command."""
    prod = Environment.PROD
    scope = (
        scope_for_environment(local.bucket, prod, write=True)
        if kind == "environment"
        else scope_for_user(local.bucket, prod, "anna", write=True)
    )
    with pytest.raises(SettingsError) as caught:
        open_storage(_temporary(local, scope))
    opened = {"environment": "'prod/'", "user": "'prod/users/anna/'"}[kind]
    assert str(caught.value) == f"APP_ENV is 'dev', but the credential opens {opened}."
    assert caught.value.hint == (
        "Set APP_ENV to the credential's environment, or mint a credential for this one: "
        "r2-layout credentials mint --env dev"
    )


def test_a_credential_of_one_user_starts_without_the_marker(local: StorageSettings) -> None:
    """It does not reach the marker, so nothing can be checked there."""
    scope = scope_for_user(local.bucket, Environment.DEV, "anna", write=True)
    storage = open_storage(_temporary(local, scope))
    storage.put(CLIP, b"film")
    assert storage.exists(MARKER) is Presence.UNKNOWN


@pytest.mark.parametrize("kind", ["token", "whole bucket", "environment"])
def test_credentials_that_reach_the_environment_are_known(local: StorageSettings, kind: str) -> None:
    """Tokens of the account and whole-bucket credentials open every environment."""
    settings = {
        "token": local,
        "whole bucket": _temporary(local, scope_for_whole_bucket(local.bucket, write=False)),
        "environment": _dev(local),
    }[kind]
    assert check_scope(R2Storage(settings).credentials(), settings) is True


def test_a_reader_of_an_empty_environment_cannot_start_it(local: StorageSettings) -> None:
    """Somebody who may write makes the marker first."""
    with pytest.raises(AccessDeniedError) as caught:
        open_storage(_dev(local, write=False))
    assert caught.value.key == "dev/layout.json"
