"""The write side of the bucket: copies that overwrite nothing but a version that is named, documents, deletes.

A copy goes one of three ways, by what its source is:

- single-part object, plain key: obstore, with R2's header `cf-copy-destination-if-none-match: *`
- multipart object, another storage class than STANDARD, or a key that obstore would change: boto3, with the
  same header and the source's ETag
- above 4.99 GiB: part by part, the condition at the completion; R2 knows no conditions on a part's source

A copy that may replace one version of the new object goes by boto3, on the condition that its ETag is still there.
"""

import asyncio
import random
import re
import time
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING
from unicodedata import normalize

from layout.errors import ConditionFailedError, ObjectMissingError, StorageUnavailableError
from layout.foreign_words import quoted
from layout.migrate.bucket.pace import Pace
from layout.migrate.bucket.part_copies import CopyLimits, KeptUpload, class_argument, copy_in_parts, etag_in
from layout.migrate.bucket.reader import STANDARD, BucketReader, OpenUpload
from layout.migrate.bucket.sent_as_shown import send_described
from layout.storage.clients import object_store, s3_client
from layout.storage.destination_conditions import (
    ONLY_IF_ABSENT,
    honour_destination_conditions,
    only_over,
)
from layout.storage.error_translation import storage_errors
from layout.storage.retries import RETRY_SECONDS
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["BucketWriter", "plain_for_obstore"]

