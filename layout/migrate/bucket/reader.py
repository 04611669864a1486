"""The bucket as a migration sees it: raw keys, read side here, write side in `layout.migrate.bucket.writer`.

A dry run holds a `BucketReader`. It has no method that writes, and its client refuses every request that
is not a read before it is sent, so a forgotten branch cannot write either.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from layout.errors import ObjectMissingError, StorageError
from layout.migrate.bucket.pace import Pace
from layout.storage.clients import object_store, s3_client
from layout.storage.credentials.whole_bucket import whole_bucket_credentials
from layout.storage.error_translation import storage_errors
from layout.storage.process_bound import ProcessBoundStore
from layout.storage.settings import StorageSettings

__all__ = ["PAGE", "STANDARD", "BucketReader", "ListedObject", "ObjectHead", "OpenUpload", "ReadBody"]

PAGE = 1_000
"""As many objects as a page of a listing shows at most."""

STANDARD = "STANDARD"
"""The storage class of most objects."""

_READS = frozenset({"GetObject", "HeadObject", "ListMultipartUploads", "ListObjectsV2"})
_KEPT_HEADERS = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
)
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ListedObject:
    """One entry of a listing: key byte for byte, ETag without quotes, size in bytes, time in ISO 8601, class."""

    key: str
    etag: str
    size: int
    modified: str
    storage_class: str = STANDARD


@dataclass(frozen=True)
class ObjectHead:
    """What HEAD says of one object.

    Attributes:
        etag: Without quotes.
        size: Bytes.
        modified: Aware, UTC, whole seconds.
        described: The headers that a copy must keep, user metadata included, by lower-case name.
        storage_class: `STANDARD`, which R2 does not show, or `STANDARD_IA`.
    """

    etag: str
    size: int
    modified: datetime
    described: dict[str, str]
    storage_class: str = STANDARD


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """A multipart upload that has begun and not ended: its key, when it began in ISO 8601, an id to abort it by."""

    key: str
    begun: str
    id: str


@dataclass(frozen=True, slots=True)
class ReadBody:
    """A body that was read: SHA-256 of its stored bytes in hexadecimal, and what the same answer said of it."""

    sha256: str
    head: ObjectHead


class BucketReader:
    """Reads one bucket by raw keys. Threads may share it.

    A parent token in the settings only signs: each request carries a temporary credential for the whole
    bucket, which may read and nothing else, and is renewed for as long as the migration takes. A temporary
    credential in the settings, or one without an account's id, is used as it is.
    """

    writable = False

    def __init__(self, settings: StorageSettings, pace: Pace | None = None) -> None:
        self.name = settings.bucket
        self.endpoint = settings.endpoint
        self.credentials = whole_bucket_credentials(settings, write=self.writable)
        self._settings = settings
        self.client = s3_client(settings, credentials=self.credentials, timestamps_as_text=True)
        self.pace = pace or Pace()
        self.pace.attach(self.client)
        if not self.writable:
            self.client.meta.events.register_first("before-call.s3", _refuse_writes)

    @cached_property
    def store(self) -> ProcessBoundStore:
        """The same bucket through obstore, made at the first use; for keys that it addresses exactly."""
        return object_store(self._settings, credentials=self.credentials)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def pages(self, prefix: str = "", start_after: str = "") -> Iterator[list[ListedObject]]:
        """The objects under a prefix, after a key, in pages of at most 1,000, read one by one."""
        token: dict[str, Any] = {"StartAfter": start_after} if start_after else {}
        while True:
            with storage_errors(self.name):
                page = self.client.list_objects_v2(Bucket=self.name, Prefix=prefix, **token)
            yield [_listed(entry) for entry in page.get("Contents", ())]
            if not page["IsTruncated"]:
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def page_after(
        self, start_after: str, most: int = PAGE, prefix: str = ""
    ) -> tuple[list[ListedObject], bool]:
        """One page of what is under a prefix, after a key, of at most `most` objects, and whether more follows."""
        with storage_errors(self.name):
            page = self.client.list_objects_v2(
                Bucket=self.name, Prefix=prefix, StartAfter=start_after, MaxKeys=most
            )
        return [_listed(entry) for entry in page.get("Contents", ())], page["IsTruncated"]

    def uploads(self) -> Iterator[tuple[str, str]]:
        """The open multipart uploads of the whole bucket: key, and when it began in ISO 8601."""
        for upload in self.open_uploads():
            yield upload.key, upload.begun

    def open_uploads(self, prefix: str = "") -> Iterator[OpenUpload]:
        """The open multipart uploads to keys under a prefix. R2 gives one upload another id in each listing."""
        markers: dict[str, Any] = {}
        while True:
            with storage_errors(self.name):
                page = self.client.list_multipart_uploads(Bucket=self.name, Prefix=prefix, **markers)
            for upload in page.get("Uploads", ()):
                yield OpenUpload(upload["Key"], str(upload["Initiated"]), upload["UploadId"])
            if not page.get("IsTruncated"):
                return
            markers = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}

    def head(self, key: str) -> ObjectHead | None:
        """What HEAD says, or None if the bucket says that there is no such object."""
        try:
            with storage_errors(self.name, key):
                answer: Any = self.client.head_object(Bucket=self.name, Key=key)
        except ObjectMissingError:
            return None
        return _object_head(answer)

    def read(self, key: str) -> bytes | None:
        """A small object's whole body, or None if the bucket says that there is no such object."""
        found = self.read_version(key)
        return None if found is None else found[0]

    def read_version(self, key: str) -> tuple[bytes, str] | None:
        """A small object's whole body and its ETag without quotes, or None if there is no such object."""
        found = self.read_described(key)
        return None if found is None else (found[0], found[1].etag)

    def read_described(self, key: str) -> tuple[bytes, ObjectHead] | None:
        """A small object's whole body and what the same answer said of it, or None if there is no such object."""
        try:
            with storage_errors(self.name, key):
                answer = self.client.get_object(Bucket=self.name, Key=key)
                return answer["Body"].read(), _object_head(answer)
        except ObjectMissingError:
            return None

    def read_through(self, key: str, etag: str) -> "ReadBody":
        """Reads an object's whole body on the condition that its ETag is `etag`; streams, a megabyte at a time.

        Raises:
            ObjectMissingError: There is no such object.
            ConditionFailedError: The object has another ETag.
        """
        digest = hashlib.sha256()
        with storage_errors(self.name, key):
            answer = self.client.get_object(Bucket=self.name, Key=key, IfMatch=f'"{etag}"')
            for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
                digest.update(chunk)
        return ReadBody(digest.hexdigest(), _object_head(answer))

    def download(self, key: str, etag: str, path: Path) -> ObjectHead:
        """Writes an object's body into a file, on the condition that its ETag is `etag`; streams as `read_through`.

        Returns:
            What the same answer said of it.

        Raises:
            ObjectMissingError: There is no such object.
            ConditionFailedError: The object has another ETag.
        """
        with storage_errors(self.name, key), path.open("wb") as file:
            answer = self.client.get_object(Bucket=self.name, Key=key, IfMatch=f'"{etag}"')
            for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
                file.write(chunk)
        return _object_head(answer)

    def now(self) -> datetime:
        """The time at the bucket, aware, UTC: what ages of objects are measured against.

        Up to a second ahead: the answer's `Date` leaves out the fraction of the second, and an object that
        was written just before must not seem to come from the future.
        """
        with storage_errors(self.name):
            # Not HeadBucket: a token or credential for objects may not ask for the bucket itself.
            answer = self.client.list_objects_v2(Bucket=self.name, MaxKeys=1)
        date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return date.astimezone(UTC) + timedelta(seconds=1)


def _refuse_writes(model: Any, **_: Any) -> None:
    if model.name not in _READS:
        raise StorageError(
            f"{model.name} is a write, and this run may only read.",
            hint="Add --execute if the command is meant to write.",
        )


def _object_head(answer: Any) -> ObjectHead:
    headers: dict[str, str] = answer["ResponseMetadata"]["HTTPHeaders"]
    described = {
        name: value
        for name, value in headers.items()
        if name in _KEPT_HEADERS or name.startswith("x-amz-meta-")
    }
    # botocore takes away an `Expires` that is no date, and keeps its text aside.
    if expires := answer.get("ExpiresString"):
        described["expires"] = expires
    modified = parsedate_to_datetime(headers["last-modified"]).astimezone(UTC)
    stored_as = headers.get("x-amz-storage-class", STANDARD)
    return ObjectHead(answer["ETag"].strip('"'), answer["ContentLength"], modified, described, stored_as)


def _listed(entry: Any) -> ListedObject:
    values = entry["Key"], entry["ETag"].strip('"'), entry["Size"], str(entry["LastModified"])
    return ListedObject(*values, entry.get("StorageClass", STANDARD))
