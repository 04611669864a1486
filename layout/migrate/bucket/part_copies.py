"""A copy of what is too large for one request, part by part, and how large parts are.

The condition is at the completion; R2 knows no conditions on a part's source, so that is looked at before and after.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from layout.errors import ConditionFailedError, ObjectMissingError, StorageError, StorageUnavailableError
from layout.migrate.bucket.pace import PART_COPIES
from layout.migrate.bucket.reader import STANDARD, BucketReader, ObjectHead
from layout.migrate.bucket.sent_as_shown import described_argument
from layout.storage.error_translation import storage_errors
from layout.storage.limits import GIB, LARGEST_SINGLE, MOST_PARTS
from layout.times import write_time

__all__ = ["BegunUpload", "CopyLimits", "KeptUpload", "class_argument", "copy_in_parts", "etag_in"]


@dataclass(frozen=True)
class CopyLimits:
    """Sizes in bytes. R2 copies up to 4.995 GiB at once, and at most 10,000 parts of one equal size.

    Source: Cloudflare's R2 docs, `platform/limits`.
    """

    single: int = LARGEST_SINGLE
    part: int = GIB // 2
    parts: int = MOST_PARTS

    def part_size(self, size: int) -> int:
        """The size of every part but the last, for an object of `size` bytes."""
        return max(self.part, math.ceil(size / self.parts))


@dataclass(frozen=True, slots=True)
class BegunUpload:
    """An upload of this plan: its id, and ETag and time of the source from which its parts are copied."""

    id: str
    source: str


@dataclass(frozen=True, slots=True)
class KeptUpload:
    """The upload of one object as the plan keeps it: which one was begun, if any, and how to keep another."""

    begun: BegunUpload | None
    keep: Callable[[BegunUpload], None]


def copy_in_parts(
    bucket: BucketReader,
    limits: CopyLimits,
    key: str,
    new_key: str,
    etag: str,
    size: int,
    storage_class: str,
    replaces: str | None,
    kept: KeptUpload | None = None,
) -> str:
    """As `layout.migrate.bucket.writer.BucketWriter.copy_large`, for an object of more than one copy's size.

    An upload that is kept and was cut off goes on with the parts that it has, if the source is still the version from
    which they were copied.
    """
    head = _unchanged(bucket, key, etag)
    source = f"{head.etag} {write_time(head.modified)}"
    names: dict[str, Any] = {"Bucket": bucket.name, "Key": new_key}
    there: dict[int, str] | None = None
    if kept is not None and kept.begun is not None:
        names["UploadId"] = kept.begun.id
        there = _parts_there(bucket, limits, names, size)
        if there is not None and kept.begun.source != source:
            _abort(bucket, names)
            there = None
    if there is None:
        with storage_errors(bucket.name, new_key):
            upload = bucket.client.create_multipart_upload(
                Bucket=bucket.name,
                Key=new_key,
                **described_argument(head.described),
                **class_argument(storage_class),
            )
        names["UploadId"], there = upload["UploadId"], {}
        if kept is not None:
            kept.keep(BegunUpload(upload["UploadId"], source))
    try:
        parts = _copy_parts(bucket, limits, names, key, size, there)
        _unchanged(bucket, key, etag)
        with storage_errors(bucket.name, new_key):
            answer = bucket.client.complete_multipart_upload(
                **names, MultipartUpload={"Parts": parts}, **_completion_condition(replaces)
            )
    except BaseException as error:
        # A refused completion has ended the upload already; any other left-over expires after 7 days.
        if kept is None or isinstance(error, (ConditionFailedError, ObjectMissingError)):
            _abort(bucket, names)
        raise
    return etag_in(answer, bucket.name, new_key)


def _abort(bucket: BucketReader, names: dict[str, Any]) -> None:
    with suppress(StorageError), storage_errors(bucket.name, names["Key"]):
        bucket.client.abort_multipart_upload(**names)


def _parts_there(
    bucket: BucketReader, limits: CopyLimits, names: dict[str, Any], size: int
) -> dict[int, str] | None:
    """ETags of the parts that an upload has at their whole length, by number; None if there is no such upload."""
    found: dict[int, str] = {}
    try:
        with storage_errors(bucket.name, names["Key"]):
            for page in bucket.client.get_paginator("list_parts").paginate(**names):
                for part in page.get("Parts", ()):
                    first, last = _range_of(limits.part_size(size), part["PartNumber"], size)
                    if part["Size"] == last + 1 - first:
                        found[part["PartNumber"]] = part["ETag"].strip('"')
    except ObjectMissingError:
        return None
    return found


def _range_of(step: int, number: int, size: int) -> tuple[int, int]:
    """The first and the last byte of a part."""
    return (number - 1) * step, min(number * step, size) - 1


def _copy_parts(
    bucket: BucketReader,
    limits: CopyLimits,
    names: dict[str, Any],
    key: str,
    size: int,
    there: dict[int, str],
) -> list[Any]:
    step = limits.part_size(size)

    def copy(number: int) -> dict[str, Any]:
        if number in there:
            return {"PartNumber": number, "ETag": there[number]}
        first, last = _range_of(step, number, size)
        with storage_errors(bucket.name, key):
            answer = bucket.client.upload_part_copy(
                **names,
                PartNumber=number,
                CopySource={"Bucket": bucket.name, "Key": key},
                CopySourceRange=f"bytes={first}-{last}",
            )
        return {"PartNumber": number, "ETag": etag_in(answer.get("CopyPartResult"), bucket.name, key)}

    with ThreadPoolExecutor(PART_COPIES) as pool:
        return list(pool.map(copy, range(1, math.ceil(size / step) + 1)))


def _unchanged(bucket: BucketReader, key: str, etag: str) -> ObjectHead:
    head = bucket.head(key)
    if head is None:
        raise ObjectMissingError(
            f"There is no object {key!r} in bucket {bucket.name!r}.", bucket=bucket.name, key=key
        )
    if head.etag != etag:
        raise ConditionFailedError(
            f"The object {key!r} in bucket {bucket.name!r} has the ETag {head.etag!r}, not {etag!r}.",
            hint="Make a new plan.",
            bucket=bucket.name,
            key=key,
        )
    return head


def etag_in(answer: Any, bucket: str, key: str) -> str:
    """The ETag that an answer tells, without quotes. One that was cut off tells none, and is no answer.

    Raises:
        StorageUnavailableError: It was cut off.
    """
    etag = (answer or {}).get("ETag")
    if not etag:
        raise StorageUnavailableError(
            f"No answer about object {key!r} in bucket {bucket!r}: it was cut off.",
            hint="Try again later; whether a write took effect is unknown until it is read back.",
            bucket=bucket,
            key=key,
        )
    return str(etag).strip('"')


def class_argument(storage_class: str) -> Any:
    """Without one, R2's documents do not say of which class a copy is."""
    return {} if storage_class == STANDARD else {"StorageClass": storage_class}


def _completion_condition(replaces: str | None) -> Any:
    return {"IfNoneMatch": "*"} if replaces is None else {"IfMatch": f'"{replaces}"'}
