"""What a SQLite file holds, read from a copy of it: somebody else's file, which may be damaged or made to harm."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from layout.migrate.conflicts.untrusted_database import opened, quoted_name, table_names

__all__ = ["DatabaseFacts", "read_database"]

_MOST_TABLES = 100
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
    try:
        with opened(path, clock) as database:
            return _facts(database)
    except sqlite3.NotSupportedError as error:
        return DatabaseFacts(fault=str(error))
    except sqlite3.Error as error:
        return DatabaseFacts(fault=f"it cannot be read: {error}")


def _facts(database: sqlite3.Connection) -> DatabaseFacts:
    check = database.execute("PRAGMA quick_check(1)").fetchone()
    (user_version,) = database.execute("PRAGMA user_version").fetchone()
    named = table_names(database)
    tables = {}
    for name in named[:_MOST_TABLES]:
        query = f"SELECT count(*) FROM {quoted_name(name)}"  # noqa: S608 - a name cannot be bound, and is quoted
        (tables[name[:_LONGEST_NAME]],) = database.execute(query).fetchone()
    fault = "" if check == ("ok",) else f"it is damaged: {str(check[0])[:_LONGEST_NAME]}"
    return DatabaseFacts(tables, len(named), user_version, _db_version(database), fault)


def _db_version(database: sqlite3.Connection) -> int | None:
    try:
        row = database.execute("SELECT version FROM db_version").fetchone()
    except sqlite3.Error:
        return None
    return row[0] if row is not None and isinstance(row[0], int) else None
