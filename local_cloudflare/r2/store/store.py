"""Where the local R2 keeps everything: a folder with one SQLite file and the larger bodies beside it."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from local_cloudflare.clock import Clock
from local_cloudflare.r2.store.blobs import Blobs, Body, Segment
from local_cloudflare.r2.store.bucket_table import (
    BucketExistsError,
    BucketMissingError,
    BucketNotEmptyError,
    BucketTable,
)
from local_cloudflare.r2.store.database import Database, Transaction
from local_cloudflare.r2.store.incoming import Incoming
from local_cloudflare.r2.store.keys import normal_form
from local_cloudflare.r2.store.lifecycle import Swept, due_for_object, upload_is_due
from local_cloudflare.r2.store.lock_table import ObjectLockedError
from local_cloudflare.r2.store.models import (
    Bucket,
    ObjectMetadata,
    Part,
    StoredObject,
    Upload,
    from_milliseconds,
    to_milliseconds,
)
from local_cloudflare.r2.store.object_table import Listed, ObjectTable
from local_cloudflare.r2.store.upload_table import UploadTable

__all__ = ["BucketExistsError", "BucketMissingError", "BucketNotEmptyError", "ObjectLockedError", "Store"]

_PAGE = 1000


class Store(BucketTable):
    """Buckets with their configuration, and through `objects` and `uploads` what is in them.

    Thread-safe. Survives the death of its process. One process at a time.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.blobs = Blobs(folder / "blobs")
        super().__init__(Database(folder / "r2.sqlite", self.blobs), clock)
        self.objects = ObjectTable(self._database, self.blobs, self._locks)
        self.uploads = UploadTable(self._database)
        self._unsubscribe = clock.subscribe(self.apply_lifecycle)

    def close(self) -> None:
        """Closes the files; what is stored stays."""
        self._unsubscribe()
        self._database.close()

    def now(self) -> int:
        """Milliseconds since the epoch, by the clock."""
        return to_milliseconds(self.clock.now())

    def apply_lifecycle(self, now: datetime | None = None) -> Swept:
        """Does what the lifecycle rules of all buckets ask for at `now`, by default the clock's time."""
        swept = Swept()
        for bucket, rules in self.rules_by_id():
            if rules:
                self._sweep_objects(bucket, rules, now or self.clock.now(), swept)
                self._sweep_uploads(bucket, rules, now or self.clock.now(), swept)
        return swept

    def _sweep_objects(self, bucket: int, rules: list[Any], now: datetime, swept: Swept) -> None:
        for found in self.all_objects(bucket):
            modified = from_milliseconds(found.modified)
            due = due_for_object(rules, found.key.decode(), modified, found.storage_class, now)
            if not due.delete and due.storage_class is None:
                continue
            # A lock rule wins over a lifecycle rule: what it holds stays until a later sweep.
            with suppress(ObjectLockedError), self._database.transaction() as transaction:
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
            if upload_is_due(rules, upload.key, from_milliseconds(upload.initiated), now):
                self.uploads.abort(upload)
                swept.aborted += 1

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

    def transaction(self) -> AbstractContextManager[Transaction]:
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
