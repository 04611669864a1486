"""The content of a database at one moment, and its version inside the file.

Only SQLite knows what is in a database: recent commits may stand in the write-ahead log, and a copy of the main file
alone can be an empty database. So a snapshot is made by the backup API, and two states are compared by its hash.

The version stands where the old application keeps it: in the one row of the table `db_version`. It is written into the
copy that goes into the bucket, never into the database that an application has open.
"""

import contextlib
import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from layout.errors import DatabaseInUseError, StorageError

__all__ = ["Snapshot", "check_file", "content_hash", "take_snapshot", "version_in", "with_version"]

PATIENCE_SECONDS = 2.0
_TRIED_AGAIN_AFTER = 0.01
# Write and read version (1 is a rollback journal, 2 a write-ahead log), change counter, the counter for which the
# SQLite version is valid, and that version (https://www.sqlite.org/fileformat.html): none of it is content.
_JOURNAL, _COUNTERS = slice(18, 20), (slice(24, 28), slice(92, 100))
_TABLE = "db_version"
_DONE = 101  # SQLITE_DONE, which Python's module does not name


@dataclass(frozen=True)
class Snapshot:
    """All that was committed at one moment.

    Attributes:
        image: A whole database file in rollback-journal mode; nothing for a file that was only opened.
        sha256: Of the image without what SQLite counts in its header, so that equal content has an equal hash.
        is_empty: Whether there is no table in it.
    """

    image: bytes
    sha256: str
    is_empty: bool


def take_snapshot(path: Path, *, patience: float = PATIENCE_SECONDS) -> Snapshot:
    """The content of a database, which others may be writing to.

    Args:
        path: Its file. What a crash has left beside it is recovered, as at any opening.
        patience: Seconds to wait for a writer that lets nobody read.

    Raises:
        DatabaseInUseError: The writer did not end.
        StorageError: It is no database, or a damaged one.
        FileNotFoundError: There is no file.
    """
    if not path.exists():
        raise FileNotFoundError(f"There is no database {str(path)!r}.")
    deadline = time.monotonic() + patience

    def give_up(status: int, _remaining: int, _total: int) -> None:
        if status != _DONE and time.monotonic() > deadline:
            raise _locked(path)

    with (
        _problems(path),
        closing(_open(path, "rw", patience)) as source,
        closing(sqlite3.connect(":memory:")) as copy,
    ):
        if _has_pages(source):
            source.backup(copy, progress=give_up, sleep=_TRIED_AGAIN_AFTER)
        image = _image(copy)
        is_empty = copy.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is None
    return Snapshot(image, content_hash(image), is_empty)


def content_hash(image: bytes) -> str:
    """SHA-256 of an image without what SQLite counts in its header."""
    content = bytearray(image)
    for counted in _COUNTERS if content else ():
        content[counted] = bytes(counted.stop - counted.start)
    return hashlib.sha256(content).hexdigest()


def with_version(image: bytes, version: int) -> bytes:
    """The same database with this version inside; an own table of that name of an application is left as it is."""
    with closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(image)
        with copy:
            _write_version(copy, version)
        return _image(copy)


def version_in(database: sqlite3.Connection) -> int | None:
    """The version inside a database; None if there is none."""
    try:
        rows = database.execute(f"SELECT version FROM {_TABLE} LIMIT 2").fetchall()  # noqa: S608 - a constant
    except sqlite3.OperationalError:
        return None
    return rows[0][0] if len(rows) == 1 and isinstance(rows[0][0], int) else None


def check_file(path: Path) -> int | None:
    """Check a database file that nobody has open, and give the version inside; nothing is written beside it.

    Raises:
        StorageError: It is no database, or a damaged one.
    """
    with _problems(path), closing(_open(path, "ro&immutable=1", 0)) as database:
        answer = database.execute("PRAGMA quick_check(1)").fetchone()
        if answer != ("ok",):
            raise _damaged(path, str(answer[0]))
        return version_in(database)


def _write_version(copy: sqlite3.Connection, version: int) -> None:
    columns = {row[1] for row in copy.execute(f"PRAGMA table_info({_TABLE})")}
    if not columns:
        copy.execute(
            f"CREATE TABLE {_TABLE} (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)"
        )
    elif "version" not in columns or not columns <= {"id", "version"}:
        return
    (rows,) = copy.execute(f"SELECT count(*) FROM {_TABLE}").fetchone()  # noqa: S608 - a constant
    if rows == 0:
        copy.execute(f"INSERT INTO {_TABLE} (version) VALUES (?)", (version,))  # noqa: S608 - a constant
    elif rows == 1:
        copy.execute(f"UPDATE {_TABLE} SET version = ?", (version,))  # noqa: S608 - a constant


def _has_pages(database: sqlite3.Connection) -> bool:
    """False for a file that was only opened: a backup would make a page of it, which is no commit."""
    return bool(database.execute("PRAGMA page_count").fetchone()[0])


def _image(copy: sqlite3.Connection) -> bytes:
    if not _has_pages(copy):
        return b""
    image = bytearray(copy.serialize())
    image[_JOURNAL] = b"\x01\x01"
    return bytes(image)


def _open(path: Path, mode: str, patience: float) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=patience)


@contextlib.contextmanager
def _problems(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise _locked(path) from error
        raise _damaged(path, str(error)) from error
    except sqlite3.DatabaseError as error:
        raise _damaged(path, str(error)) from error


def _locked(path: Path) -> DatabaseInUseError:
    return DatabaseInUseError(
        f"The database {str(path)!r} is locked by a writer.",
        hint="End its transaction; the upload is tried again by itself.",
    )


def _damaged(path: Path, reason: str) -> StorageError:
    return StorageError(
        f"The database {str(path)!r} cannot be read: {reason}.",
        hint="Nothing was replaced or uploaded. A damaged copy of this machine is moved away by hand; the next access"
        " fetches the bucket's version.",
    )
