"""A temporary credential as other programs take it.

| form | for |
|---|---|
| `env` | a shell: this project's own variables, and those of AWS's SDKs and CLI, s5cmd and rclone |
| `json` | scripts |
| `credential-process` | `credential_process` in `~/.aws/config`, which every AWS SDK and CLI understands |
"""

import json
import re
import shlex
from collections.abc import Callable
from datetime import UTC, timedelta

from layout.access import CredentialScope
from layout.errors import CredentialsError
from layout.storage.credentials.storage_credentials import StorageCredentials
from layout.storage.settings import StorageSettings

__all__ = ["FORMATS", "parse_lifetime"]

_LIFETIME = re.compile(r"(\d{1,7})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_lifetime(text: str) -> timedelta:
    """A lifetime such as `90s`, `15m`, `12h` or `7d`.

    Raises:
        CredentialsError: The text is none.
    """
    match = _LIFETIME.fullmatch(text)
    if match is None:
        raise CredentialsError(
            f"The lifetime {text!r} is not a number followed by s, m, h or d.",
            hint="Use for example 15m, 12h or 7d.",
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def as_environment(credentials: StorageCredentials, scope: CredentialScope, settings: StorageSettings) -> str:
    """Lines of `export NAME=value` for `eval` in a shell."""
    secret, token = _secrets(credentials)
    own = {
        "APP_ENV": settings.app_env.value,
        "CLOUDFLARE_ACCOUNT_ID": settings.account_id or "",
        "R2_JURISDICTION": settings.jurisdiction,
        "R2_ENDPOINT": settings.endpoint,
        "R2_BUCKET": scope.bucket,
        "R2_ACCESS_KEY_ID": credentials.access_key_id,
        "R2_SECRET_ACCESS_KEY": secret,
        "R2_SESSION_TOKEN": token,
    }
    aws = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
        "AWS_REGION": "auto",
        "AWS_ENDPOINT_URL_S3": settings.endpoint,
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
    return "\n".join(
        f"export {name}={shlex.quote(value)}" for name, value in {**own, **aws, **tools}.items() if value
    )


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
    "json": as_json,
    "credential-process": as_credential_process,
}


def _secrets(credentials: StorageCredentials) -> tuple[str, str]:
    token = credentials.session_token
    return credentials.secret_access_key.get_secret_value(), token.get_secret_value() if token else ""


def _expiration(credentials: StorageCredentials) -> str | None:
    end = credentials.expires_at
    return None if end is None else end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
