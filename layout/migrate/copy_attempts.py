"""Copies of a batch as they are attempted, and which of them nobody can have replaced since.

Between a copy and the listing another program may write the same bytes there with other headers or user metadata,
which no ETag shows. The last-modified times of the batch do, since each copy is older than all that began after it.
"""

import asyncio
import time
from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Protocol

from layout.errors import ConditionFailedError, ObjectMissingError, StorageError
from layout.legacy import Phase, phase_of
from layout.migrate.bucket.observing import listed_at
from layout.migrate.bucket.part_copies import BegunUpload, KeptUpload
from layout.migrate.bucket.reader import STANDARD, ListedObject
from layout.migrate.bucket.setting_aside import set_aside
from layout.migrate.bucket.writer import BucketWriter, plain_for_obstore
from layout.migrate.equality import is_multipart, is_own_copy
from layout.migrate.plan.rows import PlannedObject

__all__ = ["Attempt", "Copying", "EarliestAfter", "Uploads", "attempt_all", "attempt_one", "is_failure"]

_MOMENT = 0.25
"""Seconds. What is written over a copy so soon after it is not told apart by times; the wait for another copy that the
bucket is too busy for must not make that longer."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """When one copy began and ended, and how: the new ETag if the answer held it, or the error.

    Of a `repeated` one nobody knows when the request was sent that copied.
    """

    planned: PlannedObject
    began: float
    ended: float
    etag: str = ""
    error: StorageError | None = None
    repeated: bool = False


class Uploads(Protocol):
    """Which uploads a plan has begun; used in its thread only."""

    def begun(self, planned: PlannedObject) -> BegunUpload | None:
        """The last one of an object."""

    def keep(self, planned: PlannedObject, begun: BegunUpload) -> None:
        """Write one down at once."""


@dataclass(frozen=True, slots=True)
class Copying:
    """What all copies of a batch share."""

    bucket: BucketWriter
    pool: ThreadPoolExecutor
    strictly: bool
    uploads: Uploads | None = None

    def is_small(self, planned: PlannedObject) -> bool:
        """Whether obstore may copy it: on the condition that nothing is at its new key, and on no other."""
        plain = plain_for_obstore(planned.key) and plain_for_obstore(planned.new_key)
        plain = plain and planned.storage_class == STANDARD and planned.replaces is None
        small = plain and not is_multipart(planned.etag) and planned.size <= self.bucket.limits.single
        return small and not self.strictly and phase_of(planned.key) is not Phase.DATABASE

    def kept_upload(self, planned: PlannedObject, loop: asyncio.AbstractEventLoop) -> KeptUpload | None:
        """The upload of a copy in parts; asked in the plan's thread, which is the loop's."""
        uploads = self.uploads
        if uploads is None or planned.size <= self.bucket.limits.single:
            return None

        async def keep(begun: BegunUpload) -> None:
            uploads.keep(planned, begun)

        def wait(begun: BegunUpload) -> None:
            asyncio.run_coroutine_threadsafe(keep(begun), loop).result()

        return KeptUpload(uploads.begun(planned), wait)

    def copy_large(self, planned: PlannedObject, kept: KeptUpload | None = None) -> str:
        """Copies it on conditions for both sides; gives the new ETag.

        What it replaces is in `{env}/backups/` before, if the plan says so, and if not it is this plan's own copy, by a
        look just before.
        """
        replaces = planned.replaces
        if replaces is not None and planned.replaced_to is not None:
            set_aside(self.bucket, planned.new_key, replaces, planned.replaced_to)
        elif replaces is not None:
            seen = listed_at(self.bucket, planned.new_key)
            if seen is not None and not is_own_copy(planned, seen):
                raise ConditionFailedError(f"Another object is at {planned.new_key!r}.", key=planned.new_key)
            replaces = None if seen is None else replaces
        version = planned.etag, planned.size, planned.storage_class
        return self.bucket.copy_large(planned.key, planned.new_key, *version, replaces, kept)


async def attempt_all(copying: Copying, waiting: Iterator[PlannedObject], attempts: list[Attempt]) -> None:
    """Copies until none is waiting, with a coroutine for each place that the pace gives at the moment.

    Not one for each copy: a task costs as much as the copy itself.
    """
    pace, tasks, working = copying.bucket.pace, list[asyncio.Task[None]](), 0

    async def work() -> None:
        nonlocal working
        for planned in waiting:
            attempts.append(await attempt_one(copying, planned))
            if working < pace.in_flight:
                begin()
            elif working > pace.in_flight:
                break
        working -= 1

    def begin() -> None:
        nonlocal working
        working += 1
        tasks.append(asyncio.create_task(work()))

    for _ in range(pace.in_flight):
        begin()
    # More may be begun meanwhile.
    for task in tasks:
        await task


async def attempt_one(copying: Copying, planned: PlannedObject) -> Attempt:
    """One copy, whatever comes of it."""
    began = time.monotonic()
    try:
        if copying.is_small(planned):
            at_once = await copying.bucket.copy_small(planned.key, planned.new_key)
            return Attempt(planned, began, time.monotonic(), repeated=not at_once)
        loop = asyncio.get_running_loop()
        kept = copying.kept_upload(planned, loop)
        etag = await loop.run_in_executor(copying.pool, copying.copy_large, planned, kept)
        return Attempt(planned, began, time.monotonic(), etag)
    except StorageError as error:
        return Attempt(planned, began, time.monotonic(), error=error)


def is_failure(error: StorageError | None) -> bool:
    """Whether there was no answer, or another refusal than that of a condition."""
    return error is not None and not isinstance(error, ConditionFailedError | ObjectMissingError)


class EarliestAfter:
    """The earliest last-modified time of the copies that began after a moment."""

    def __init__(self, attempts: list[Attempt], found: dict[str, ListedObject]) -> None:
        there = [
            (attempt.began, datetime.fromisoformat(new.modified))
            for attempt in attempts
            if attempt.error is None
            and not attempt.repeated
            and (new := found.get(attempt.planned.new_key)) is not None
        ]
        there.sort(reverse=True)
        self._began = [began for began, _ in reversed(there)]
        self._modified = list(accumulate((modified for _, modified in there), min))[::-1]

    def proves(self, attempt: Attempt, new: ListedObject) -> bool:
        """Whether what is at the new key is no later than some copy that began just when this one had ended."""
        after = bisect_left(self._began, attempt.ended)
        if after == len(self._began) or self._began[after] > attempt.ended + _MOMENT:
            return False
        return datetime.fromisoformat(new.modified) <= self._modified[after]
