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
    """

    def __init__(self, path: Path) -> None:
        self.changed = False
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._before: int | None = None

    def __enter__(self) -> Self:
        # Closed in the thread in which a request ends, which need not be the one in which it began.
        self._connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        self._before = self._data_version(self._connection)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            now = self._data_version(self._connection)
            self._connection.close()
            self.changed = now is None or now != self._before

    @staticmethod
    def _data_version(connection: sqlite3.Connection) -> int | None:
        """None where a writer lets nobody read."""
        try:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.OperationalError:
            return None
        return int(version)
