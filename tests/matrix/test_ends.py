"""How credentials end, and what ends with them, as docs/security.md says it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from layout.access import BACKEND, scope_for_user
from layout.environment import Environment
from layout.keys import profiles_key
from layout.storage.clients import s3_client
from layout.storage.credentials.minting import local_minter
from layout.storage.credentials.storage_credentials import StorageCredentials
from layout.storage.settings import StorageSettings
from local_cloudflare.cloudflare import LocalCloudflare
from tests.matrix.areas import BUCKET, USERS

KEY = profiles_key(USERS[0], environment=Environment.DEV)
DAY = timedelta(days=1)


@dataclass
class House:
    """A local Cloudflare of its own, whose time may be advanced, with one object in it."""

    cloudflare: LocalCloudflare

    def token(self) -> StorageSettings:
        """A new backend token."""
        keys = self.cloudflare.s3_keys(BACKEND.permission_group, bucket=BUCKET)
        return StorageSettings(
            _env_file=None,
            account_id=self.cloudflare.account_id,
            endpoint=self.cloudflare.s3_endpoint,
            bucket=BUCKET,
            access_key_id=keys.access_key_id,
            secret_access_key=SecretStr(keys.secret_access_key),
        )

    def url(self, token: StorageSettings, lifetime: timedelta) -> str:
        """A URL for a day, signed with a user's credential that was minted from a token."""
        scope = scope_for_user(BUCKET, Environment.DEV, USERS[0], write=False)
        minted: StorageCredentials = local_minter(token)(scope, lifetime)
        client = s3_client(token, credentials=lambda: minted)
        url = client.generate_presigned_url(
            "get_object", {"Bucket": BUCKET, "Key": KEY}, int(DAY.total_seconds())
        )
        client.close()
        return url


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """One object in one bucket."""
    with LocalCloudflare(tmp_path / "cloudflare", buckets=[BUCKET]) as cloudflare:
        new = House(cloudflare)
        client = s3_client(new.token())
        client.put_object(Bucket=BUCKET, Key=KEY, Body=b"{}")
        client.close()
        yield new


def _status(url: str) -> int:
    return httpx.get(url, trust_env=False).status_code


def test_a_presigned_url_dies_with_the_credential_that_signed_it(house: House) -> None:
    """One for a day, signed with a credential for an hour, opens nothing after the hour."""
    token = house.token()
    short, long = house.url(token, timedelta(hours=1)), house.url(token, DAY)
    assert (_status(short), _status(long)) == (200, 200)
    house.cloudflare.clock.advance(timedelta(hours=1, seconds=1))
    assert (_status(short), _status(long)) == (401, 200)


def test_deleting_a_token_ends_all_that_was_minted_from_it(house: House) -> None:
    """Its children and their presigned URLs at once; those of another token go on."""
    deleted, kept = house.token(), house.token()
    urls = [house.url(deleted, DAY), house.url(deleted, DAY), house.url(kept, DAY)]
    assert [_status(url) for url in urls] == [200, 200, 200]
    answer = httpx.delete(
        f"{house.cloudflare.api_url}/accounts/{house.cloudflare.account_id}/tokens/{deleted.access_key_id}",
        headers={"Authorization": f"Bearer {house.cloudflare.api_token}"},
        trust_env=False,
    )
    assert answer.status_code == 200
    assert [_status(url) for url in urls] == [401, 401, 200]
