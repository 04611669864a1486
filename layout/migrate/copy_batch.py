"""Copying a batch of objects, and finding out by listing what really is at their new keys."""

import asyncio
import enum
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

from layout.errors import ObjectMissingError, StorageError
from layout.migrate.bucket.observing import observe, shown_at, slices_of
from layout.migrate.bucket.pace import BATCH_SECONDS, IN_FLIGHT
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.copy_attempts import (
    Attempt,
    Copying,
    EarliestAfter,
    Uploads,
    attempt_all,
    attempt_one,
    is_failure,
)
from layout.migrate.equality import (
    Known,
    Reading,
    compare,
    described_alike,
    is_about_old,
    is_multipart,
    is_own_copy,
)
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


async def copy_batch(
    bucket: BucketWriter,
    batch: list[PlannedObject],
    pool: ThreadPoolExecutor,
    reading: Reading,
    *,
    strictly: bool = False,
    uploads: Uploads | None = None,
    seconds: float = BATCH_SECONDS,
) -> tuple[list[CopyResult], list[PlannedObject]]:
    """Copies a batch, as many at once as the bucket's pace allows, and compares each new object with the plan.

    A run that was cut off has left copies that it could not note. A listing before shows them, so they are compared and
    not copied; what it shows and is not proven to be the planned object is copied, which decides.

    What a version of an old object, written after it was planned, left at a new key is nobody's by any proof. So a copy
    of what is written again and again asks for the planned version: of databases always, `strictly` of all.

    Args:
        bucket: Where both sides are.
        batch: Objects to copy, in the order of their new keys.
        pool: Its threads wait for boto3.
        reading: How many bytes of bodies may be read.
        strictly: As above.
        uploads: Where uploads of copies in parts are kept; without it such a copy begins anew.
        seconds: After so long nothing more begins, so that the caller notes what was done.

    Returns:
        What became of those that were begun, and the rest of the batch.

    Raises:
        StorageError: Every single copy failed, so the next batch would too.
    """
    loop = asyncio.get_running_loop()
    there_already, unproven, waiting = await _find_copies(bucket, batch, pool, reading, seconds)
    attempts: list[Attempt] = []
    copying = Copying(bucket, pool, strictly, uploads)
    # Where copies were found, the rest of the batch waits until they are noted.
    ready = deque[PlannedObject]() if there_already else waiting
    last = next((planned for planned in reversed(ready) if copying.is_small(planned)), None)
    if last is not None:
        ready.remove(last)
    await attempt_all(copying, chain(unproven, _until(time.monotonic() + seconds, ready)), attempts)
    if last is not None:
        # Once all others have ended: those of a moment ago are older than this one, and need no closer look.
        attempts.append(await attempt_one(copying, last))
    failures = [attempt.error for attempt in attempts if is_failure(attempt.error)]
    if not there_already and failures and len(failures) == len(attempts) and failures[0] is not None:
        raise failures[0]
    # What changed here and there lies far apart.
    begun = slices_of([attempt.planned.new_key for attempt in attempts], IN_FLIGHT if strictly else 1)
    found: dict[str, ListedObject] = {}
    for some in await asyncio.gather(*(loop.run_in_executor(pool, observe, bucket, keys) for keys in begun)):
        found |= some
    results, asked = there_already, []
    earliest = EarliestAfter(attempts, found)
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
    return results + await asyncio.gather(*asked), list(waiting)


def _until(end: float, waiting: deque[PlannedObject]) -> Iterator[PlannedObject]:
    """Takes from what is waiting until that time; the first and the last few are taken whenever it is."""
    if waiting:
        yield waiting.popleft()
    while waiting and (time.monotonic() < end or len(waiting) <= IN_FLIGHT):
        yield waiting.popleft()


async def _find_copies(
    bucket: BucketWriter,
    batch: list[PlannedObject],
    pool: ThreadPoolExecutor,
    reading: Reading,
    seconds: float,
) -> tuple[list[CopyResult], list[PlannedObject], deque[PlannedObject]]:
    """Objects of a batch that are at their new keys already; those there that no proof was found of; and the rest."""
    loop = asyncio.get_running_loop()
    free = [planned.new_key for planned in batch if planned.replaces is None]
    seen = await loop.run_in_executor(pool, shown_at, bucket, free)
    looked_at = deque(planned for planned in batch if _may_be_copy(planned, seen.get(planned.new_key)))
    proven: list[CopyResult] = []
    unproven: list[PlannedObject] = []
    taken = _until(time.monotonic() + seconds, looked_at)

    async def look() -> None:
        for planned in taken:
            new = seen[planned.new_key]
            try:
                known = await loop.run_in_executor(pool, compare, bucket, planned, new, reading)
            except StorageError:
                known = Known(unknown="the bucket did not answer")
            if known.proof is None:
                unproven.append(planned)
            else:
                proven.append(CopyResult(planned, Outcome.COPIED, "", new, known.proof))

    await asyncio.gather(*(look() for _ in range(min(IN_FLIGHT, len(looked_at)))))
    done = {result.planned.id for result in proven} | {planned.id for planned in unproven}
    return proven, unproven, deque(planned for planned in batch if planned.id not in done)


def _may_be_copy(planned: PlannedObject, found: ListedObject | None) -> bool:
    if found is None or planned.replaces is not None or found.size != planned.size:
        return False
    return found.etag == planned.etag or is_multipart(planned.etag) or is_multipart(found.etag)


def _described(bucket: BucketWriter, result: CopyResult, new: ListedObject) -> CopyResult:
    """The result of a copy if headers and user metadata of what is there now are those of the old object."""
    try:
        difference = described_alike(bucket, result.planned, new)
    except StorageError as unanswered:
        return CopyResult(result.planned, Outcome.FAILED, str(unanswered))
    return CopyResult(result.planned, _outcome_of(difference), difference) if difference else result


def _outcome_of(difference: str) -> Outcome:
    return Outcome.CHANGED if is_about_old(difference) else Outcome.CONFLICT


def _copied(attempt: Attempt, found: ListedObject | None) -> CopyResult:
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
    if is_failure(error):
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
    return CopyResult(planned, _outcome_of(known.difference), known.difference)
