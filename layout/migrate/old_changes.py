"""What the old side shows and the plan does not: objects that were written again, came, or are gone.

A page of the listing is compared with the plan's rows of the same range of keys, both in order, so that nothing is
asked object by object. Where that is no proof, the bucket is asked: whether an object that was only touched still has
the headers of its copy, and what a run that was cut off left at a new key.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from layout.legacy import is_new_key
from layout.migrate.bucket.observing import observe
from layout.migrate.bucket.ranges import RangePage
from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.equality import described_alike, is_multipart
from layout.migrate.live import LiveSince
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.following_journal import FollowingJournal
from layout.migrate.plan.moves import LIFE, TO_MOVE, Event, State
from layout.migrate.plan.old_side_rows import KnownVersion, known_versions, objects_in
from layout.migrate.plan.rows import PlannedObject, planned_at
from layout.migrate.planning import place_late
from layout.migrate.rules.ruled_layout import RuledLayout

__all__ = ["OldChanges", "attempted_copy", "changes_on", "note_changes"]

# Nothing is at the old keys of these, or what is there does not matter.
_NOT_EXPECTED = frozenset({State.KEEP, State.VANISHED, State.DELETED})
_UNDECIDED = frozenset(LIFE.states_before(Event.CHANGED_UNDECIDED))
_MAY_BE_TOUCHED = frozenset(LIFE.states_before(Event.RENEWED)) - {State.DELETED}


@dataclass
class OldChanges:
    """How some of the old side differs from the plan.

    Attributes:
        new: Objects that the plan does not know.
        other: Row and object, where the plan knows another version or none any more.
        missing: Rows whose objects the listing did not show.
        moving: How many of them the plan moves.
        looked_at: How many objects of the old side were compared.
    """

    new: list[ListedObject] = field(default_factory=list)
    other: list[tuple[int, ListedObject]] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    moving: int = 0
    looked_at: int = 0

    @property
    def written(self) -> int:
        """How many objects were written."""
        return len(self.new) + len(self.other)


def changes_on(plan: PlanFile, page: RangePage, postponed: Callable[[str], bool]) -> OldChanges:
    """What differs between a page of the listing and the plan's rows of the same keys.

    What is `postponed` is of users that the plan is not of: they go on writing, and no pass waits for them.
    """
    items = {item.key: item for item in page.items if not (is_new_key(item.key) or postponed(item.key))}
    changes = OldChanges(looked_at=len(items))
    for key, known in known_versions(plan, page.after, page.to):
        if known.state == State.LATER:
            continue
        item = items.pop(key, None)
        if item is not None:
            if _differs(known, item):
                changes.other.append((known.row, item))
        elif known.state not in _NOT_EXPECTED:
            changes.missing.append(known.row)
            changes.moving += known.state in TO_MOVE
    for item in items.values():
        # The order of keys beyond ASCII is not documented for R2: the plan may know it elsewhere.
        row = planned_at(plan, item.key)
        if row is None:
            changes.new.append(item)
        elif _differs(KnownVersion(row.id, row.etag, row.size, row.modified, row.state), item):
            changes.other.append((row.id, item))
    return changes


def _differs(known: KnownVersion, item: ListedObject) -> bool:
    if known.state in _NOT_EXPECTED:
        return known.state != State.KEEP
    return (known.etag, known.size, known.modified) != (item.etag, item.size, item.modified)


def note_changes(
    plan: PlanFile,
    bucket: BucketReader,
    layout: RuledLayout,
    pool: ThreadPoolExecutor,
    changes: OldChanges,
    live: LiveSince,
) -> None:
    """Writes into the plan what was written at old keys, new objects placed as planning places them.

    Where applications work at new keys already, `live`, what is there is not this plan's own any more.

    Raises:
        StorageError: The bucket did not answer; the plan is as before.
    """
    items = dict(changes.other)
    rows = objects_in(plan, list(items))
    touched = [row for row in rows if row.state in _MAY_BE_TOUCHED and row.etag == items[row.id].etag]
    alike = pool.map(lambda row: not described_alike(bucket, row, _at_new_key(row)), touched)
    still_same = {row.id for row, same in zip(touched, alike, strict=True) if same}
    left_there = observe(bucket, [row.new_key for row in rows if _was_attempted(row)])
    with plan.transaction():
        journal, returned = FollowingJournal(plan), []
        for row in rows:
            item = items[row.id]
            if row.state is State.VANISHED:
                journal.returned(row, item)
                returned.append(row)
            elif row.state in _UNDECIDED:
                journal.changed_undecided(row, item)
            elif row.id in still_same:
                journal.renewed(row, item.modified)
            else:
                own = attempted_copy(row, left_there.get(row.new_key))
                journal.changed_old(row, item, own, live=live.at(row.new_key) is not None)
        place_late(plan, bucket, layout, changes.new, returned)


def attempted_copy(row: PlannedObject, found: ListedObject | None) -> ListedObject | None:
    """What is at a new key if it is the copy that a run was cut off from noting; None otherwise.

    Such a copy is of the planned version, on that condition; an ETag of an object uploaded in parts would not show it.
    """
    ours = _was_attempted(row) and not is_multipart(row.etag) and found is not None and found.etag == row.etag
    return found if ours else None


def _was_attempted(row: PlannedObject) -> bool:
    return row.state is State.COPY and row.problem is not None


def _at_new_key(row: PlannedObject) -> ListedObject:
    return ListedObject(row.new_key, row.new_etag or "", row.size, row.new_modified or "")
