"""Copying a batch of objects, and finding out by listing what really is at their new keys."""

import asyncio
import enum
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from layout.errors import ConditionFailedError, ObjectMissingError, StorageError
from layout.migrate.bucket.observing import observe
from layout.migrate.bucket.reader import STANDARD, ListedObject
from layout.migrate.bucket.writer import BucketWriter, plain_for_obstore
from layout.migrate.equality import Reading, compare, is_multipart
from layout.migrate.plan.moves import Proof
from layout.migrate.plan.rows import PlannedObject

__all__ = ["CopyResult", "Outcome", "copy_batch"]

_AGAIN = "the object was written again after it was planned"


class Outcome(enum.Enum):
    """What became of one copy."""

    COPIED = "copied"
    """The planned object is at its new key, put there now or by a run that was cut off."""
    CONFLICT = "conflict"
    """Another object is at the new key; it was not touched."""
    CHANGED = "changed"
    """The source is not as planned."""
    FAILED = "failed"
    """No answer, or a refusal. The next run tries again."""


@dataclass(frozen=True, slots=True)
class CopyResult:
    """What became of one object: why it is not copied, or what is at its new key and by what that is known."""

    planned: PlannedObject
    outcome: Outcome
    reason: str = ""
    new: ListedObject | None = None
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """How one request ended: the new ETag if the answer held it, or the error."""

    planned: PlannedObject
    etag: str = ""
    error: StorageError | None = None


async def copy_batch(
    bucket: BucketWriter,
    batch: list[PlannedObject],
    pool: ThreadPoolExecutor,
    in_flight: int,
    reading: Reading,
) -> list[CopyResult]:
    """Copies a batch, `in_flight` at a time, and compares each new object with the plan.

    Raises:
        StorageError: Every single copy failed, so the next batch would too.
    """
    attempts: list[_Attempt] = []
    waiting = iter(batch)
    # As many coroutines as copies in flight, not one for each copy: a task costs as much as the copy itself.
    await asyncio.gather(*(_attempt_each(bucket, waiting, attempts, pool) for _ in range(in_flight)))
    failures = [attempt.error for attempt in attempts if _is_failure(attempt.error)]
    if len(failures) == len(batch) and failures[0] is not None:
        raise failures[0]
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(pool, observe, bucket, [planned.new_key for planned in batch])
    results, refused = [], []
    for attempt in attempts:
        new = found.get(attempt.planned.new_key)
        if attempt.error is None:
            results.append(_copied(attempt, new))
        else:
            # What is there was not put there just now, so it is asked for.
            refused.append(
                loop.run_in_executor(pool, _not_copied, bucket, attempt.planned, attempt.error, new, reading)
            )
    return results + await asyncio.gather(*refused)


async def _attempt_each(
    bucket: BucketWriter,
    waiting: Iterator[PlannedObject],
    attempts: list[_Attempt],
    pool: ThreadPoolExecutor,
) -> None:
    """Copies one object after another until none is waiting."""
    loop = asyncio.get_running_loop()
    for planned in waiting:
        try:
            if _is_small(bucket, planned):
                await bucket.copy_small(planned.key, planned.new_key)
                attempts.append(_Attempt(planned))
                continue
            etag = await loop.run_in_executor(
                pool,
                bucket.copy_large,
                planned.key,
                planned.new_key,
                planned.etag,
                planned.size,
                planned.storage_class,
            )
            attempts.append(_Attempt(planned, etag))
        except StorageError as error:
            attempts.append(_Attempt(planned, error=error))


def _is_small(bucket: BucketWriter, planned: PlannedObject) -> bool:
    plain = plain_for_obstore(planned.key) and plain_for_obstore(planned.new_key)
    plain = plain and planned.storage_class == STANDARD
    return plain and not is_multipart(planned.etag) and planned.size <= bucket.limits.single


def _is_failure(error: StorageError | None) -> bool:
    return error is not None and not isinstance(error, ConditionFailedError | ObjectMissingError)


def _copied(attempt: _Attempt, found: ListedObject | None) -> CopyResult:
    """What is known after the bucket said yes: by the answer's ETag, or by that of a hashed body."""
    planned = attempt.planned
    if found is None:
        return CopyResult(planned, Outcome.FAILED, f"nothing is at {planned.new_key} although it was copied")
    if found.size == planned.size and found.etag == (attempt.etag or planned.etag):
        proof = Proof.COPY if attempt.etag else Proof.ETAG
        return CopyResult(planned, Outcome.COPIED, "", found, proof)
    return CopyResult(planned, Outcome.CHANGED, _AGAIN)


def _not_copied(
    bucket: BucketWriter,
    planned: PlannedObject,
    error: StorageError,
    found: ListedObject | None,
    reading: Reading,
) -> CopyResult:
    """What is known after the bucket said no: a run that was cut off may have copied it, or somebody else."""
    if _is_failure(error):
        return CopyResult(planned, Outcome.FAILED, str(error))
    if isinstance(error, ObjectMissingError):
        return CopyResult(planned, Outcome.CHANGED, "the object vanished after it was planned")
    if found is None:
        return CopyResult(planned, Outcome.CHANGED, _AGAIN)
    try:
        known = compare(bucket, planned, found, reading)
    except StorageError as unanswered:
        return CopyResult(planned, Outcome.FAILED, str(unanswered))
    if known.proof is not None:
        return CopyResult(planned, Outcome.COPIED, "", found, known.proof)
    if known.unknown:
        return CopyResult(planned, Outcome.FAILED, f"{known.unknown}; copy with a larger --read-limit")
    return CopyResult(planned, Outcome.CONFLICT, known.difference)
