"""Deleting what one owner has: objects, verified by listing, then objects at old keys, then the tracking records.

Nothing is found by a part of its name: new keys lie under the owner's prefix, which ends in `/`; old keys are those
that a plan moves there. Records stay as long as anything of the owner does, so that a repetition finds the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from layout.clearing import Cleared, clear, look
from layout.keys import profiles_key, project_prefix, scene_prefix, user_prefix
from layout.migrate.bucket.pace import FEW_IN_FLIGHT
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.plan.old_side_rows import planned_under
from layout.migrate.report.reasons import Reasons

if TYPE_CHECKING:
    from layout.environment import Environment
    from layout.migrate.plan.file import PlanFile
    from layout.migrate.plan.rows import PlannedObject
    from layout.migrate.report.progress import Progress
    from layout.references.owners import RecordOwner
    from layout.references.tracking import Record, Records

__all__ = ["Cleaned", "clean", "look_at", "prefix_of"]

BATCH = 1_000
_NOW = timedelta(0)


@dataclass
class Cleaned:
    """What became of what an owner had; in a dry run, what would.

    Attributes:
        new: Objects and open uploads under the owner's prefix.
        old: Objects at old keys that were deleted.
        old_bytes: Their size.
        changed: Objects at old keys that are not as planned, and stay.
        refused: Objects at old keys that the bucket did not delete, with what it says.
        records: Tracking records that were deleted.
        kept: Tracking records that stay, with the reason.
    """

    new: Cleared
    old: int = 0
    old_bytes: int = 0
    changed: Reasons = field(default_factory=Reasons)
    refused: Reasons = field(default_factory=Reasons)
    records: int = 0
    kept: Reasons = field(default_factory=Reasons)

    @property
    def objects_left(self) -> bool:
        """Whether an object of the owner is still there."""
        return self.new.left or bool(self.changed or self.refused)

    @property
    def left(self) -> bool:
        """Whether anything is."""
        return self.objects_left or bool(self.kept)


def prefix_of(owner: RecordOwner, environment: Environment) -> str:
    """Of all objects of an owner in the new layout; it ends in `/`.

    Raises:
        InvalidKeyError: An id cannot be a part of a key.
    """
    if owner.scene:
        return scene_prefix(owner.user, owner.project, owner.scene, environment=environment)
    if owner.project:
        return project_prefix(owner.user, owner.project, environment=environment)
    return user_prefix(owner.user, environment=environment)


def look_at(
    bucket: BucketReader,
    owner: RecordOwner,
    environment: Environment,
    plan: PlanFile | None,
    records: Records | None,
    progress: Progress,
) -> Cleaned:
    """What `clean` would delete.

    Args:
        bucket: The bucket.
        owner: Whose objects.
        environment: In which environment.
        plan: Knows which old keys are the owner's; None: no old key is deleted.
        records: The tracking records; None: none is deleted.
        progress: Told of what was done.

    Raises:
        StorageError: The bucket or the database did not answer.
    """
    prefix = prefix_of(owner, environment)
    done = Cleaned(look(bucket, prefix, _NOW, progress, kept=_kept(owner, environment)))
    for rows in _old_objects(bucket, prefix, plan, done):
        done.old += len(rows)
        done.old_bytes += sum(row.size for row in rows)
    for batch in records.of(owner) if records else ():
        done.records += len(_owned(batch, done))
    return done


def clean(
    bucket: BucketWriter,
    owner: RecordOwner,
    environment: Environment,
    plan: PlanFile | None,
    records: Records | None,
    progress: Progress,
) -> Cleaned:
    """Deletes what an owner has, and lists again until nothing is there; a user must have been deleted before.

    The arguments are those of `look_at`.

    Raises:
        StorageError: The bucket or the database did not answer; what was deleted stays deleted, a repetition goes on.
    """
    prefix = prefix_of(owner, environment)
    done = Cleaned(clear(bucket, prefix, _NOW, progress, kept=_kept(owner, environment)))
    with progress.task("deleted at old keys") as step:
        for rows in _old_objects(bucket, prefix, plan, done):
            refused = bucket.delete([row.key for row in rows])
            for key, reason in refused.items():
                done.refused.add(key, reason)
            gone = [row for row in rows if row.key not in refused]
            done.old += len(gone)
            done.old_bytes += sum(row.size for row in gone)
            step(len(gone))
    if records is not None:
        _delete_records(bucket, records, owner, done, progress)
    return done


def _delete_records(
    bucket: BucketReader, records: Records, owner: RecordOwner, done: Cleaned, progress: Progress
) -> None:
    with progress.task("records deleted") as step, ThreadPoolExecutor(FEW_IN_FLIGHT) as pool:
        for batch in records.of(owner):
            owned = _owned(batch, done)
            if done.objects_left:
                _keep(owned, "objects of its owner are still there", done)
                continue
            texts = [one.key if isinstance(one.key, str) else "" for one in owned]
            there = list(pool.map(lambda key: bool(key) and bucket.head(key) is not None, texts))
            named = [one for one, is_there in zip(owned, there, strict=True) if is_there]
            _keep(named, "its object is still there", done)
            deleted = records.delete(
                [one for one, is_there in zip(owned, there, strict=True) if not is_there]
            )
            done.records += deleted
            step(deleted)


def _kept(owner: RecordOwner, environment: Environment) -> tuple[str, ...]:
    """What tells that a user was deleted stays when all else goes."""
    return () if owner.project else (str(profiles_key(owner.user, environment=environment)),)


def _old_objects(
    bucket: BucketReader, prefix: str, plan: PlanFile | None, done: Cleaned
) -> Iterator[list[PlannedObject]]:
    """Objects at old keys that are the very versions that the plan moves under a prefix."""
    last = 0
    with ThreadPoolExecutor(FEW_IN_FLIGHT) as pool:
        while plan is not None and (rows := planned_under(plan, prefix, last, BATCH)):
            last = rows[-1].id
            found = []
            for row, head in zip(rows, pool.map(bucket.head, [row.key for row in rows]), strict=True):
                if head is None:
                    continue
                if head.etag == row.etag:
                    found.append(row)
                else:
                    done.changed.add(row.key, "it was written again since the plan was made")
            if found:
                yield found


def _owned(batch: Sequence[Record], done: Cleaned) -> list[Record]:
    _keep((one for one in batch if not one.user), "nothing says for certain whose its project is", done)
    return [one for one in batch if one.user]


def _keep(records: Iterable[Record], reason: str, done: Cleaned) -> None:
    for one in records:
        done.kept.add(one.place, reason)
