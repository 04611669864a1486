"""Databases of SQLite with the files beside them, and who has one open.

A database in WAL mode is two or three files; without its `-wal` it can be valid and empty. So they move together.
Nothing here writes to a database, or takes a lock on it: a lock of another process is asked for with F_GETLK, on the
bytes that SQLite locks ("File Locking And Concurrency In SQLite Version 3", and os_unix.c for the `-shm` file), and
an open file without a lock is looked for in /proc, where there is one and as far as this user may look.
"""

import fcntl
import os
import struct
import sys
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from layout.legacy import Phase, phase_of
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.moves import TO_MOVE
from layout.migrate.plan.rows import PlannedObject, planned_at

__all__ = ["COMPANIONS", "OpenFiles", "database_of", "planned_set", "set_problem"]

COMPANIONS = ("-wal", "-shm", "-journal")

_LOCK_BYTES = (0x40000000, 512)
_SHARED_MEMORY_LOCK_BYTES = (120, 9)
_FLOCK = "qqihh" if sys.platform == "darwin" else "hhqqi"
_SNAPSHOT_SECONDS = 1.0


def database_of(key: str) -> str | None:
    """The key of the database that a file is, or belongs to; None for any other file."""
    for suffix in COMPANIONS:
        base = key.removesuffix(suffix)
        if base != key and phase_of(base) is Phase.DATABASE:
            return base
    return key if phase_of(key) is Phase.DATABASE else None


def planned_set(plan: PlanFile, database: str) -> list[PlannedObject]:
    """What the plan moves of a database, the file itself last: at its new path it is whole."""
    rows = [planned_at(plan, database + suffix) for suffix in (*COMPANIONS, "")]
    return [row for row in rows if row is not None and row.state in TO_MOVE]


def set_problem(database: Path, members: Collection[Path]) -> str:
    """Why the files of a database cannot go together: another one is beside it; else empty.

    Args:
        database: Where it is.
        members: Where those are that go together.
    """
    for suffix in COMPANIONS:
        path = database.with_name(database.name + suffix)
        if path not in members and os.path.lexists(path):
            return f"{path.name!r} is beside it and not planned with it: stop what writes to it, and make a new plan"
    return ""


class OpenFiles:
    """Which files other processes have open, asked once a second at most where that takes a look at each process."""

    def __init__(self) -> None:
        self._taken = float("-inf")
        self._open: dict[tuple[int, int], int] = {}

    def problem(self, paths: Iterable[Path]) -> str:
        """Which of these files is open, and by which process; empty if none is, as far as can be known."""
        for path in paths:
            process = _locked_by(path) or self._opened_by(path)
            if process:
                return f"{str(path)!r} is open in the process {process}: stop it first"
        return ""

    def _opened_by(self, path: Path) -> int:
        if time.monotonic() - self._taken > _SNAPSHOT_SECONDS:
            self._open, self._taken = _open_files(), time.monotonic()
        try:
            found = path.lstat()
        except OSError:
            return 0
        return self._open.get((found.st_dev, found.st_ino), 0)


def _locked_by(path: Path) -> int:
    """The process that holds one of SQLite's locks on a file, or 0."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return 0
    try:
        for start, length in (_LOCK_BYTES, _SHARED_MEMORY_LOCK_BYTES):
            answer = fcntl.fcntl(descriptor, fcntl.F_GETLK, _flock(start, length))
            kind, process = _answered(answer)
            if kind != fcntl.F_UNLCK:
                return process
    except OSError:
        return 0  # A file system without locks: what is open there is only found in /proc.
    finally:
        os.close(descriptor)
    return 0


def _flock(start: int, length: int) -> bytes:
    if sys.platform == "darwin":
        return struct.pack(_FLOCK, start, length, 0, fcntl.F_WRLCK, os.SEEK_SET)
    return struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)


def _answered(answer: bytes) -> tuple[int, int]:
    values = struct.unpack(_FLOCK, answer)
    return (values[3], values[2]) if sys.platform == "darwin" else (values[0], values[4])


def _open_files() -> dict[tuple[int, int], int]:
    """Device and inode of each file that another process has open, and a process that has."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        with suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                with suppress(OSError):
                    file = descriptor.stat()
                    found[file.st_dev, file.st_ino] = int(process.name)
    return found
