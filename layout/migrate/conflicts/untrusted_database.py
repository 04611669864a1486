"""Opening a SQLite file that is somebody else's: it may be damaged, or made to harm.

It is opened read-only and immutable, so nothing is written beside it and no write-ahead log is replayed. Views and
triggers are not run, virtual tables not read, and a file that keeps SQLite busy for too long is given up.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from urllib.parse import quote

__all__ = ["opened", "quoted_name", "table_names"]

_HEADER = b"SQLite format 3\0"
_MOST_SECONDS = 10.0
_STEPS = 10_000


@contextmanager
def opened(path: Path, clock: Callable[[], float] = monotonic) -> Iterator[sqlite3.Connection]:
    """A connection to a file that nobody else has open.

    Raises:
        sqlite3.Error: It is no database, or SQLite gave it up.
    """
    with path.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            raise sqlite3.NotSupportedError("it is no SQLite database")
    end = clock() + _MOST_SECONDS
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as database:
        database.set_progress_handler(lambda: clock() > end, _STEPS)
        database.execute("PRAGMA trusted_schema = OFF")
        yield database


def table_names(database: sqlite3.Connection) -> list[str]:
    """Its tables in order, without SQLite's own and virtual ones."""
    rows = database.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " AND coalesce(sql, '') NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    )
    return [str(name) for (name,) in rows]


def quoted_name(name: str) -> str:
    """A name as it stands in a statement: it cannot be bound."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