_FIRST_WAIT, _LONGEST_WAIT = 0.2, 10.0
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class BucketWriter(BucketReader):
    """Reads and writes one bucket by raw keys; its temporary credentials may do both."""

    writable = True

    def __init__(
        self, settings: StorageSettings, limits: CopyLimits | None = None, pace: Pace | None = None
    ) -> None:
        super().__init__(settings, pace)
        self.limits = limits or CopyLimits()
        # Made now: what it refuses is refused before anything is copied.
        self._copies = object_store(settings, credentials=self.credentials, repeats=False)
        honour_destination_conditions(self.client)
        send_described(self.client)

    @cached_property
    def _client_that_asks_once(self) -> "S3Client":
        client = s3_client(self._settings, credentials=self.credentials, repeats=False)
        self.pace.attach(client)
        return client

    async def copy_small(self, key: str, new_key: str) -> bool:
        """Server-side copy of a single-part object; both keys must be `plain_for_obstore`.

        Asks the pace before each attempt. A bucket that is busy is asked again for as long as obstore would.

        Returns:
            Whether the first attempt was answered.

        Raises:
            ConditionFailedError: There is an object at `new_key`.
            ObjectMissingError: There is none at `key`.
        """
        give_up = time.monotonic() + RETRY_SECONDS
        attempts = 0
        while True:
            attempts += 1
            began, busy, done = await self.pace.begin_write(), False, False
            try:
                with storage_errors(self.name, key):
                    await self._copies.copy_async(key, new_key, overwrite=False)
                done = True
            except StorageUnavailableError:
                busy = True
                delay = random.uniform(0.5, 1) * min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (attempts - 1))  # noqa: S311
                if time.monotonic() + delay > give_up:
                    raise
            finally:
                self.pace.end(began, busy=busy, measured=done)
            if done:
                return attempts == 1
            await asyncio.sleep(delay)

    def copy_large(
        self,
        key: str,
        new_key: str,
        etag: str,
        size: int,
        storage_class: str = STANDARD,
        replaces: str | None = None,
        kept: KeptUpload | None = None,
    ) -> str:
        """Server-side copy of an object of any size and any key, on the condition that its ETag is `etag`.

        Args:
            key: Of the source.
            new_key: Of the copy.
            etag: Of the source, without quotes.
            size: Of the source, in bytes.
            storage_class: Of the copy.
            replaces: ETag, without quotes, of the object at `new_key` that the copy may replace; None: there must be
                none. Only where `layout.migrate.bucket.replacing` found that the store honours the condition.
            kept: Where the upload of a copy in parts is kept, so that it goes on after a run that was cut off. Without
                it the upload ends with the copy, whatever comes of that.

        Returns:
            The ETag of the new object.

        Raises:
            ConditionFailedError: The source has another ETag, or what is at `new_key` is not as the condition says.
            ObjectMissingError: There is no object at `key`.
        """
        if size > self.limits.single:
            return copy_in_parts(self, self.limits, key, new_key, etag, size, storage_class, replaces, kept)
        with storage_errors(self.name, key):
            answer = self.client.copy_object(
                Bucket=self.name,
                Key=new_key,
                CopySource={"Bucket": self.name, "Key": key},
                CopySourceIfMatch=f'"{etag}"',
                MetadataDirective="COPY",
                **class_argument(storage_class),
                **(ONLY_IF_ABSENT if replaces is None else only_over(replaces)),
            )
        return etag_in(answer.get("CopyObjectResult"), self.name, new_key)

    def put_if_absent(self, key: str, body: bytes, content_type: str) -> bool:
        """Writes a small object unless there is one; False if there is."""
        try:
            with storage_errors(self.name, key):
                self.client.put_object(
                    Bucket=self.name, Key=str(key), Body=body, ContentType=content_type, IfNoneMatch="*"
                )
        except ConditionFailedError:
            return False
        return True

    def put_if_match(self, key: str, body: bytes, content_type: str, etag: str) -> bool:
        """Replaces a small object if it has this ETag (without quotes); False if it has another, or is gone."""
        try:
            with storage_errors(self.name, key):
                self.client.put_object(
                    Bucket=self.name, Key=str(key), Body=body, ContentType=content_type, IfMatch=f'"{etag}"'
                )
        except (ConditionFailedError, ObjectMissingError):
            return False
        return True

    def delete_version(self, key: str, modified: datetime) -> None:
        """Deletes an object if it has this last-modified time, to the second; where nothing is, nothing is done.

        Raises:
            ConditionFailedError: It has another. Only where `layout.migrate.bucket.deletes` found that the store asks.
        """
        with storage_errors(self.name, key):
            self.client.delete_object(Bucket=self.name, Key=key, IfMatchLastModifiedTime=modified)

    def abort(self, upload: OpenUpload) -> None:
        """Ends a multipart upload that was listed; one that has ended meanwhile is no error.

        Raises:
            StorageError: The bucket did not do it.
        """
        with suppress(ObjectMissingError), storage_errors(self.name, upload.key):
            self.client.abort_multipart_upload(Bucket=self.name, Key=upload.key, UploadId=upload.id)

    def delete(self, keys: list[str], *, repeats: bool = True) -> dict[str, str]:
        """Deletes at most 1,000 objects in one request; `repeats`: it is sent again if it was not answered.

        Returns:
            Why, by key, for each that the bucket did not delete: a 200 says nothing about one key. An error that
            names none of the keys may be about any, so it stands for all that have no reason of their own.
        """
        # Whether R2 counts a request or its keys is not documented.
        self.pace.spend(len(keys) - 1)
        with storage_errors(self.name):
            client = self.client if repeats else self._client_that_asks_once
            answer = client.delete_objects(
                Bucket=self.name, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        # R2 keeps keys in NFC, and may name them so.
        asked = {normalize("NFC", key): key for key in keys}
        failed: dict[str, str] = {}
        about_any: dict[str, str] = {}
        for error in answer.get("Errors", ()):
            reason = quoted(f"{error.get('Code', 'unknown')}: {error.get('Message', '')}")
            key = asked.get(normalize("NFC", error.get("Key", "")))
            if key is None:
                about_any = dict.fromkeys(keys, reason)
            else:
                failed[key] = reason
        return about_any | failed


def plain_for_obstore(key: str) -> bool:
    """Whether obstore addresses exactly this key.

    It drops a slash at either end silently, and refuses empty segments, `.`, `..` and control characters
    (measured with obstore 0.12.1).
    """
    between = f"/{key}/"
    return not (_CONTROL.search(key) or "//" in between or "/./" in between or "/../" in between)
