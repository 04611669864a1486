"""The project's own commands, run as a user runs them: in a process, with settings in the environment."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local.demo.screen import Screen
from layout.errors import LocalCloudflareError

# A user's own settings must not reach the demonstration, and the demonstration must not reach a real account.
_FOREIGN = ("R2_", "CLOUDFLARE_", "AWS_", "PULUMI_", "APP_ENV")


def clean_environment() -> dict[str, str]:
    """Return this process's environment without any setting of a bucket, an account or Pulumi."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}


class Commands:
    """Runs commands from the repository's folder, each printed first as it would be typed there.

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

    def run(self, arguments: Sequence[str], settings: Mapping[str, str], *, expect: int = 0) -> None:
        """Run ``python {arguments}``; its output goes where this process's goes.

        Args:
            arguments: A script and its arguments.
            settings: Environment variables on top of a clean environment.
            expect: The exit status that the demonstration counts on.

        Raises:
            LocalCloudflareError: It ended with another status.
        """
        self._screen.command(["python", *arguments])
        status = subprocess.run(
            [sys.executable, *arguments], cwd=self._repository, env=clean_environment() | dict(settings),
            stdin=subprocess.DEVNULL, check=False,
        ).returncode  # fmt: skip
        self._require(arguments, status, expect)

    def output(self, arguments: Sequence[str], settings: Mapping[str, str]) -> str:
        """Run ``python {arguments}`` and return what it wrote to its standard output.

        Raises:
            LocalCloudflareError: It failed.
        """
        self._screen.command(["python", *arguments])
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self._repository, env=clean_environment() | dict(settings),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        self._require(arguments, done.returncode, 0)
        return done.stdout

    @staticmethod
    def _require(arguments: Sequence[str], status: int, expected: int) -> None:
        if status != expected:
            line = " ".join(["python", *arguments])
            raise LocalCloudflareError(
                f"the command {line!r} ended with status {status}, not {expected}",
                hint="its own message stands above",
            )
