"""What the requests of scripts/migrate.py carry, by the log of the server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.access import scope_for_whole_bucket
from layout.storage.clients import s3_client
from layout.storage.credentials.minting import local_minter
from layout.storage.settings import StorageSettings, load_settings
from scripts.migrate import main
from tests.data.flat_bucket.names import game_key
from tests.operator_environment import become_operator

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

Scopes = Callable[..., set[str]]

READ = "temporary object-read-only on {}: *"
WRITE = "temporary object-read-write on {}: *"


@pytest.fixture
def parent(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> StorageSettings:
    """A token for a bucket with one old object, in the environment of an operator with an account id."""
    become_operator(cloudflare, bucket, monkeypatch, tmp_path, group="Workers R2 Storage Bucket Item Write")
    settings = load_settings()
    client = s3_client(settings)
    client.put_object(Bucket=bucket, Key=game_key(1), Body=b"game")
    client.close()
    return settings


@pytest.fixture
def scopes(cloudflare: LocalCloudflare, parent: StorageSettings) -> Scopes:
    """Runs a command and gives the scopes of the credentials that came with its requests."""

    def run(*arguments: str) -> set[str]:
        before = max((record.number for record in cloudflare.s3.requests), default=0)
        assert main(list(arguments)) == 0
        asked = [found for found in cloudflare.s3.requests.after(before) if found.bucket == parent.bucket]
        return {found.scope for found in asked}

    return run


def test_a_parent_token_is_never_sent(scopes: Scopes, bucket: str) -> None:
    """Each request carries a temporary credential, which only reads unless the command is to write."""
    files = ["--plan", "plan.sqlite", "--verdict", "verdict.json"]
    read, write = {READ.format(bucket)}, {WRITE.format(bucket)}
    assert scopes("list") == read
    assert scopes("plan", "flat", "--plan", "plan.sqlite") == read
    assert scopes("copy", "--plan", "plan.sqlite") == set()
    assert scopes("copy", "--plan", "plan.sqlite", "--execute") == write
    assert scopes("verify", *files) == read
    assert scopes("mark", *files) == read
    assert scopes("mark", *files, "--execute") == write
    deletion = ["delete", *files, "--bucket", bucket, "--min-age", "0"]
    assert scopes(*deletion) == read
    assert scopes(*deletion, "--execute") == write


def test_a_temporary_credential_is_used_as_it_is(
    scopes: Scopes, parent: StorageSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot mint another; here it may write, though a plan only reads."""
    scope = scope_for_whole_bucket(parent.bucket, write=True)
    minted = local_minter(parent)(scope, timedelta(minutes=5))
    assert minted.session_token is not None
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", minted.secret_access_key.get_secret_value())
    monkeypatch.setenv("R2_SESSION_TOKEN", minted.session_token.get_secret_value())
    assert scopes("plan", "flat", "--plan", "plan.sqlite") == {WRITE.format(parent.bucket)}


def test_without_an_account_id_the_token_is_used(
    scopes: Scopes, parent: StorageSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signing a temporary credential needs the account's id."""
    monkeypatch.delenv("CLOUDFLARE_ACCOUNT_ID")
    assert scopes("plan", "flat", "--plan", "plan.sqlite") == {f"object-read-write on {parent.bucket}"}
