"""The outputs of a stack: their names, and the variables of `layout.storage.settings` that follow from them."""

import json
import re
from collections.abc import Mapping
from typing import Any

from layout.account import check_account_id, check_bucket_name, check_endpoint, check_jurisdiction
from layout.errors import SettingsError

__all__ = [
    "ACCOUNT_ID",
    "AUDIT_ACCESS_KEY_ID",
    "AUDIT_SECRET_ACCESS_KEY",
    "BACKEND_ACCESS_KEY_ID",
    "BACKEND_SECRET_ACCESS_KEY",
    "BUCKET_NAME",
    "ENVIRONMENT",
    "ENVIRONMENT_PREFIX",
    "JURISDICTION",
    "LIFECYCLE_RULES",
    "LOCK_RULES",
    "S3_ENDPOINT",
    "TOKENS",
    "variables",
]

ENVIRONMENT = "environment"
ACCOUNT_ID = "account_id"
BUCKET_NAME = "bucket_name"
S3_ENDPOINT = "s3_endpoint"
JURISDICTION = "jurisdiction"
ENVIRONMENT_PREFIX = "environment_prefix"
BACKEND_ACCESS_KEY_ID = "backend_access_key_id"
BACKEND_SECRET_ACCESS_KEY = "backend_secret_access_key"  # noqa: S105 the output's name
AUDIT_ACCESS_KEY_ID = "audit_access_key_id"
AUDIT_SECRET_ACCESS_KEY = "audit_secret_access_key"  # noqa: S105 the output's name
LIFECYCLE_RULES = "lifecycle_rules"  # these two of the stack that owns the bucket only
LOCK_RULES = "lock_rules"

_ASK = "Use the answer of: pulumi stack output --json --show-secrets"
# What Pulumi shows in place of a secret unless it is told otherwise.
_HIDDEN = "[secret]"
_PRINTABLE = re.compile(r"[!-~]+")

VARIABLES = {
    "APP_ENV": ENVIRONMENT,
    "CLOUDFLARE_ACCOUNT_ID": ACCOUNT_ID,
    "R2_JURISDICTION": JURISDICTION,
    "R2_ENDPOINT": S3_ENDPOINT,
    "R2_BUCKET": BUCKET_NAME,
}
TOKENS = {
    "backend": (BACKEND_ACCESS_KEY_ID, BACKEND_SECRET_ACCESS_KEY),
    "audit": (AUDIT_ACCESS_KEY_ID, AUDIT_SECRET_ACCESS_KEY),
}
"""Outputs with the id and the secret of each of a stack's tokens."""


def variables(outputs: str, stack: str, token: str) -> Mapping[str, str | None]:
    """The variables of a process that works on this stack's environment.

    Args:
        outputs: JSON, as `ask_pulumi` gives it.
        stack: Whose outputs they should be.
        token: `backend` or `audit`.

    Returns:
        Values by name. None for the session token: one of an older credential must not stay.

    Raises:
        SettingsError: The text is something else, of another stack, of one that is not up, or without secrets.
    """
    access_key_id, secret_access_key = TOKENS[token]
    wanted = VARIABLES | {"R2_ACCESS_KEY_ID": access_key_id, "R2_SECRET_ACCESS_KEY": secret_access_key}
    found = _read(outputs)
    missing = [output for output in wanted.values() if not isinstance(found.get(output), str)]
    if missing:
        raise SettingsError(
            f"The stack {stack!r} has no output {', '.join(map(repr, missing))}.",
            hint=f"Bring it up first: pulumi up --stack {stack}",
        )
    if found[ENVIRONMENT] != stack:
        raise SettingsError(
            f"The outputs are of the stack {found[ENVIRONMENT]!r}, not of {stack!r}.",
            hint="Name the stack whose outputs they are.",
        )
    _check_forms(found, access_key_id, secret_access_key)
    return {name: found[output] for name, output in wanted.items()} | {"R2_SESSION_TOKEN": None}


def _read(outputs: str) -> dict[str, Any]:
    try:
        found = json.loads(outputs)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    raise SettingsError("The stack's outputs are not an object in JSON.", hint=_ASK)


def _check_forms(found: Mapping[str, str], access_key_id: str, secret_access_key: str) -> None:
    """What the settings would refuse later, or what would open nothing, is not written.

    Raises:
        SettingsError: The secret is hidden, or an output is not of its form.
    """
    if found[secret_access_key] == _HIDDEN:
        raise SettingsError(f"The stack's outputs hide the secret {secret_access_key!r}.", hint=_ASK)
    for name in (access_key_id, secret_access_key):
        if not _PRINTABLE.fullmatch(found[name]):
            raise SettingsError(f"The output {name!r} holds something else than printable ASCII.", hint=_ASK)
    check_account_id(found[ACCOUNT_ID])
    check_bucket_name(found[BUCKET_NAME])
    check_jurisdiction(found[JURISDICTION])
    check_endpoint(found[S3_ENDPOINT])
