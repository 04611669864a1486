"""Who may do what during the demonstration: a token as parent, and temporary credentials for each job."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cloudflare import Cloudflare
from pydantic import SecretStr

from infra.local.demo.legacy_data import BUCKET
from infra.local.demo.running import Endpoints
from layout.access import CredentialScope
from layout.environment import Environment
from layout.storage.minting import local_minter
from layout.storage.settings import StorageSettings

_LIFETIME = timedelta(hours=1)  # the most that a whole bucket may be opened for


def bootstrap_settings(endpoints: Endpoints) -> StorageSettings:
    """Return settings that open every bucket, from the account's own API token.

    The S3 key of a token is its id, the S3 secret the SHA-256 of its value (R2 docs, `api/tokens`).

    Raises:
        cloudflare.APIError: The control API refused.
    """
    with Cloudflare(api_token=endpoints.api_token, base_url=endpoints.api_url) as api:
        token = api.accounts.tokens.verify(account_id=endpoints.account_id)
    return _settings(
        account_id=endpoints.account_id,
        endpoint=endpoints.s3_endpoint,
        access_key_id=token.id if token else "",
        secret_access_key=hashlib.sha256(endpoints.api_token.encode()).hexdigest(),
    )


def stack_settings(outputs: Mapping[str, Any]) -> StorageSettings:
    """Return settings with a stack's backend token, from the stack's outputs with secrets."""
    return _settings(
        app_env=Environment(outputs["environment"]),
        account_id=outputs["account_id"],
        endpoint=outputs["s3_endpoint"],
        bucket=outputs["bucket_name"],
        jurisdiction=outputs["jurisdiction"],
        access_key_id=outputs["backend_access_key_id"],
        secret_access_key=outputs["backend_secret_access_key"],
    )


def temporary(parent: StorageSettings, scope: CredentialScope) -> StorageSettings:
    """Return settings with a temporary credential of that scope, minted from the token in `parent`.

    Raises:
        CredentialsError: The scope or the parent is not one that can be minted.
    """
    minted = local_minter(parent)(scope, _LIFETIME)
    return parent.model_copy(
        update={
            "access_key_id": minted.access_key_id,
            "secret_access_key": minted.secret_access_key,
            "session_token": minted.session_token,
        }
    )


def variables(settings: StorageSettings) -> dict[str, str]:
    """Return settings as the environment variables that every script of this project reads."""
    token = settings.session_token
    return {
        "APP_ENV": settings.app_env.value,
        "CLOUDFLARE_ACCOUNT_ID": settings.account_id or "",
        "R2_ENDPOINT": settings.endpoint,
        "R2_BUCKET": settings.bucket,
        "R2_JURISDICTION": settings.jurisdiction,
        "R2_ACCESS_KEY_ID": settings.access_key_id,
        "R2_SECRET_ACCESS_KEY": settings.secret_access_key.get_secret_value(),
        "R2_SESSION_TOKEN": token.get_secret_value() if token else "",
    }


def _settings(*, secret_access_key: str, **values: Any) -> StorageSettings:
    """Return settings of these values only: neither this process's environment nor an `.env` has a say."""
    given = {"app_env": Environment.DEV, "bucket": BUCKET, "jurisdiction": "default", "session_token": None}
    secret = SecretStr(secret_access_key)
    return StorageSettings(_env_file=None, **(given | values), secret_access_key=secret)
