"""The write side of the bucket: copies that overwrite nothing but a version that is named, documents, deletes.

A copy goes one of three ways, by what its source is:

- single-part object, plain key: obstore, with R2's header `cf-copy-destination-if-none-match: *`
- multipart object, another storage class than STANDARD, or a key that obstore would change: boto3, with the
  same header and the source's ETag
- above 4.99 GiB: part by part, the condition at the completion; R2 knows no conditions on a part's source

A copy that may replace one version of the new object goes by boto3, on the condition that its ETag is still there.
"""

import math
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

from layout.errors import ConditionFailedError, ObjectMissingError, StorageError, StorageUnavailableError
from layout.foreign_words import quoted
from layout.migrate.bucket.pace import PART_COPIES
from layout.migrate.bucket.reader import STANDARD, BucketReader, ObjectHead
from layout.storage.clients import object_store
from layout.storage.error_translation import storage_errors
from layout.storage.settings import StorageSettings

__all__ = ["BucketWriter", "CopyLimits", "plain_for_obstore"]

GIB = 1 << 30
_IF_ABSENT = "cf-copy-destination-if-none-match"
_IF_MATCH = "cf-copy-destination-if-match"
_REPLACES = "ReplacesETag"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HEADER_ARGUMENTS = {
    "cache-control": "CacheControl",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-language": "ContentLanguage",
    "content-type": "ContentType",
    "expires": "Expires",
}


@dataclass(frozen=True)
class CopyLimits:
    """Sizes in bytes. R2 copies up to 4.995 GiB at once, and at most 10,000 parts of one equal size.

    Source: Cloudflare's R2 docs, `platform/limits`.
    """

    single: int = 5 * GIB - 10 * (1 << 20)
    part: int = GIB // 2
    parts: int = 10_000

    def part_size(self, size: int) -> int:
        """The size of every part but the last, for an object of `size` bytes."""
        return max(self.part, math.ceil(size / self.parts))


