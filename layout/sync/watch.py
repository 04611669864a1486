"""Whether anybody commits to a database while a connection is open."""

import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Watch"]


class Watch:
    """A second connection to a database, which sees that another one commits.

    `total_changes` misses DDL and `PRAGMA user_version`, and counts what is rolled back; `data_version` of another
    connection moves for every commit. It also moves for a checkpoint that changes nothing, so it is a hint: whether
    there is something to upload the content says.

    Args:
        path: The database's file.

    Attributes:
        changed: After the block: whether somebody has committed in it, or may have.
        changed_here: Whether that was the connection that `count` was given, or may have been.
    """

    def __init__(self, path: Path) -> None:
        self.changed = False
        self.changed_here = False
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._before: tuple[int, ...] | None = None
        self._counted = False

    def __enter__(self) -> Self:
        # Closed in the thread in which a request ends, which need not be the one in which it began.
        self._connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        self._before = self._versions(self._connection)
        return self

    def count(self, connection: sqlite3.Connection) -> None:
        """Look at a connection that is about to be closed: whether it has changed rows."""
        try:
            self._counted = connection.total_changes > 0
        except sqlite3.ProgrammingError:
            # Closed already.
            self._counted = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is None:
            return
        now = self._versions(self._connection)
        self._connection.close()
        self.changed = now is None or now != self._before
        # What changes no rows changes the schema or its version: then it is anybody's.
        other = now is None or self._before is None or now[1:] != self._before[1:]
        self.changed_here = self.changed and (self._counted or other)

    @staticmethod
    def _versions(connection: sqlite3.Connection) -> tuple[int, ...] | None:
        """Of the data, the schema and the application; None where a writer lets nobody read."""
        try:
            return tuple(
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("data_version", "schema_version", "user_version")
            )
        except sqlite3.OperationalError:
            return None
