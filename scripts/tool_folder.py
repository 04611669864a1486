"""Tools that are no part of the virtual environment: each in a folder of `.local`, with a stamp that says of what."""

import fcntl
import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from local_cloudflare.engine.places import STAMP, read_stamp
from local_cloudflare.engine.steps import Step

__all__ = ["fill", "install_wheels", "report", "stamp_text"]


def report(line: str) -> None:
    """Print a line of progress at once."""
    print(line, file=sys.stderr, flush=True)


def stamp_text(*files: Path) -> str:
    """Say what a finished folder was made from, and for which Python."""
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return f"{digest} {sys.version_info[0]}.{sys.version_info[1]}\n"


def fill(folder: Path, stamp: str, install: Callable[[Path], None]) -> None:
    """Make a folder unless it has this stamp; another process that does the same is waited for.

    Args:
        folder: What is made. It is complete, or as it was.
        stamp: What it is made from.
        install: Fills an empty folder, which is then renamed.

    Raises:
        LocalCloudflareError: A toolchain or a package cannot be had.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if read_stamp(folder) == stamp:
            return
        unfinished = folder.with_name(f"unfinished-{folder.name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        install(unfinished)
        (unfinished / STAMP).write_text(stamp, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)


def install_wheels(title: str, cost: str, requirements: Path, target: Path) -> None:
    """Install the locked requirements into a folder.

    Raises:
        LocalCloudflareError: They cannot be had.
    """
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    Step(title, cost, report).run(
        [*pip, "--require-hashes", "--requirement", str(requirements), "--target", str(target)],
        hint="Run this once with access to a Python package index.",
        timeout=600,
    )
