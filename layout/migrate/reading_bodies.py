"""Reading the bodies of many pairs at once, through obstore: a fraction of boto3's CPU for small objects.

obstore does not show `Expires`. So only pairs are read here of which the plan knows that the new object is still the
very version that its copy made, headers included; all others are read through boto3, one pair a thread, and so is
every pair that obstore cannot address or gets no answer about.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from layout.errors import ConditionFailedError, ObjectMissingError, StorageError
from layout.migrate.bucket.pace import IN_FLIGHT
from layout.migrate.bucket.reader import STANDARD, BucketReader, ListedObject, ObjectHead, ReadBody
from layout.migrate.bucket.writer import plain_for_obstore
from layout.migrate.equality import (
    Known,
    compare_read,
    is_multipart,
    is_seen_version,
    new_changed,
    old_changed,
    old_vanished,
)
from layout.migrate.plan.moves import State
from layout.migrate.plan.rows import PlannedObject
from layout.storage.error_translation import storage_errors

if TYPE_CHECKING:
    from obstore import GetResult

__all__ = ["compare_together"]

CHUNK_BYTES = 1 << 20
_HEADERS = {"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type"}


async def compare_together(
    bucket: BucketReader, pairs: Iterable[tuple[PlannedObject, ListedObject]]
) -> dict[int, Known]:
    """What is known of pairs after both bodies were read, by row; a row that is not there was not read here.

    Each body is read on the condition that it is the version in question, and above a megabyte it is streamed, so
    memory does not grow with bodies.
    """
    known: dict[int, Known] = {}
    waiting = (pair for pair in pairs if _fits(*pair))
    await asyncio.gather(*(_compare_each(bucket, waiting, known) for _ in range(IN_FLIGHT)))
    return known


def _fits(planned: PlannedObject, found: ListedObject) -> bool:
    return (
        planned.state is not State.DELETED
        and is_seen_version(planned, found)
        and not is_multipart(planned.etag)
        and not is_multipart(found.etag)
        and plain_for_obstore(planned.key)
        and plain_for_obstore(found.key)
    )


async def _compare_each(
    bucket: BucketReader, waiting: Iterator[tuple[PlannedObject, ListedObject]], known: dict[int, Known]
) -> None:
    for planned, found in waiting:
        try:
            known[planned.id] = await _compare(bucket, planned, found)
        except StorageError:
            # Not read, so not known; the same pair is asked for again through boto3.
            continue


async def _compare(bucket: BucketReader, planned: PlannedObject, found: ListedObject) -> Known:
    try:
        old = await _read(bucket, planned.key, planned.etag)
    except ObjectMissingError:
        return old_vanished()
    except ConditionFailedError:
        return old_changed()
    try:
        new = await _read(bucket, found.key, found.etag)
    except (ObjectMissingError, ConditionFailedError):
        return new_changed(planned)
    return compare_read(planned, found, old, new)


async def _read(bucket: BucketReader, key: str, etag: str) -> ReadBody:
    """Reads an object's whole body on the condition that its ETag is `etag`."""
    with storage_errors(bucket.name, key):
        answer = await bucket.store.get_async(key, options={"if_match": f'"{etag}"'})
        head = _head(answer)
        if head.size <= CHUNK_BYTES:
            digest = hashlib.sha256(await answer.bytes_async())
        else:
            digest = hashlib.sha256()
            async for chunk in answer.stream(min_chunk_size=CHUNK_BYTES):
                digest.update(chunk)
    return ReadBody(digest.hexdigest(), head)


def _head(answer: "GetResult") -> ObjectHead:
    meta, described, stored_as = answer.meta, dict[str, str](), STANDARD
    for name, value in answer.attributes.items():
        if name in _HEADERS:
            described[name.lower()] = value
        elif name == "Storage-Class":
            stored_as = value
        else:
            described[f"x-amz-meta-{name}"] = value
    etag = (meta["e_tag"] or "").strip('"')
    return ObjectHead(etag, meta["size"], meta["last_modified"], described, stored_as)
