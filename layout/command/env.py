"""Writing .env from the outputs of a stack."""

import os
import shutil
import subprocess
from pathlib import Path

from layout.errors import SettingsError

__all__ = ["ask_pulumi"]


def ask_pulumi(stack: str, folder: Path, pulumi: str = "pulumi") -> str:
    """The outputs of a stack with its secrets, in JSON.

    Args:
        stack: Name of the stack, which is the environment's.
        folder: Where the Pulumi program is.
        pulumi: The CLI, by its path or its name on PATH.

    Raises:
        SettingsError: There is no CLI, or it gives no outputs.
    """
    found = shutil.which(pulumi)
    if found is None:
        raise SettingsError(
            f"There is no Pulumi CLI {pulumi!r}.",
            hint="Put pulumi on PATH, or name it with --pulumi. A checkout's own:"
            " python -m local_cloudflare.engine prints its path.",
        )
    command = [found, "stack", "output", "--json", "--show-secrets", "--stack", stack]
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode:
        reason = answer.stderr.strip().splitlines()[-1:] or [f"exit status {answer.returncode}"]
        raise SettingsError(
            f"Pulumi does not tell the outputs of the stack {stack!r}: {reason[0]}",
            hint="Log in to the stack's backend first, or bring the stack up.",
        )
    return answer.stdout
