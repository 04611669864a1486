"""Whether anybody commits to a database while a connection is open."""

import sqlite3
from pathlib import Path

__all__ = ["Watch"]


class Watch:
    """A second connection to a database, which sees that another one commits.

    `total_changes` misses DDL and `PRAGMA user_version`, and counts what is rolled back; `data_version` of another
    connection moves for every commit. It also moves for a checkpoint that changes nothing, so it is a hint: whether
    there is something to upload the content says.

    Attributes:
        changed: After `close`: whether somebody has committed, or may have.
    """

    def __init__(self, path: Path) -> None:
        # Closed in the thread in which a request ends, which need not be the one in which it began.
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._before = self._data_version()
        self.changed = True

    def close(self) -> None:
        """Look again, then close."""
        now = self._data_version()
        self._connection.close()
        self.changed = now is None or now != self._before

    def _data_version(self) -> int | None:
        """None where a writer lets nobody read."""
        try:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.OperationalError:
            return None
        return int(version)
