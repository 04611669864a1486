"""Where the local R2 keeps everything: a folder with one SQLite file and the larger bodies beside it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.local.clock import Clock
from infra.local.r2.blobs import Blobs, Body, Segment
from infra.local.r2.database import Database, Transaction
from infra.local.r2.incoming import Incoming
from infra.local.r2.keys import normal_form
from infra.local.r2.lifecycle import DEFAULT_RULES, Swept, due_for_object, upload_is_due
from infra.local.r2.models import (
    Bucket,
    ObjectMetadata,
    Part,
    StoredObject,
    Upload,
    from_milliseconds,
    to_milliseconds,
)
from infra.local.r2.object_table import Listed, ObjectTable
from infra.local.r2.upload_table import UploadTable
from layout.errors import LocalCloudflareError

__all__ = ["BucketExistsError", "BucketMissingError", "BucketNotEmptyError", "Store"]

_PAGE = 1000


class BucketExistsError(LocalCloudflareError):
    """A bucket of that name is there already."""


class BucketMissingError(LocalCloudflareError):
    """There is no bucket of that name in that jurisdiction."""


class BucketNotEmptyError(LocalCloudflareError):
    """The bucket holds objects, or multipart uploads that are under way."""


class Store:
    """Buckets with their configuration, and through `objects` and `uploads` what is in them.

    Thread-safe. Survives the death of its process. One process at a time.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self.blobs = Blobs(folder / "blobs")
        self._database = Database(folder / "r2.sqlite", self.blobs)
        self.objects = ObjectTable(self._database, self.blobs)
        self.uploads = UploadTable(self._database)
        self._unsubscribe = clock.subscribe(self.apply_lifecycle)

    def close(self) -> None:
        """Closes the files; what is stored stays."""
        self._unsubscribe()
        self._database.close()

    # Buckets

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
        with self._database.transaction() as transaction:
            if self._find(transaction, name, jurisdiction) is not None:
                raise BucketExistsError(f"there is a bucket {name!r} already", bucket=name)
            transaction.execute(
                "INSERT INTO buckets (jurisdiction, name, created, storage_class, location, lifecycle) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                jurisdiction, name, self.now(), storage_class, location, json.dumps(DEFAULT_RULES),
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
            BucketNotEmptyError: It holds objects or open multipart uploads (FACTS.md section 1:
                R2 refuses while uploads are open, even when the bucket lists as empty).
        """
        with self._database.transaction() as transaction:
            bucket = self._existing(transaction, name, jurisdiction)
            if not self.objects.is_empty(transaction, bucket.id):
                raise BucketNotEmptyError(
                    f"the bucket {name!r} holds objects: delete them first", bucket=name
                )
            if not self.uploads.is_empty(transaction, bucket.id):
                raise BucketNotEmptyError(
                    f"the bucket {name!r} has multipart uploads under way: abort them first", bucket=name
                )
            transaction.execute("DELETE FROM buckets WHERE id = ?", bucket.id)

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

    # Time

    def now(self) -> int:
        """Milliseconds since the epoch, by the clock."""
        return to_milliseconds(self.clock.now())

    def apply_lifecycle(self, now: datetime | None = None) -> Swept:
        """Does what the lifecycle rules of all buckets ask for at `now`."""
        at = self.clock.now() if now is None else now
        swept = Swept()
        with self._database.snapshot() as transaction:
            rows = transaction.execute("SELECT id, lifecycle FROM buckets").fetchall()
        for bucket, text in rows:
            rules = json.loads(text)
            if rules:
                self._sweep_objects(bucket, rules, at, swept)
                self._sweep_uploads(bucket, rules, at, swept)
        return swept

    def _sweep_objects(self, bucket: int, rules: list[Any], now: datetime, swept: Swept) -> None:
        for found in self.all_objects(bucket):
            modified = from_milliseconds(found.modified)
            due = due_for_object(rules, found.spelling, modified, found.storage_class, now)
            if not due.delete and due.storage_class is None:
                continue
            with self._database.transaction() as transaction:
                key = found.key.decode()
                current = self.objects.find(transaction, bucket, key)
                if current is None or current.modified != found.modified:
                    continue  # replaced since it was listed
                if due.delete:
                    self.objects.remove(transaction, bucket, key)
                    swept.deleted += 1
                elif due.storage_class is not None:
                    self.objects.set_storage_class(transaction, bucket, key, due.storage_class)
                    swept.transitioned += 1

    def _sweep_uploads(self, bucket: int, rules: list[Any], now: datetime, swept: Swept) -> None:
        for upload in self.uploads.of_bucket(bucket):
            if upload_is_due(rules, upload.spelling, from_milliseconds(upload.initiated), now):
                self.uploads.abort(upload)
                swept.aborted += 1

    # Contents

    def all_objects(self, bucket: int) -> Iterator[Listed]:
        """Every object of a bucket in key order, without bodies, a page at a time."""
        start = b""
        while page := self.objects.after(bucket, start, inclusive=False, prefix=b"", limit=_PAGE):
            yield from page
            start = page[-1].key

    def incoming(self, algorithms: tuple[str, ...] = ()) -> Incoming:
        """Where to write a body that is being received."""
        return Incoming(self.blobs, algorithms)

    def joined(self, bodies: Sequence[Body]) -> Body:
        """One body out of several; the files are shared, not copied.

        Small parts beside large ones get a file of their own.
        """
        if all(body.inline is not None for body in bodies):
            data = b"".join(body.inline or b"" for body in bodies)
            return Body(len(data), data)
        segments: list[Segment] = []
        for body in bodies:
            if body.inline is None:
                segments += body.segments
            elif body.inline:
                segments.append(Segment(self.blobs.store(body.inline), 0, body.size))
        return Body(sum(body.size for body in bodies), None, tuple(segments))

    def complete_upload(self, transaction: Transaction, upload: Upload, new: StoredObject) -> None:
        """Puts the assembled object in the place of its upload."""
        self.objects.replace(transaction, upload.bucket, new)
        self.uploads.remove(transaction, upload.id)

    def transaction(self) -> Any:
        """One transaction over objects and uploads, as a context manager."""
        return self._database.transaction()

    def declare_object(
        self, bucket: Bucket, key: str, size: int, *, part_sizes: Sequence[int] = (), etag: str = "0" * 32
    ) -> StoredObject:
        """Puts an object of zero bytes of any size in place, without needing the room.

        For tests of limits: the file is sparse.
        """
        body = self._zeros(size)
        new = StoredObject(
            normal_form(key), key, etag, self.now(), body, ObjectMetadata(), tuple(part_sizes)
        )  # fmt: skip
        self.objects.put(bucket.id, new)
        return new

    def declare_part(self, upload: Upload, number: int, size: int, *, etag: str = "0" * 32) -> Part:
        """Puts a part of zero bytes of any size in place, as `declare_object` does."""
        part = Part(number, etag, self.now(), self._zeros(size))
        self.uploads.put_part(upload, part)
        return part

    def _zeros(self, size: int) -> Body:
        return Body(size, None, (Segment(self.blobs.create_sparse(size), 0, size),))

    # Rows

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
