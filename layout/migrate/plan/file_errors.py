"""SQLite's errors about a plan file, in the words of an operator."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from layout.errors import PlanError

__all__ = ["clear_errors"]

_NO_PLAN = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_OUTSIDE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turns SQLite's errors about the file into a `PlanError`; any other is a bug and stays as it is."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        extended = getattr(error, "sqlite_errorcode", 0)
        code = extended & 0xFF
        if extended == sqlite3.SQLITE_READONLY_ROLLBACK:
            raise PlanError(
                f"The plan {str(path)!r} was left in the middle of a write, by a run that was killed.",
                hint="Finish that run first: the same command, with the file that ends in -journal beside it.",
            ) from error
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise PlanError(
                f"Another process is working on the plan {str(path)!r}.", hint="Wait until it has ended."
            ) from error
        if code in _NO_PLAN:
            raise PlanError(
                f"The file {str(path)!r} is not a migration plan.", hint="Name the plan file with --plan."
            ) from error
        if code in _OUTSIDE:
            raise PlanError(
                f"The plan {str(path)!r} cannot be used: {error}.",
                hint="Check the path, its rights and the free space.",
            ) from error
        raise
