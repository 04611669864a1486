"""Finding an engine that is there already."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_cloudflare.engine.places import (
    CLI,
    LANGUAGE_HOST,
    LANGUAGE_HOST_SCRIPT,
    LOCAL,
    STAMP,
    engine_stamp,
    read_stamp,
)
from local_cloudflare.engine.versions import OLDEST_CLI, parse_version, version_text

ANSWER_TIMEOUT: Final = 60.0
"""Seconds within which ``pulumi version`` must answer (it takes under one; a cold disk takes longer)."""


@dataclass(frozen=True)
class Engine:
    """A Pulumi CLI with its Python language host.

    Attributes:
        pulumi: the CLI.
        folders: to be put in front of PATH, so that the CLI finds its language host.
        own_language_host: it is the pair built here, whose older host ignores the ``virtualenv`` option of
            ``Pulumi.yaml`` and needs ``PULUMI_PYTHON_CMD``.
    """

    pulumi: Path
    folders: tuple[Path, ...]
    own_language_host: bool

    def variables(self, path: str) -> dict[str, str]:
        """Give the variables with which the CLI finds its language host and the Python that runs this.

        Args:
            path: folders to search besides, separated as in PATH.
        """
        return {
            "PATH": os.pathsep.join([*map(str, self.folders), path]),
            # The built language host does not apply the project's `virtualenv`; newer ones prefer it to this.
            "PULUMI_PYTHON_CMD": sys.executable,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }


def find_engine(
    report: Callable[[str], None] = lambda _line: None, *, path: str | None = None, local: Path = LOCAL
) -> Engine | None:
    """Find the Pulumi CLI on PATH, or the one built earlier; ``None`` if there is neither.

    Args:
        report: is told why a CLI on PATH is not used.
        path: folders to search, separated as in PATH; default: the variable PATH.
        local: the folder in which `build_engine` leaves the engine.
    """
    found = _engine_on_path(report, os.environ.get("PATH", "") if path is None else path)
    return found or built_engine(local)


def built_engine(local: Path = LOCAL) -> Engine | None:
    """Give the finished engine built from the modules as pinned now, or ``None``."""
    folder = local / "engine"
    if read_stamp(folder) != engine_stamp():
        return None
    return Engine(folder / CLI, (folder,), own_language_host=True)


def _engine_on_path(report: Callable[[str], None], path: str) -> Engine | None:
    cli = shutil.which(CLI, path=path)
    if cli is None:
        return None
    version = _version_of(cli)
    if version is None or version < OLDEST_CLI:
        known = "of an unknown version" if version is None else f"version {version_text(version)}"
        report(f"{cli} is {known}; {version_text(OLDEST_CLI)} or newer is needed, so it is not used")
        return None
    # The CLI looks for its language host beside itself, symbolic links followed.
    for folder in dict.fromkeys((Path(cli).resolve().parent, Path(cli).parent)):
        if all((folder / name).is_file() for name in (LANGUAGE_HOST, LANGUAGE_HOST_SCRIPT)):
            return Engine(Path(cli), (folder,), own_language_host=(folder / STAMP).is_file())
    report(f"{cli} has no {LANGUAGE_HOST} and {LANGUAGE_HOST_SCRIPT} beside it, so it is not used")
    return None


def _version_of(cli: str) -> tuple[int, int, int] | None:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [cli, "version"],
            capture_output=True,
            text=True,
            timeout=ANSWER_TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_version(answer.stdout) if answer.returncode == 0 else None
