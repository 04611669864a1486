"""The project's own commands, run as a user runs them: in a process, with settings in the environment."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.access import read_variables
from demo.screen import Screen
from local_cloudflare.errors import LocalCloudflareError

# A user's own settings must not reach the demonstration, and the demonstration must not reach a real account.
_FOREIGN = ("R2_", "CLOUDFLARE_", "AWS_", "PULUMI_", "APP_ENV")


def clean_environment() -> dict[str, str]:
    """Return this process's environment without any setting of a bucket, an account or Pulumi."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}


class Commands:
    """Runs commands from the repository's folder, each printed first as it can be typed there.

    Args:
        screen: Where to print.
        repository: The folder that the commands run in.
    """

    def __init__(self, screen: Screen, repository: Path) -> None:
        self._screen = screen
        self._repository = repository

    def shown(self, path: Path) -> str:
        """Return a path as short as it can be typed in the repository's folder."""
        return str(path.relative_to(self._repository) if path.is_relative_to(self._repository) else path)

    def run_with(self, file: Path, arguments: Sequence[str], *, status: int = 0) -> None:
        """Run ``python {arguments}`` with the variables of a file; its output goes where this process's goes.

        Raises:
            LocalCloudflareError: It ended with another status than `status`.
        """
        line = shlex.join(["python", *arguments])
        self._screen.command(f"(set -a; . {shlex.quote(self.shown(file))}; {line})")
        self._run(arguments, read_variables(file), status)

    def run(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run ``python {arguments}`` with variables that a user's shell has anyway.

        Raises:
            LocalCloudflareError: It ended with another status than 0.
        """
        self._screen.command(shlex.join(["python", *arguments]))
        self._run(arguments, environment, 0)

    def _run(self, arguments: Sequence[str], variables: Mapping[str, str], expected: int) -> None:
        status = subprocess.run(
            [sys.executable, *arguments], cwd=self._repository, env=clean_environment() | dict(variables),
            stdin=subprocess.DEVNULL, check=False,
        ).returncode  # fmt: skip
        if status != expected:
            raise LocalCloudflareError(
                f"The command {shlex.join(['python', *arguments])!r} ended with status {status}.",
                hint="Its own message stands above.",
            )
