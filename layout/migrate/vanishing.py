"""What is gone from the old side, and what stood in the way of a copy and is gone from the new one.

A listing that does not show an object is no proof: each is asked for before anything follows from it. The copy of an
object that is gone is removed only if this plan made it and it is still that version, by a look just before.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from layout.errors import PlanError
from layout.migrate.bucket.observing import observe, slices_of
from layout.migrate.bucket.pace import BATCH, IN_FLIGHT
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.bucket.removing_versions import remove_version
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.equality import is_multipart, is_own_copy, is_seen_version
from layout.migrate.live import LiveSince
from layout.migrate.old_changes import attempted_copy
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.following_journal import FollowingJournal
from layout.migrate.plan.moves import State
from layout.migrate.plan.old_side_rows import (
    conflicts_after,
    count_expected,
    count_vanished,
    objects_in,
    undecided_wanting,
)
from layout.migrate.plan.rows import PlannedObject
from layout.migrate.planning import place_late
from layout.migrate.report.reasons import Reasons
from layout.migrate.rules.ruled_layout import RuledLayout

__all__ = ["Vanished", "free_conflicts", "remove_vanished", "require_most_are_there"]

MANY = 1_000
"""From so many vanished objects on, half of all are too many to be what users deleted while a copy follows."""


@dataclass
class Vanished:
    """What became of objects that the listing did not show.

    Attributes:
        noted: How many are gone indeed.
        removed: How many copies were removed.
        kept: Those whose new objects stay although they are still the same: this plan did not make them. By old key.
    """

    noted: int = 0
    removed: int = 0
    kept: Reasons = field(default_factory=Reasons)


def require_most_are_there(plan: PlanFile, missing: int) -> None:
    """Refuses to follow an old side of which most is gone: somebody has emptied it, and the copies may be all there is.

    Raises:
        PlanError: Says how much is gone.
    """
    expected = count_expected(plan)
    before = count_vanished(plan)
    gone, moved = missing + before, expected + before
    if not missing or not (missing >= expected or (gone > MANY and 2 * gone > moved)):
        return
    raise PlanError(
        f"{gone:,} of the {moved:,} objects that the plan moves are gone from the old side: no copy was removed.",
        hint="If users deleted them, make a new plan, and remove by hand what it does not know at new keys.",
    )


def remove_vanished(
    plan: PlanFile,
    bucket: BucketWriter,
    layout: RuledLayout,
    pool: ThreadPoolExecutor,
    missing: Sequence[int],
    live: LiveSince,
) -> Vanished:
    """Notes which of these rows' old objects are gone, and removes this plan's copies of them.

    None is removed where applications work at new keys already, `live`.

    Raises:
        StorageError: The bucket did not answer; what was done is in the plan.
    """
    result = Vanished()
    for first in range(0, len(missing), BATCH):
        _remove(plan, bucket, layout, pool, list(missing[first : first + BATCH]), live, result)
    return result


def _remove(
    plan: PlanFile,
    bucket: BucketWriter,
    layout: RuledLayout,
    pool: ThreadPoolExecutor,
    ids: list[int],
    live: LiveSince,
    result: Vanished,
) -> None:
    rows = [row for row in objects_in(plan, ids) if row.state is not State.VANISHED]
    heads = list(pool.map(lambda row: bucket.head(row.key), rows))
    gone = [row for row, head in zip(rows, heads, strict=True) if head is None]
    there: dict[str, ListedObject] = {}
    for some in pool.map(
        lambda keys: observe(bucket, keys), slices_of([row.new_key for row in gone if row.new_key], IN_FLIGHT)
    ):
        there |= some
    own = [
        row
        for row in gone
        if (found := there.get(row.new_key)) is not None
        and _is_own(row, found)
        and live.at(row.new_key) is None
    ]
    removed = pool.map(lambda row: remove_version(bucket, there[row.new_key]), own)
    failed = {row.new_key: why for row, why in zip(own, removed, strict=True) if why}
    noted = []
    with plan.transaction():
        journal = FollowingJournal(plan)
        for row in gone:
            reason = _reason_to_keep(row, there.get(row.new_key)) or failed.get(row.new_key)
            if reason:
                result.kept.add(row.key, reason)
                continue
            journal.vanished(row, "the old application deleted it")
            noted.append(row)
        free = undecided_wanting(plan, [row.new_key for row in noted if row.new_key])
        journal.reconsidered(free)
        place_late(plan, bucket, layout, [], free)
    result.noted += len(noted)
    result.removed += len(own) - len(failed)


def _is_own(row: PlannedObject, found: ListedObject) -> bool:
    return is_own_copy(row, found) or attempted_copy(row, found) is not None


def _reason_to_keep(row: PlannedObject, found: ListedObject | None) -> str:
    """Why an object whose old one is gone stays at its new key; empty if it does not, or if it is another's."""
    if found is None or _is_own(row, found) or not is_seen_version(row, found):
        return ""
    return f"it was deleted at its old key, and what is at {row.new_key} was not put there by this plan: it stays"


def free_conflicts(plan: PlanFile, bucket: BucketWriter) -> None:
    """Objects whose new keys were taken are copied after all once their keys are free, or hold the same bytes.

    Raises:
        StorageError: The bucket did not answer.
    """
    last = ""
    while rows := conflicts_after(plan, last, BATCH):
        last = rows[-1].key
        there = observe(bucket, [row.new_key for row in rows])
        with plan.transaction():
            for row in rows:
                found = there.get(row.new_key)
                if found is None or (found.etag == row.etag and not is_multipart(row.etag)):
                    FollowingJournal(plan).freed(row)
