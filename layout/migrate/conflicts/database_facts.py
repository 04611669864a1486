"""What a SQLite file holds, read from a copy of it: somebody else's file, which may be damaged or made to harm.

It is opened read-only and immutable, so nothing is written beside it and no write-ahead log is replayed. Views and
triggers are not run, virtual tables not read, and a file that keeps SQLite busy for too long is given up.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from urllib.parse import quote

__all__ = ["DatabaseFacts", "read_database"]

_HEADER = b"SQLite format 3\0"
_MOST_TABLES = 100
_MOST_SECONDS = 10.0
_STEPS = 10_000
_VERSION_TABLE = "db_version"
_LONGEST_NAME = 100


@dataclass(frozen=True)
class DatabaseFacts:
    """What is known of a database.

    Attributes:
        tables: Rows by the name of the table; of at most a hundred tables.
        tables_total: How many tables there are.
        user_version: `PRAGMA user_version`, the version of its schema.
        db_version: What the old application wrote into `db_version.version`; None if there is none.
        fault: What is wrong with the file; empty if nothing was found.
    """

    tables: dict[str, int] = field(default_factory=dict)
    tables_total: int = 0
    user_version: int = 0
    db_version: int | None = None
    fault: str = ""

    @property
    def rows(self) -> int:
        """How many rows there are, that of the version left out."""
        return sum(rows for name, rows in self.tables.items() if name != _VERSION_TABLE)


def read_database(path: Path, clock: Callable[[], float] = monotonic) -> DatabaseFacts:
    """Reads the facts of a file that nobody else has open; never raises for what is in it."""
    with path.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            return DatabaseFacts(fault="it is no SQLite database")
    end = clock() + _MOST_SECONDS
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as database:
            database.set_progress_handler(lambda: clock() > end, _STEPS)
            database.execute("PRAGMA trusted_schema = OFF")
            return _facts(database)
    except sqlite3.Error as error:
        return DatabaseFacts(fault=f"it cannot be read: {error}")


def _facts(database: sqlite3.Connection) -> DatabaseFacts:
    check = database.execute("PRAGMA quick_check(1)").fetchone()
    (user_version,) = database.execute("PRAGMA user_version").fetchone()
    named = database.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " AND coalesce(sql, '') NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    ).fetchall()
    tables = {}
    for (name,) in named[:_MOST_TABLES]:
        quoted = str(name).replace('"', '""')
        query = f'SELECT count(*) FROM "{quoted}"'  # noqa: S608 - a name cannot be bound, and is quoted
        (tables[str(name)[:_LONGEST_NAME]],) = database.execute(query).fetchone()
    fault = "" if check == ("ok",) else f"it is damaged: {str(check[0])[:_LONGEST_NAME]}"
    return DatabaseFacts(tables, len(named), user_version, _db_version(database), fault)


def _db_version(database: sqlite3.Connection) -> int | None:
    try:
        row = database.execute("SELECT version FROM db_version").fetchone()
    except sqlite3.Error:
        return None
    return row[0] if row is not None and isinstance(row[0], int) else None
