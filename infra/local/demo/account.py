"""The state of affairs before the demonstration: an account that already owns a bucket full of user files."""

import hashlib

from cloudflare import Cloudflare
from pydantic import SecretStr

from infra.local.demo.legacy_data import BUCKET, Filled, fill
from infra.local.demo.running import Endpoints
from layout.storage.clients import s3_client
from layout.storage.settings import StorageSettings


def make_legacy_account(endpoints: Endpoints) -> Filled:
    """Create the bucket `reel-ballers-users` through the control API and fill it over S3.

    The S3 key of a Cloudflare token is its id, the S3 secret the SHA-256 of its value
    (Cloudflare's R2 docs, `api/tokens`): the account's own token opens both.

    Raises:
        cloudflare.APIError: The control API refused.
        botocore.exceptions.ClientError: The S3 endpoint refused.
    """
    with Cloudflare(api_token=endpoints.api_token, base_url=endpoints.api_url) as api:
        api.r2.buckets.create(account_id=endpoints.account_id, name=BUCKET)
        token = api.accounts.tokens.verify(account_id=endpoints.account_id)
    settings = token_settings(endpoints, token.id if token else "", endpoints.api_token)
    client = s3_client(settings)
    try:
        return fill(client, BUCKET)
    finally:
        client.close()


def token_settings(endpoints: Endpoints, token_id: str, value: str) -> StorageSettings:
    """Return the settings that open the bucket with a token."""
    return StorageSettings(
        account_id=endpoints.account_id,
        endpoint=endpoints.s3_endpoint,
        bucket=BUCKET,
        access_key_id=token_id,
        secret_access_key=SecretStr(hashlib.sha256(value.encode()).hexdigest()),
        session_token=None,
    )
