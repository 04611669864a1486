"""Copying a batch of objects, and finding out by listing what really is at their new keys.

Between a copy and the listing another program may write the same bytes there with other headers or user metadata,
which no ETag shows. The last-modified times of the batch do, since each copy is older than all that began after it.
"""

import asyncio
import enum
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from layout.errors import ConditionFailedError, ObjectMissingError, StorageError
from layout.legacy import Phase, phase_of
from layout.migrate.bucket.observing import observe
from layout.migrate.bucket.reader import STANDARD, ListedObject
from layout.migrate.bucket.setting_aside import set_aside
from layout.migrate.bucket.writer import BucketWriter, plain_for_obstore
from layout.migrate.equality import Reading, compare, described_alike, is_multipart, is_own_copy
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
    """When one request began and ended, and how: the new ETag if the answer held it, or the error."""

    planned: PlannedObject
    began: float
    ended: float
    etag: str = ""
    error: StorageError | None = None


async def copy_batch(
    bucket: BucketWriter,
    batch: list[PlannedObject],
    pool: ThreadPoolExecutor,
    in_flight: int,
    reading: Reading,
    *,
    strictly: bool = False,
) -> list[CopyResult]:
    """Copies a batch, `in_flight` at a time, and compares each new object with the plan.

    What a version of an old object, written after it was planned, left at a new key is nobody's by any proof. So a copy
    of what is written again and again asks for the planned version: of databases always, `strictly` of all.

    Raises:
        StorageError: Every single copy failed, so the next batch would too.
    """
    attempts: list[_Attempt] = []
    loop = asyncio.get_running_loop()
    replaced = [planned.new_key for planned in batch if planned.replaces is not None]
    there = await loop.run_in_executor(pool, observe, bucket, replaced) if replaced else {}
    waiting = iter(batch)
    # As many coroutines as copies in flight, not one for each copy: a task costs as much as the copy itself.
    copying = _Copying(bucket, pool, there, strictly)
    await asyncio.gather(*(_attempt_each(copying, waiting, attempts) for _ in range(in_flight)))
    failures = [attempt.error for attempt in attempts if _is_failure(attempt.error)]
    if len(failures) == len(batch) and failures[0] is not None:
        raise failures[0]
    found = await loop.run_in_executor(pool, observe, bucket, [planned.new_key for planned in batch])
    results, asked = [], []
    earliest = _EarliestAfter(attempts, found)
    for attempt in attempts:
        new = found.get(attempt.planned.new_key)
        if attempt.error is not None:
            # What is there was not put there just now, so it is asked for.
            asked.append(
                loop.run_in_executor(pool, _not_copied, bucket, attempt.planned, attempt.error, new, reading)
            )
            continue
        result = _copied(attempt, new)
        if new is not None and result.outcome is Outcome.COPIED and not earliest.proves(attempt, new):
            asked.append(loop.run_in_executor(pool, _described, bucket, result, new))
        else:
            results.append(result)
    return results + await asyncio.gather(*asked)


class _EarliestAfter:
    """The earliest last-modified time of the copies that began after a moment."""

    def __init__(self, attempts: list[_Attempt], found: dict[str, ListedObject]) -> None:
        there = [
            (attempt.began, datetime.fromisoformat(new.modified))
            for attempt in attempts
            if attempt.error is None and (new := found.get(attempt.planned.new_key)) is not None
        ]
        there.sort(reverse=True)
        self._began = [began for began, _ in reversed(there)]
        self._modified = list(accumulate((modified for _, modified in there), min))[::-1]

    def proves(self, attempt: _Attempt, new: ListedObject) -> bool:
        """Whether what is at the new key is no later than some copy that began when this one had ended."""
        after = bisect_left(self._began, attempt.ended)
        return after < len(self._began) and datetime.fromisoformat(new.modified) <= self._modified[after]


def _described(bucket: BucketWriter, result: CopyResult, new: ListedObject) -> CopyResult:
    """The result of a copy if headers and user metadata of what is there now are those of the old object."""
    try:
        difference = described_alike(bucket, result.planned, new)
    except StorageError as unanswered:
        return CopyResult(result.planned, Outcome.FAILED, str(unanswered))
    return CopyResult(result.planned, Outcome.CONFLICT, difference) if difference else result


@dataclass(frozen=True, slots=True)
class _Copying:
    """What all copies of a batch share; `there` is what was seen at the new keys at which something is replaced."""

    bucket: BucketWriter
    pool: ThreadPoolExecutor
    there: Mapping[str, ListedObject]
    strictly: bool

    def is_small(self, planned: PlannedObject) -> bool:
        """Whether obstore may copy it: on the condition that nothing is at its new key, and on no other."""
        plain = plain_for_obstore(planned.key) and plain_for_obstore(planned.new_key)
        plain = plain and planned.storage_class == STANDARD and planned.replaces is None
        small = plain and not is_multipart(planned.etag) and planned.size <= self.bucket.limits.single
        return small and not self.strictly and phase_of(planned.key) is not Phase.DATABASE

    def copy_large(self, planned: PlannedObject) -> str:
        """Copies it on conditions for both sides; gives the new ETag.

        What it replaces is in `{env}/backups/` before, if the plan says so, and if not it is this plan's own copy.
        """
        replaces = planned.replaces
        if replaces is not None and planned.replaced_to is not None:
            set_aside(self.bucket, planned.new_key, replaces, planned.replaced_to)
        elif replaces is not None:
            seen = self.there.get(planned.new_key)
            if seen is not None and not is_own_copy(planned, seen):
                raise ConditionFailedError(f"Another object is at {planned.new_key!r}.", key=planned.new_key)
            replaces = None if seen is None else replaces
        version = planned.etag, planned.size, planned.storage_class
        return self.bucket.copy_large(planned.key, planned.new_key, *version, replaces)


async def _attempt_each(
    copying: _Copying, waiting: Iterator[PlannedObject], attempts: list[_Attempt]
) -> None:
    """Copies one object after another until none is waiting."""
    loop = asyncio.get_running_loop()
    for planned in waiting:
        began = time.monotonic()
        try:
            if copying.is_small(planned):
                await copying.bucket.copy_small(planned.key, planned.new_key)
                attempts.append(_Attempt(planned, began, time.monotonic()))
                continue
            etag = await loop.run_in_executor(copying.pool, copying.copy_large, planned)
            attempts.append(_Attempt(planned, began, time.monotonic(), etag))
        except StorageError as error:
            attempts.append(_Attempt(planned, began, time.monotonic(), error=error))


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
    if found is None and planned.replaces is not None:
        gone = f"the object at {planned.new_key} that was to be replaced is gone"
        return CopyResult(planned, Outcome.CONFLICT, gone)
    own = planned.replaces is not None and planned.replaces == planned.own_etag
    if own and found is not None and found.etag == planned.replaces and not is_own_copy(planned, found):
        again = f"the object at {planned.new_key} was written again, with the same bytes, after this plan copied it"
        return CopyResult(planned, Outcome.CONFLICT, again)
    if found is None or found.etag == planned.replaces:
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