class BucketWriter(BucketReader):
    """Reads and writes one bucket by raw keys; its temporary credentials may do both."""

    writable = True

    def __init__(self, settings: StorageSettings, limits: CopyLimits | None = None) -> None:
        super().__init__(settings)
        self.limits = limits or CopyLimits()
        # Made now: what it refuses is refused before anything is copied.
        self.store = object_store(settings, credentials=self.credentials)
        events = self.client.meta.events
        events.register("before-parameter-build.s3.CopyObject", _take_replaced)
        events.register("before-call.s3.CopyObject", _add_destination_condition)
        events.register("before-parameter-build.s3.CreateMultipartUpload", _take_expires)
        events.register("before-call.s3.CreateMultipartUpload", _send_expires)

    async def copy_small(self, key: str, new_key: str) -> None:
        """Server-side copy of a single-part object; both keys must be `plain_for_obstore`.

        Raises:
            ConditionFailedError: There is an object at `new_key`.
            ObjectMissingError: There is none at `key`.
        """
        with storage_errors(self.name, key):
            await self.store.copy_async(key, new_key, overwrite=False)

    def copy_large(
        self,
        key: str,
        new_key: str,
        etag: str,
        size: int,
        storage_class: str = STANDARD,
        replaces: str | None = None,
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

        Returns:
            The ETag of the new object.

        Raises:
            ConditionFailedError: The source has another ETag, or what is at `new_key` is not as the condition says.
            ObjectMissingError: There is no object at `key`.
        """
        if size > self.limits.single:
            return self._copy_in_parts(key, new_key, etag, size, storage_class, replaces)
        with storage_errors(self.name, key):
            answer = self.client.copy_object(
                Bucket=self.name,
                Key=new_key,
                CopySource={"Bucket": self.name, "Key": key},
                CopySourceIfMatch=f'"{etag}"',
                MetadataDirective="COPY",
                **_class_argument(storage_class),
                **_replaced_argument(replaces),
            )
        return self._etag_in(answer.get("CopyObjectResult"), new_key)

    def _copy_in_parts(
        self, key: str, new_key: str, etag: str, size: int, storage_class: str, replaces: str | None
    ) -> str:
        head = self._unchanged(key, etag)
        with storage_errors(self.name, new_key):
            upload = self.client.create_multipart_upload(
                Bucket=self.name, Key=new_key, **_arguments(head), **_class_argument(storage_class)
            )
        names: dict[str, Any] = {"Bucket": self.name, "Key": new_key, "UploadId": upload["UploadId"]}
        try:
            parts = self._copy_parts(names, key, size)
            self._unchanged(key, etag)
            with storage_errors(self.name, new_key):
                answer = self.client.complete_multipart_upload(
                    **names, MultipartUpload={"Parts": parts}, **_completion_condition(replaces)
                )
        except BaseException:
            # A refused completion has ended the upload already; any other left-over expires after 7 days.
            with suppress(StorageError), storage_errors(self.name, new_key):
                self.client.abort_multipart_upload(**names)
            raise
        return self._etag_in(answer, new_key)

    def _copy_parts(self, names: dict[str, Any], key: str, size: int) -> list[Any]:
        step = self.limits.part_size(size)

        def copy(number: int) -> dict[str, Any]:
            first, last = (number - 1) * step, min(number * step, size) - 1
            with storage_errors(self.name, key):
                answer = self.client.upload_part_copy(
                    **names,
                    PartNumber=number,
                    CopySource={"Bucket": self.name, "Key": key},
                    CopySourceRange=f"bytes={first}-{last}",
                )
            return {"PartNumber": number, "ETag": self._etag_in(answer.get("CopyPartResult"), key)}

        with ThreadPoolExecutor(PART_COPIES) as pool:
            return list(pool.map(copy, range(1, math.ceil(size / step) + 1)))

    def _etag_in(self, answer: Any, key: str) -> str:
        """The ETag that an answer tells. One that was cut off tells none, and is no answer."""
        etag = (answer or {}).get("ETag")
        if not etag:
            raise StorageUnavailableError(
                f"No answer about object {key!r} in bucket {self.name!r}: it was cut off.",
                hint="Try again later; whether a write took effect is unknown until it is read back.",
                bucket=self.name,
                key=key,
            )
        return str(etag).strip('"')

    def _unchanged(self, key: str, etag: str) -> ObjectHead:
        head = self.head(key)
        if head is None:
            raise ObjectMissingError(
                f"There is no object {key!r} in bucket {self.name!r}.", bucket=self.name, key=key
            )
        if head.etag != etag:
            raise ConditionFailedError(
                f"The object {key!r} in bucket {self.name!r} has the ETag {head.etag!r}, not {etag!r}.",
                hint="Make a new plan.",
                bucket=self.name,
                key=key,
            )
        return head

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

    def delete(self, keys: list[str]) -> dict[str, str]:
        """Deletes at most 1,000 objects in one request.

        Returns:
            Why, by key, for each that the bucket did not delete: a 200 says nothing about one key. An error that
            names none of the keys may be about any, so it stands for all that have no reason of their own.
        """
        with storage_errors(self.name):
            answer = self.client.delete_objects(
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


def _take_replaced(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """boto3 has no argument for what is at the new key, so ours is taken away before it is refused."""
    context["replaces"] = params.pop(_REPLACES, None)


def _add_destination_condition(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """R2's own headers: copy only if nothing is at the new key, or only if this version is."""
    replaces = context["replaces"]
    if replaces is None:
        params["headers"][_IF_ABSENT] = "*"
    else:
        params["headers"][_IF_MATCH] = f'"{replaces}"'


def _replaced_argument(replaces: str | None) -> Any:
    return {} if replaces is None else {_REPLACES: replaces}


def _completion_condition(replaces: str | None) -> Any:
    return {"IfNoneMatch": "*"} if replaces is None else {"IfMatch": f'"{replaces}"'}


def _take_expires(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """An `Expires` may be no date (`0`, `never`); R2 keeps any text, and botocore would refuse or change it."""
    if "Expires" in params:
        context["expires_as_stored"] = params.pop("Expires")


def _send_expires(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if "expires_as_stored" in context:
        params["headers"]["Expires"] = context["expires_as_stored"]


def _class_argument(storage_class: str) -> Any:
    """Without one, R2's documents do not say of which class a copy is."""
    return {} if storage_class == STANDARD else {"StorageClass": storage_class}


def _arguments(head: ObjectHead) -> Any:
    """What a multipart upload must be told to become a faithful copy."""
    given: dict[str, Any] = {
        argument: head.described[name]
        for name, argument in _HEADER_ARGUMENTS.items()
        if name in head.described
    }
    prefix = "x-amz-meta-"
    given["Metadata"] = {
        name.removeprefix(prefix): value for name, value in head.described.items() if name.startswith(prefix)
    }
    return given
