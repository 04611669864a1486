"""A temporary credential as other programs take it.

| form | for |
|---|---|
| `env` | a shell: the variables of AWS's SDKs and CLI, of tools that read the same, and of s5cmd and rclone |
| `dotenv` | this project's own programs: a `.env` of a job that holds this credential only |
| `json` | scripts |
| `credential-process` | `credential_process` in `~/.aws/config`, which every AWS SDK and CLI understands |
"""

import json
import shlex
from collections.abc import Callable, Mapping

from layout.access import CredentialScope
from layout.storage.credentials.storage_credentials import StorageCredentials
from layout.storage.settings import StorageSettings
from layout.times import write_time

__all__ = ["FORMATS"]


def as_environment(credentials: StorageCredentials, scope: CredentialScope, settings: StorageSettings) -> str:
    """Lines of `export NAME=value` for `eval` in a shell.

    This project's own keys (`R2_ACCESS_KEY_ID` and its like) are not among them: the shell keeps its parent
    token, so that the same line mints the next credential when this one ends.
    """
    secret, token = _secrets(credentials)
    place = {
        "CLOUDFLARE_ACCOUNT_ID": settings.account_id or "",
        "R2_ENDPOINT": settings.endpoint,
        "R2_BUCKET": scope.bucket,
    }
    aws = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
        # boto3 and version 1 of the AWS CLI read only the second name, and presign with SigV2 without it.
        "AWS_REGION": "auto",
        "AWS_DEFAULT_REGION": "auto",
        # The credential opens nothing at AWS, and is not to be sent there by tools that read one of the names.
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_ENDPOINT_URL_S3": settings.endpoint,
        # What is built on the Rust crate object_store (polars, delta-rs) refuses http without it.
        "AWS_ALLOW_HTTP": "" if settings.is_encrypted else "true",
        # The AWS CLI's default checksum form has been refused by R2.
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
    }
    tools = {
        "S3_ENDPOINT_URL": settings.endpoint,
        "RCLONE_CONFIG_R2_TYPE": "s3",
        "RCLONE_CONFIG_R2_PROVIDER": "Cloudflare",
        "RCLONE_CONFIG_R2_ENV_AUTH": "true",
        "RCLONE_CONFIG_R2_REGION": "auto",
        "RCLONE_CONFIG_R2_ENDPOINT": settings.endpoint,
        # An object credential may not ask for the bucket itself.
        "RCLONE_CONFIG_R2_NO_CHECK_BUCKET": "true",
    }
    return "\n".join(f"export {line}" for line in _assignments({**place, **aws, **tools}))


def as_dotenv(credentials: StorageCredentials, scope: CredentialScope, settings: StorageSettings) -> str:
    """Lines of `NAME=value`: all that `layout.storage.settings` reads."""
    secret, token = _secrets(credentials)
    values = {
        "APP_ENV": settings.app_env.value,
        "CLOUDFLARE_ACCOUNT_ID": settings.account_id or "",
        "R2_JURISDICTION": settings.jurisdiction,
        "R2_ENDPOINT": settings.endpoint,
        "R2_BUCKET": scope.bucket,
        "R2_ACCESS_KEY_ID": credentials.access_key_id,
        "R2_SECRET_ACCESS_KEY": secret,
        "R2_SESSION_TOKEN": token,
    }
    return "\n".join(_assignments(values))


def as_json(credentials: StorageCredentials, scope: CredentialScope, settings: StorageSettings) -> str:
    """One object; `prefixes` is empty for the whole bucket."""
    secret, token = _secrets(credentials)
    content = {
        "access_key_id": credentials.access_key_id,
        "secret_access_key": secret,
        "session_token": token,
        "expires_at": _expiration(credentials),
        "endpoint": settings.endpoint,
        "bucket": scope.bucket,
        "permission": scope.permission.value,
        "prefixes": list(scope.prefixes),
    }
    return json.dumps(content, indent=2)


def as_credential_process(
    credentials: StorageCredentials, _scope: CredentialScope, _settings: StorageSettings
) -> str:
    """Version 1 of the form that AWS documents under "Sourcing credentials with an external process"."""
    secret, token = _secrets(credentials)
    content = {
        "Version": 1,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": secret,
        "SessionToken": token,
        "Expiration": _expiration(credentials),
    }
    return json.dumps(content)


FORMATS: dict[str, Callable[[StorageCredentials, CredentialScope, StorageSettings], str]] = {
    "env": as_environment,
    "dotenv": as_dotenv,
    "json": as_json,
    "credential-process": as_credential_process,
}


def _assignments(values: Mapping[str, str]) -> list[str]:
    return [f"{name}={shlex.quote(value)}" for name, value in values.items() if value]


def _secrets(credentials: StorageCredentials) -> tuple[str, str]:
    token = credentials.session_token
    return credentials.secret_access_key.get_secret_value(), token.get_secret_value() if token else ""


def _expiration(credentials: StorageCredentials) -> str | None:
    end = credentials.expires_at
    return None if end is None else write_time(end)
