"""Who may do what during the demonstration: settings from the account, a stack, or a minted credential."""

import hashlib
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from demo.running import Endpoints
from layout.storage.settings import StorageSettings
from local_cloudflare.sdk import sdk
from tests.data.flat_bucket.legacy_data import BUCKET

_NO_SESSION = {"R2_SESSION_TOKEN": None}


def account_settings(endpoints: Endpoints) -> StorageSettings:
    """Return the settings of `account_variables`, for the bucket that moves first."""
    return settings_of(account_variables(endpoints, BUCKET))


def account_variables(endpoints: Endpoints, bucket: str) -> dict[str, str]:
    """Return variables that open a bucket, from the account's own API token.

    The S3 key of a token is its id, the S3 secret the SHA-256 of its value (R2 docs, `api/tokens`).

    Raises:
        cloudflare.APIError: The control API refused.
    """
    with sdk(api_token=endpoints.api_token, base_url=endpoints.api_url) as api:
        token = api.accounts.tokens.verify(account_id=endpoints.account_id)
    return {
        "APP_ENV": "dev",
        "CLOUDFLARE_ACCOUNT_ID": endpoints.account_id,
        "R2_JURISDICTION": "default",
        "R2_ENDPOINT": endpoints.s3_endpoint,
        "R2_BUCKET": bucket,
        "R2_ACCESS_KEY_ID": token.id if token else "",
        "R2_SECRET_ACCESS_KEY": hashlib.sha256(endpoints.api_token.encode()).hexdigest(),
    }  # fmt: skip


def read_variables(path: Path) -> dict[str, str]:
    """Return the variables of a file of ``NAME=value`` or ``export NAME=value`` lines.

    Raises:
        FileNotFoundError: There is no such file.
    """
    lines = StringIO(path.read_text(encoding="utf-8"))
    found = dotenv_values(stream=lines, interpolate=False)
    return {name: value for name, value in found.items() if value is not None}


def settings_of(variables: Mapping[str, str]) -> StorageSettings:
    """Return settings of these variables only: neither this process's environment nor an `.env` has a say."""
    return StorageSettings(_env_file=None, **(_NO_SESSION | dict(variables)))  # type: ignore[arg-type]
