"""The SQLite file behind the store: one connection, one lock, one transaction at a time.

One lock for everything is what makes conditional writes atomic: the condition is checked and the
object replaced inside one transaction, and no other thread can come between.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.r2.store.blobs import Blobs, Body, Segment

__all__ = ["Database", "Transaction", "body_columns", "body_from"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets (
    id INTEGER PRIMARY KEY AUTOINCREMENT, jurisdiction TEXT NOT NULL, name TEXT NOT NULL,
    created INTEGER NOT NULL, storage_class TEXT NOT NULL, location TEXT,
    lifecycle TEXT NOT NULL, cors TEXT, UNIQUE (jurisdiction, name)
);
CREATE TABLE IF NOT EXISTS locks (bucket INTEGER PRIMARY KEY, rules TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS objects (
    bucket INTEGER NOT NULL, key BLOB NOT NULL, spelling TEXT NOT NULL, etag TEXT NOT NULL,
    size INTEGER NOT NULL, modified INTEGER NOT NULL, storage_class TEXT NOT NULL, headers TEXT NOT NULL,
    custom TEXT NOT NULL, checksums TEXT NOT NULL, part_sizes TEXT NOT NULL, segments TEXT, inline BLOB,
    customer_key TEXT NOT NULL DEFAULT '', UNIQUE (bucket, key)
);
CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, bucket INTEGER NOT NULL, key BLOB NOT NULL, spelling TEXT NOT NULL,
    initiated INTEGER NOT NULL, storage_class TEXT NOT NULL, headers TEXT NOT NULL, custom TEXT NOT NULL,
    checksum_algorithm TEXT, customer_key TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS uploads_by_key ON uploads (bucket, key, id);
CREATE TABLE IF NOT EXISTS parts (
    upload TEXT NOT NULL, number INTEGER NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,
    modified INTEGER NOT NULL, checksums TEXT NOT NULL, segments TEXT, inline BLOB,
    PRIMARY KEY (upload, number)
);
CREATE TABLE IF NOT EXISTS blobs (name TEXT PRIMARY KEY, uses INTEGER NOT NULL) WITHOUT ROWID;
"""


class Transaction:
    """What may be done inside one transaction; blobs that end unused are removed after its commit."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.unused: set[str] = set()
        self.retained: set[str] = set()

    def execute(self, statement: str, *parameters: Any) -> sqlite3.Cursor:
        """Runs one statement."""
        return self._connection.execute(statement, parameters)

    def retain(self, body: Body) -> None:
        """Counts one more use of each file of a body."""
        for name in {segment.blob for segment in body.segments}:
            self.unused.discard(name)
            self.retained.add(name)
            self.execute(
                "INSERT INTO blobs VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET uses = uses + 1", name
            )

    def release(self, body: Body) -> None:
        """Counts one use less, and marks files without any for removal."""
        for name in {segment.blob for segment in body.segments}:
            self.execute("UPDATE blobs SET uses = uses - 1 WHERE name = ?", name)
            if self.execute("DELETE FROM blobs WHERE name = ? AND uses <= 0", name).rowcount:
                self.unused.add(name)
                self.retained.discard(name)


class Database:
    """The store's file. Only one process may have it open."""

    def __init__(self, path: Path, blobs: Blobs) -> None:
        self._lock = threading.RLock()
        self._blobs = blobs
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2)
        try:
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            # The store must survive the death of this process, not that of the machine.
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.executescript(_SCHEMA)
            self._add_columns()
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise LocalCloudflareError(
                f"The folder {str(path.parent)!r} is in use by another local Cloudflare: {error}.",
                hint="Stop that one, or use another folder.",
            ) from error
        self._blobs.sweep({name for (name,) in self._connection.execute("SELECT name FROM blobs")})

    def _add_columns(self) -> None:
        """What an older version of this file lacks; new columns stand last in both."""
        for table in ("objects", "uploads"):
            columns = {row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")}
            if "customer_key" not in columns:
                self._connection.execute(
                    f"ALTER TABLE {table} ADD COLUMN customer_key TEXT NOT NULL DEFAULT ''"
                )

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One transaction; an exception rolls it back."""
        with self._lock:
            transaction = Transaction(self._connection)
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield transaction
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            if transaction.retained:
                self._blobs.spare(transaction.retained)
            if transaction.unused:
                self._blobs.remove(transaction.unused)

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """Reading only: no other thread writes meanwhile."""
        with self._lock:
            yield Transaction(self._connection)

    def close(self) -> None:
        """Closes the file. The store cannot be used afterwards."""
        with self._lock:
            self._connection.close()


def body_columns(body: Body) -> tuple[str | None, bytes | None]:
    """The columns `segments` and `inline` of a body."""
    if body.inline is not None:
        return None, body.inline
    return json.dumps([(s.blob, s.offset, s.length) for s in body.segments]), None


def body_from(size: int, segments: str | None, inline: bytes | None) -> Body:
    """The body of those columns."""
    if segments is None:
        return Body(size, inline if inline is not None else b"")
    return Body(size, None, tuple(Segment(*row) for row in json.loads(segments)))
