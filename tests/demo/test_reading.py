"""Reading a moved file back, and being refused across environments."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from demo import reading
from demo.access import settings_of
from demo.screen import Screen
from layout.access import CredentialScope, scope_for_environment, scope_for_whole_bucket
from layout.environment import Environment
from layout.storage.credentials.minting import local_minter
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare

BODY = b"the clip"
DIGEST = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def parent(cloudflare: LocalCloudflare, bucket: str, s3: S3Client) -> StorageSettings:
    """Return the settings of a token for a bucket that holds a migrated user's file."""
    for key, body in {
        "dev/layout.json": b'{"revision": 1, "scheme": "r2-layout", "written_at": "2026-01-01T00:00:00+00:00",'
        b' "written_by": "test"}',
        "dev/users/a/profiles.json": b'{"default": "1", "profiles": {"1": {"name": null}}}',
        "dev/users/a/selected-profile.json": b'{"profileId": "1"}',
        f"dev/users/a/profiles/1/{reading.PATH}": BODY,
        "prod/layout.json": b"{}",
    }.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    return settings_of({
        "APP_ENV": "dev", "CLOUDFLARE_ACCOUNT_ID": cloudflare.account_id, "R2_JURISDICTION": "default",
        "R2_ENDPOINT": cloudflare.s3_endpoint, "R2_BUCKET": bucket, "R2_ACCESS_KEY_ID": keys.access_key_id,
        "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
    })  # fmt: skip


def _temporary(parent: StorageSettings, scope: CredentialScope) -> StorageSettings:
    minted = local_minter(parent)(scope, timedelta(minutes=5))
    secrets = {"secret_access_key": minted.secret_access_key, "session_token": minted.session_token}
    return parent.model_copy(update={"access_key_id": minted.access_key_id, **secrets})


def _screen() -> tuple[Screen, StringIO]:
    output = StringIO()
    return Screen(Console(file=output, highlight=False, markup=False, emoji=False)), output


def test_a_file_is_read_and_another_environment_refused(parent: StorageSettings) -> None:
    """With a credential for dev/ both statements hold, and the screen shows key, digest and refusal."""
    screen, output = _screen()
    settings = _temporary(parent, scope_for_environment(parent.bucket, Environment.DEV, write=False))
    checks = reading.read_back(screen, settings, DIGEST)
    assert [check.problems for check in checks] == [(), ()]
    text = output.getvalue()
    assert f"  key      dev/users/a/profiles/1/{reading.PATH}\n" in text
    assert f"  SHA-256  {DIGEST}\n" in text
    assert "The same credential asks for prod/layout.json: 403 AccessDenied\n" in text


def test_another_body_and_an_open_door_are_noticed(parent: StorageSettings) -> None:
    """A body that is not the source's, and a credential that reaches prod/, contradict the statements."""
    settings = _temporary(parent, scope_for_whole_bucket(parent.bucket, write=False))
    checks = reading.read_back(_screen()[0], settings, "0" * 64)
    assert [check.problems for check in checks] == [
        (f"SHA-256 is {DIGEST}, the source had {'0' * 64}",),
        ("the credential for dev/ read prod/layout.json",),
    ]
