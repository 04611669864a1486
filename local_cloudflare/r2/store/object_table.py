"""The objects of all buckets: read, replaced, removed and listed, each in one transaction."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from local_cloudflare.r2.store.blobs import Blobs
from local_cloudflare.r2.store.bucket_table import check_bucket
from local_cloudflare.r2.store.database import Database, Transaction, body_columns, body_from
from local_cloudflare.r2.store.keys import key_bytes
from local_cloudflare.r2.store.lock_table import LockTable
from local_cloudflare.r2.store.models import ObjectMetadata, StoredObject

__all__ = ["Check", "Listed", "ObjectTable", "anything"]

Check = Callable[[StoredObject | None], None]
"""Called with what the key holds, inside the transaction that will change it; raises to refuse."""


class Listed(NamedTuple):
    """What a listing shows of an object. `key` in NFC, as its bytes; `modified` in milliseconds."""

    key: bytes
    spelling: str
    etag: str
    size: int
    modified: int
    storage_class: str


_DESCRIPTION = (
    "spelling, etag, modified, storage_class, headers, custom, checksums, part_sizes, size, segments, inline, "
    "customer_key"
)


def anything(_current: StoredObject | None) -> None:
    """The check of an unconditional write."""


class ObjectTable:
    """Objects by bucket id and key. Nothing here changes an object that a lock rule holds."""

    def __init__(self, database: Database, blobs: Blobs, locks: LockTable) -> None:
        self._database = database
        self._locks = locks
        self._blobs = blobs

    def get(self, bucket: int, key: str) -> StoredObject | None:
        """What the key holds. A body of files is only safe to read inside `opened`."""
        with self._database.snapshot() as transaction:
            return self.find(transaction, bucket, key)

    @contextmanager
    def opened(self, bucket: int, key: str) -> Iterator[StoredObject | None]:
        """What the key holds; its body stays readable until the end of the block."""
        with self._database.snapshot() as transaction:
            found = self.find(transaction, bucket, key)
            names = [segment.blob for segment in found.body.segments] if found else []
            self._blobs.pin(names)
        try:
            yield found
        finally:
            self._blobs.unpin(names)

    def put(self, bucket: int, new: StoredObject, check: Check = anything) -> StoredObject | None:
        """Replaces what the key holds, if `check` allows it.

        Returns:
            What was there before.

        Raises:
            BucketMissingError: The bucket was deleted since it was looked up.
            ObjectLockedError: A lock rule holds it.
        """
        with self._database.transaction() as transaction:
            check_bucket(transaction, bucket)
            return self.replace(transaction, bucket, new, check)

    def replace(
        self, transaction: Transaction, bucket: int, new: StoredObject, check: Check = anything
    ) -> StoredObject | None:
        """`put` inside a transaction of the caller."""
        current = self.changeable(transaction, bucket, new.key, check)
        transaction.retain(new.body)
        if current is not None:
            transaction.release(current.body)
        segments, inline = body_columns(new.body)
        transaction.execute(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            bucket, key_bytes(new.key), new.spelling, new.etag, new.size, new.modified,
            new.metadata.storage_class, _dump(new.metadata.headers), _dump(new.metadata.custom),
            _dump(new.metadata.checksums), json.dumps(new.part_sizes), segments, inline,
            new.metadata.customer_key,
        )  # fmt: skip
        return current

    def delete(self, bucket: int, key: str, check: Check = anything) -> StoredObject | None:
        """Removes what the key holds, if `check` allows it. Nothing there is no error.

        Raises:
            ObjectLockedError: A lock rule holds it.
        """
        with self._database.transaction() as transaction:
            return self.remove(transaction, bucket, key, check)

    def remove(
        self, transaction: Transaction, bucket: int, key: str, check: Check = anything
    ) -> StoredObject | None:
        """`delete` inside a transaction of the caller."""
        current = self.changeable(transaction, bucket, key, check)
        if current is not None:
            transaction.execute("DELETE FROM objects WHERE bucket = ? AND key = ?", bucket, key_bytes(key))
            transaction.release(current.body)
        return current

    def changeable(
        self, transaction: Transaction, bucket: int, key: str, check: Check = anything
    ) -> StoredObject | None:
        """What the key holds, if it may be replaced or removed now.

        Raises:
            ObjectLockedError: A lock rule holds it; that comes before `check`, as users of R2 report.
        """
        current = self.find(transaction, bucket, key)
        self._locks.check(transaction, bucket, current)
        check(current)
        return current

    def set_storage_class(self, transaction: Transaction, bucket: int, key: str, storage_class: str) -> None:
        """Changes the class alone: time, ETag and metadata stay, as with a lifecycle transition."""
        transaction.execute(
            "UPDATE objects SET storage_class = ? WHERE bucket = ? AND key = ?",
            storage_class, bucket, key_bytes(key),
        )  # fmt: skip

    def after(self, bucket: int, start: bytes, inclusive: bool, prefix: bytes, limit: int) -> list[Listed]:
        """Up to `limit` objects from `start` on, in the order of their UTF-8 bytes."""
        comparison = ">=" if inclusive else ">"
        end = _after_prefix(prefix)
        bound = "" if end is None else " AND key < ?"
        with self._database.snapshot() as transaction:
            rows = transaction.execute(
                "SELECT key, spelling, etag, size, modified, storage_class FROM objects "  # noqa: S608
                f"WHERE bucket = ? AND key {comparison} ?{bound} ORDER BY key LIMIT ?",
                bucket, start, *([] if end is None else [end]), limit,
            ).fetchall()  # fmt: skip
        return [Listed._make(row) for row in rows]

    def find(self, transaction: Transaction, bucket: int, key: str) -> StoredObject | None:
        """What the key holds, inside a transaction of the caller."""
        row = transaction.execute(
            f"SELECT {_DESCRIPTION} FROM objects WHERE bucket = ? AND key = ?",  # noqa: S608
            bucket, key_bytes(key),
        ).fetchone()  # fmt: skip
        return None if row is None else _from_row(key, *row)


def _after_prefix(prefix: bytes) -> bytes | None:
    """The smallest bytes that are greater than everything with that prefix; None if there are none."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else None


def _from_row(
    key: str, spelling: str, etag: str, modified: int, storage_class: str, headers: str, custom: str,
    checksums: str, part_sizes: str, size: int, segments: str | None, inline: bytes | None,
    customer_key: str,
) -> StoredObject:  # fmt: skip
    metadata = ObjectMetadata(_load(headers), _load(custom), storage_class, _load(checksums), customer_key)
    body = body_from(size, segments, inline)
    return StoredObject(key, spelling, etag, modified, body, metadata, tuple(json.loads(part_sizes)))


def _dump(values: Any) -> str:
    return json.dumps(dict(values), ensure_ascii=False) if values else ""


def _load(text: str) -> dict[str, str]:
    loaded: dict[str, str] = json.loads(text) if text else {}
    return loaded
