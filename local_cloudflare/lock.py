"""One process at a time in a folder: a lock file that says who."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from local_cloudflare.errors import LocalCloudflareError

__all__ = ["holder", "locked"]

_NAME = "lock"
_PATIENCE = 0.5
"""Seconds. Whoever asks for the holder has the lock for a moment."""


def holder(folder: Path) -> int | None:
    """The number of the process that holds the folder's lock, or None.

    While it is held, the number in the file is its holder's, so no other process that got the same number
    later can be meant.
    """
    try:
        file = (folder / _NAME).open(encoding="ascii")
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            text = file.read().strip()
            return int(text) if text else None
    return None


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps others out of the folder, which is made if missing.

    Raises:
        LocalCloudflareError: One is in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _NAME).open("a+", encoding="ascii") as file:
        if not _take(file):
            number = holder(folder)
            who = f"process {number}" if number else "another process"
            raise LocalCloudflareError(
                f"The folder {str(folder)!r} is in use by {who}.",
                hint="Stop that one, or use another folder.",
            )
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            # A number that is left would for a moment pass for that of the next holder.
            file.truncate(0)


def _take(file: IO[str]) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        else:
            return True
