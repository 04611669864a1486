"""Settings without a bucket behind them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from layout.storage.r2_storage import R2Storage
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from local_cloudflare.r2.faults import Faults

ACCOUNT = "0123456789abcdef0123456789abcdef"
PARENT_ID = "fedcba9876543210fedcba9876543210"
PARENT_SECRET = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def _no_ambient_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test depends on the variables or the .env of whoever runs it."""
    for name in [
        *(str(item.validation_alias) for item in StorageSettings.model_fields.values()),
        "AWS_PROFILE",
    ]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def settings() -> StorageSettings:
    """A parent token in the settings; nothing listens at the endpoint."""
    return StorageSettings(
        account_id=ACCOUNT,
        bucket="films",
        access_key_id=PARENT_ID,
        secret_access_key=PARENT_SECRET,
    )


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
def storage(local: StorageSettings) -> R2Storage:
    """The storage of dev in that bucket, with the token itself."""
    return R2Storage(local)


@pytest.fixture
def faults(cloudflare: LocalCloudflare) -> Iterator[Faults]:
    """Rules for the keys of a test; they are gone after it."""
    yield cloudflare.s3.faults
    cloudflare.s3.faults.clear()
