"""The buckets and their configuration."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from local_cloudflare.clock import Clock
from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.r2.store.database import Database, Transaction
from local_cloudflare.r2.store.lifecycle import DEFAULT_RULES
from local_cloudflare.r2.store.lock_table import LockTable
from local_cloudflare.r2.store.models import Bucket, from_milliseconds, to_milliseconds

__all__ = ["BucketExistsError", "BucketMissingError", "BucketNotEmptyError", "BucketTable", "check_bucket"]


class BucketExistsError(LocalCloudflareError):
    """A bucket of that name is there already."""


class BucketMissingError(LocalCloudflareError):
    """There is no bucket of that name in that jurisdiction."""


class BucketNotEmptyError(LocalCloudflareError):
    """The bucket holds objects, or multipart uploads that are under way."""


class BucketTable:
    """Buckets by name and jurisdiction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._locks = LockTable(clock)
        self.clock = clock

    def create_bucket(
        self,
        name: str,
        *,
        storage_class: str = "Standard",
        location: str | None = None,
        jurisdiction: str = "default",
    ) -> Bucket:
        """Makes a bucket, with R2's default lifecycle rule.

        Raises:
            BucketExistsError: There is one of that name.
        """
        created, rules = to_milliseconds(self.clock.now()), json.dumps(DEFAULT_RULES)
        with self._database.transaction() as transaction:
            if self._find(transaction, name, jurisdiction) is not None:
                raise BucketExistsError(f"there is a bucket {name!r} already", bucket=name)
            transaction.execute(
                "INSERT INTO buckets (jurisdiction, name, created, storage_class, location, lifecycle) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                jurisdiction, name, created, storage_class, location, rules,
            )  # fmt: skip
            return self._existing(transaction, name, jurisdiction)

    def bucket(self, name: str, jurisdiction: str = "default") -> Bucket | None:
        """The bucket of that name, if there is one."""
        with self._database.snapshot() as transaction:
            return self._find(transaction, name, jurisdiction)

    def buckets(self, jurisdiction: str = "default") -> list[Bucket]:
        """All buckets of a jurisdiction, by name."""
        with self._database.snapshot() as transaction:
            rows = transaction.execute(
                f"SELECT {_BUCKET} FROM buckets WHERE jurisdiction = ? ORDER BY name",  # noqa: S608
                jurisdiction,
            )
            return [_bucket(*row) for row in rows]

    def delete_bucket(self, name: str, jurisdiction: str = "default") -> None:
        """Removes an empty bucket.

        Raises:
            BucketMissingError: There is none.
            BucketNotEmptyError: It holds objects or open multipart uploads:
                R2 refuses while uploads are open, even when the bucket lists as empty.
        """
        with self._database.transaction() as transaction:
            bucket = self._existing(transaction, name, jurisdiction)
            if _holds(transaction, "objects", bucket):
                raise BucketNotEmptyError(
                    f"the bucket {name!r} holds objects: delete them first", bucket=name
                )
            if _holds(transaction, "uploads", bucket):
                raise BucketNotEmptyError(
                    f"the bucket {name!r} has multipart uploads under way: abort them first", bucket=name
                )
            transaction.execute("DELETE FROM buckets WHERE id = ?", bucket.id)
            self._locks.replace(transaction, bucket.id, [])

    def update_bucket(self, name: str, jurisdiction: str = "default", *, storage_class: str) -> Bucket:
        """Changes the storage class of what is uploaded from now on."""
        with self._database.transaction() as transaction:
            bucket = self._existing(transaction, name, jurisdiction)
            transaction.execute("UPDATE buckets SET storage_class = ? WHERE id = ?", storage_class, bucket.id)
            return self._existing(transaction, name, jurisdiction)

    def lifecycle(self, name: str, jurisdiction: str = "default") -> list[dict[str, Any]]:
        """The lifecycle rules, in the form of Cloudflare's API."""
        return list(self._configuration(name, jurisdiction, "lifecycle"))

    def set_lifecycle(
        self, name: str, jurisdiction: str = "default", rules: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Replaces all lifecycle rules, R2's default one included."""
        self._configure(name, jurisdiction, "lifecycle", list(rules))

    def cors(self, name: str, jurisdiction: str = "default") -> list[dict[str, Any]] | None:
        """The CORS rules, in the form of Cloudflare's API; None if none were ever set."""
        rules = self._configuration(name, jurisdiction, "cors")
        return None if rules is None else list(rules)

    def set_cors(
        self, name: str, jurisdiction: str = "default", rules: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Replaces all CORS rules."""
        self._configure(name, jurisdiction, "cors", list(rules))

    def delete_cors(self, name: str, jurisdiction: str = "default") -> None:
        """Removes the CORS configuration."""
        self._configure(name, jurisdiction, "cors", None)

    def lock_rules(self, name: str, jurisdiction: str = "default") -> list[dict[str, Any]]:
        """The lock rules, in the form of Cloudflare's API; a new bucket has none."""
        with self._database.snapshot() as transaction:
            return self._locks.rules(transaction, self._existing(transaction, name, jurisdiction).id)

    def set_lock_rules(
        self, name: str, jurisdiction: str = "default", rules: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Replaces all lock rules. They hold from now on, also for what is there already."""
        with self._database.transaction() as transaction:
            bucket = self._existing(transaction, name, jurisdiction)
            self._locks.replace(transaction, bucket.id, rules)

    def rules_by_id(self) -> list[tuple[int, list[dict[str, Any]]]]:
        """Id and lifecycle rules of every bucket of every jurisdiction."""
        with self._database.snapshot() as transaction:
            rows = transaction.execute("SELECT id, lifecycle FROM buckets").fetchall()
        return [(bucket, json.loads(text)) for bucket, text in rows]

    def rules_of(self, bucket: int) -> list[dict[str, Any]]:
        """The lifecycle rules of the bucket with that id; none if it has gone."""
        with self._database.snapshot() as transaction:
            row = transaction.execute("SELECT lifecycle FROM buckets WHERE id = ?", bucket).fetchone()
        return [] if row is None else list(json.loads(row[0]))

    def _find(self, transaction: Transaction, name: str, jurisdiction: str) -> Bucket | None:
        row = transaction.execute(
            f"SELECT {_BUCKET} FROM buckets WHERE name = ? AND jurisdiction = ?",  # noqa: S608
            name, jurisdiction,
        ).fetchone()  # fmt: skip
        return None if row is None else _bucket(*row)

    def _existing(self, transaction: Transaction, name: str, jurisdiction: str) -> Bucket:
        found = self._find(transaction, name, jurisdiction)
        if found is None:
            raise BucketMissingError(
                f"there is no bucket {name!r} in the jurisdiction {jurisdiction!r}: create it first",
                bucket=name,
            )
        return found

    def _configuration(self, name: str, jurisdiction: str, column: str) -> Any:
        with self._database.snapshot() as transaction:
            bucket = self._existing(transaction, name, jurisdiction)
            row = transaction.execute(f"SELECT {column} FROM buckets WHERE id = ?", bucket.id).fetchone()  # noqa: S608
        return None if row[0] is None else json.loads(row[0])

    def _configure(self, name: str, jurisdiction: str, column: str, rules: list[Any] | None) -> None:
        text = None if rules is None else json.dumps(rules)
        with self._database.transaction() as transaction:
            bucket = self._existing(transaction, name, jurisdiction)
            transaction.execute(f"UPDATE buckets SET {column} = ? WHERE id = ?", text, bucket.id)  # noqa: S608


_BUCKET = "id, name, jurisdiction, created, storage_class, location"


def _bucket(
    number: int, name: str, jurisdiction: str, created: int, storage_class: str, location: str | None
) -> Bucket:
    return Bucket(number, name, jurisdiction, from_milliseconds(created), storage_class, location)


def check_bucket(transaction: Transaction, bucket: int) -> None:
    """Whether the bucket with that id is still there: it may have been deleted while a body was received.

    Raises:
        BucketMissingError: It has gone.
    """
    if transaction.execute("SELECT 1 FROM buckets WHERE id = ?", bucket).fetchone() is None:
        raise BucketMissingError("The bucket was deleted meanwhile.", hint="Create it again.")


def _holds(transaction: Transaction, table: str, bucket: Bucket) -> bool:
    statement = f"SELECT 1 FROM {table} WHERE bucket = ? LIMIT 1"  # noqa: S608
    return transaction.execute(statement, bucket.id).fetchone() is not None
