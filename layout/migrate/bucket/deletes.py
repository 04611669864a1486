"""Three ways to delete old objects, and which one the store at hand allows.

- **version**: each object by a request of its own, on the condition that its last-modified time is still that of the
  version that was verified (R2's header `x-amz-if-match-last-modified-time`). What is written meanwhile stays.
- **batch**: a thousand in one request without a condition, when the operator says that nobody writes.
- **small batch**: fifty in one request without a condition, for a store that ignores R2's header. A refused request is
  not repeated by the client: the caller looks again first.
"""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from layout.environment import Environment
from layout.errors import ConditionFailedError, LockedObjectError, StorageError, StorageUnavailableError
from layout.keys import temporary_key
from layout.migrate.bucket.observing import observe, seem_one_version
from layout.migrate.bucket.pace import BATCH, IN_FLIGHT
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.plan.rows import PlannedObject

__all__ = ["Deleted", "WayToDelete", "choose_way", "honours_times"]

SMALL_BATCH = 50
ATTEMPTS = 5
_A_YEAR = timedelta(days=365)
_SECOND = timedelta(seconds=1)
_CHANGED = "it was written again after it was looked at"


@dataclass
class Deleted:
    """What became of a batch: why objects stay, since they are another version now, or since the bucket refused."""

    changed: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


class WayToDelete(Protocol):
    """How old objects are deleted."""

    name: str
    batch: int
    """Objects that are looked at and deleted together."""

    def delete(self, rows: list[tuple[PlannedObject, ListedObject]]) -> Deleted:
        """Deletes these versions, which were looked at just now."""

    def close(self) -> None:
        """Ends what it had opened."""


def choose_way(bucket: BucketWriter, environment: Environment, *, writers_stopped: bool) -> WayToDelete:
    """The way that loses nothing at this store.

    Raises:
        StorageError: The store does not say whether it honours the condition.
    """
    if writers_stopped:
        return _Batches(bucket)
    return _Versions(bucket) if honours_times(bucket, environment) else _SmallBatches(bucket)


def honours_times(bucket: BucketWriter, environment: Environment) -> bool:
    """Whether the store refuses to delete an object by the last-modified time of another version.

    It is asked with an object of our own under `temp/`, which is gone afterwards.

    Raises:
        StorageError: It does not answer.
    """
    key = str(temporary_key(f"conditional-deletes-{secrets.token_hex(8)}", environment=environment))
    bucket.put_if_absent(key, b"a", "text/plain")
    try:
        bucket.delete_version(key, bucket.now() - _A_YEAR)
    except ConditionFailedError:
        return True
    finally:
        bucket.delete([key])
    return False


class _Versions:
    """One request an object, many at once."""

    name = "version"
    batch = BATCH

    def __init__(self, bucket: BucketWriter) -> None:
        self._bucket = bucket
        self._pool = ThreadPoolExecutor(IN_FLIGHT)

    def delete(self, rows: list[tuple[PlannedObject, ListedObject]]) -> Deleted:
        """Deletes each on its condition. A second in which an object was written has to be over before."""
        done = Deleted()
        if not rows:
            return done
        newest = max(datetime.fromisoformat(source.modified) for _, source in rows)
        # The condition has whole seconds: a version of the same second would pass for the one that was looked at.
        second = self._bucket.now() - _SECOND  # in which the bucket is, or was before it answered
        if newest >= second:
            time.sleep((newest + _SECOND - second).total_seconds())
            rows = self._still(rows, done)
        for row, reason, changed in self._pool.map(self._delete_one, rows):
            if reason:
                (done.changed if changed else done.failed)[row.key] = reason
        return done

    def close(self) -> None:
        """Ends the threads."""
        self._pool.shutdown()

    def _still(
        self, rows: list[tuple[PlannedObject, ListedObject]], done: Deleted
    ) -> list[tuple[PlannedObject, ListedObject]]:
        now = observe(self._bucket, [row.key for row, _ in rows])
        still = [
            (row, source)
            for row, source in rows
            if row.key not in now or seem_one_version(now[row.key], source)
        ]
        kept = {row.key for row, _ in still}
        done.changed |= {row.key: _CHANGED for row, _ in rows if row.key not in kept}
        return still

    def _delete_one(self, pair: tuple[PlannedObject, ListedObject]) -> tuple[PlannedObject, str, bool]:
        row, source = pair
        try:
            self._bucket.delete_version(row.key, datetime.fromisoformat(source.modified))
        except LockedObjectError as error:
            return row, str(error), False
        except ConditionFailedError:
            return row, _CHANGED, True
        except StorageError as error:
            return row, str(error), False
        return row, "", False


class _Batches:
    """As many as a request takes."""

    name = "batch"
    batch = BATCH

    def __init__(self, bucket: BucketWriter) -> None:
        self._bucket = bucket

    def delete(self, rows: list[tuple[PlannedObject, ListedObject]]) -> Deleted:
        """Deletes all at once."""
        return Deleted(failed=self._bucket.delete([row.key for row, _ in rows]) if rows else {})

    def close(self) -> None:
        """Nothing was opened."""


class _SmallBatches:
    """A few at once, each time after a look, and never again without one."""

    name = "small batch"
    batch = SMALL_BATCH

    def __init__(self, bucket: BucketWriter) -> None:
        self._bucket = bucket

    def delete(self, rows: list[tuple[PlannedObject, ListedObject]]) -> Deleted:
        """Deletes what is still the version that was looked at; looks again after each request without an answer."""
        done = Deleted()
        waiting = list(rows)
        for attempt in range(ATTEMPTS):
            if not waiting:
                break
            if attempt:
                time.sleep(0.2 * 2**attempt)
                now = observe(self._bucket, [row.key for row, _ in waiting])
                present = [(row, source) for row, source in waiting if row.key in now]
                waiting = [(row, source) for row, source in present if seem_one_version(now[row.key], source)]
                kept = {row.key for row, _ in waiting}
                done.changed |= {row.key: _CHANGED for row, _ in present if row.key not in kept}
                if not waiting:
                    break
            with suppress(StorageUnavailableError):
                done.failed |= self._bucket.delete([row.key for row, _ in waiting], repeats=False)
                return done
        done.failed |= {row.key: "the bucket does not answer" for row, _ in waiting}
        return done

    def close(self) -> None:
        """Nothing was opened."""
