"""From the outputs of a stack to the variables of `layout.storage.settings`."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra import outputs as names
from layout.errors import SettingsError
from local_cloudflare.engine.find import built_engine
from local_cloudflare.engine.places import LOCAL

__all__ = ["TOKENS", "ask_pulumi", "variables"]

ROOT = Path(__file__).resolve().parent.parent

VARIABLES = {
    "APP_ENV": names.ENVIRONMENT,
    "CLOUDFLARE_ACCOUNT_ID": names.ACCOUNT_ID,
    "R2_JURISDICTION": names.JURISDICTION,
    "R2_ENDPOINT": names.S3_ENDPOINT,
    "R2_BUCKET": names.BUCKET_NAME,
}
TOKENS = {
    "backend": (names.BACKEND_ACCESS_KEY_ID, names.BACKEND_SECRET_ACCESS_KEY),
    "audit": (names.AUDIT_ACCESS_KEY_ID, names.AUDIT_SECRET_ACCESS_KEY),
}
"""Outputs with the id and the secret of each of a stack's tokens."""


def ask_pulumi(stack: str, *, local: Path = LOCAL) -> str:
    """The outputs of a stack with its secrets, in JSON, from the CLI on PATH or the one built in `local`.

    Raises:
        SettingsError: There is no CLI, or it gives no outputs.
    """
    built = built_engine(local)
    pulumi = shutil.which("pulumi") or (str(built.pulumi) if built else None)
    if pulumi is None:
        raise SettingsError("There is no Pulumi CLI.", hint="Run `make setup`, or put pulumi on PATH.")
    command = [pulumi, "stack", "output", "--json", "--show-secrets", "--stack", stack]
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode:
        reason = answer.stderr.strip().splitlines()[-1:] or [f"exit status {answer.returncode}"]
        raise SettingsError(
            f"Pulumi does not tell the outputs of the stack {stack!r}: {reason[0]}",
            hint="Log in to the stack's backend first, or bring the stack up.",
        )
    return answer.stdout


def variables(outputs: str, stack: str, token: str) -> Mapping[str, str | None]:
    """The variables of a process that works on this stack's environment.

    Args:
        outputs: JSON, as `ask_pulumi` gives it.
        stack: Whose outputs they should be.
        token: `backend` or `audit`.

    Returns:
        Values by name. None for the session token: one of an older credential must not stay.

    Raises:
        SettingsError: The text is something else, of another stack, or of one that is not up.
    """
    access_key_id, secret_access_key = TOKENS[token]
    wanted = VARIABLES | {"R2_ACCESS_KEY_ID": access_key_id, "R2_SECRET_ACCESS_KEY": secret_access_key}
    try:
        found: dict[str, Any] = dict(json.loads(outputs))
    except (ValueError, TypeError):
        raise SettingsError(
            "The stack's outputs are not an object in JSON.",
            hint="Use the answer of: pulumi stack output --json --show-secrets",
        ) from None
    missing = [output for output in wanted.values() if not isinstance(found.get(output), str)]
    if missing:
        raise SettingsError(
            f"The stack {stack!r} has no output {', '.join(map(repr, missing))}.",
            hint=f"Bring it up first: pulumi up --stack {stack}",
        )
    if found[names.ENVIRONMENT] != stack:
        raise SettingsError(
            f"The outputs are of the stack {found[names.ENVIRONMENT]!r}, not of {stack!r}.",
            hint="Name the stack whose outputs they are.",
        )
    return {name: found[output] for name, output in wanted.items()} | {"R2_SESSION_TOKEN": None}
