"""Deleting the old objects: the last step, and the only one that cannot be undone.

Only pairs that were known to be equal are deleted, and each is looked at once more just before: the old object
must still be that version, something must be at its new key, and that either the version that was equal or what
an application wrote there since the environment went live. The copy must be old enough, since links to old keys
that were handed out before the move stay in use for hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from layout import program
from layout.errors import DeletionRefusedError
from layout.keys import marker_key
from layout.legacy import is_new_key
from layout.migrate.bucket.observing import listed_at, observe, seem_one_version
from layout.migrate.bucket.old_side import old_side_pages
from layout.migrate.bucket.pace import BATCH
from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.equality import described_alike, is_planned_version, is_seen_version
from layout.migrate.live import LiveSince, written_since
from layout.migrate.marker_file import find_marker
from layout.migrate.marking import live_since, read_live
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.filtering import group_of
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.moves import State
from layout.migrate.plan.rows import PlannedObject, expected_at, is_destination, verified_after
from layout.migrate.plan.totals import count_verified, state_totals
from layout.migrate.report.progress import Progress
from layout.migrate.report.reasons import Reasons
from layout.migrate.report.verdict import Verdict
from layout.migrate.rules.kept import left_alone

__all__ = ["DeleteReport", "check_delete", "delete_old_objects", "list_deletable"]


@dataclass
class DeleteReport:
    """What a delete did, or would do.

    Attributes:
        deleted: Old objects that are gone now; in a dry run, those that would go.
        bytes: Their size.
        before: Old objects deleted by earlier runs.
        young: Objects whose copy is not old enough yet.
        refused: Old keys that were kept.
        errors: Old keys that the bucket did not delete.
        left: Old keys of this migration, or new ones beside them, that a last listing still shows.
    """

    deleted: int = 0
    bytes: int = 0
    before: int = 0
    young: int = 0
    refused: Reasons = field(default_factory=Reasons)
    errors: Reasons = field(default_factory=Reasons)
    left: Reasons = field(default_factory=Reasons)


def check_delete(plan: PlanFile, verdict: Verdict, bucket: BucketReader, typed_name: str) -> None:
    """All that must hold before anything is deleted.

    Raises:
        VerificationError: The verdict did not pass or is not about this plan.
        DeletionRefusedError: The bucket's name was typed wrongly, or the marker does not say that what the
            plan moves is `moved`.
        MarkerError: The marker is of another scheme or revision.
    """
    verdict.require(plan)
    if typed_name != plan.meta.bucket:
        raise DeletionRefusedError(
            f"The bucket of this plan is {plan.meta.bucket!r}, and --bucket says {typed_name!r}.",
            hint="Type the name of the bucket from which old objects are to be deleted.",
            bucket=plan.meta.bucket,
        )
    found = find_marker(bucket, plan.meta.environment)
    if found is None or not group_of(plan).is_live(read_live(found)):
        key = marker_key(environment=plan.meta.environment)
        says = f"There is no marker at {str(key)!r}"
        if found is not None:
            says = f"The marker {str(key)!r} says {str(found.marker.phase)!r}"
        mark = program.command("migrate", "mark", "--plan", "FILE", "--verdict", "FILE", "--execute")
        raise DeletionRefusedError(
            f"{says}: nothing says that the new layout is in use.",
            hint=f"Write it: {mark}",
            bucket=plan.meta.bucket,
            key=key,
        )


def list_deletable(
    plan: PlanFile, bucket: BucketReader, min_age: timedelta, progress: Progress
) -> DeleteReport:
    """What a delete would do now. Looks at each pair as the delete does, and changes nothing."""
    report = DeleteReport(before=state_totals(plan)[State.DELETED])
    look = _Look(plan, bucket, live_since(bucket, plan.meta.environment), bucket.now() - min_age, report)
    with progress.task("looking", count_verified(plan)) as step:
        for batch in _batches(plan):
            deletable, gone = look.at(batch)
            report.before += len(gone)
            for row in deletable:
                report.deleted += 1
                report.bytes += row.size
            step(len(batch))
    return report


def delete_old_objects(
    plan: PlanFile, bucket: BucketWriter, min_age: timedelta, progress: Progress
) -> DeleteReport:
    """Deletes the old objects of the last verification. Call `check_delete` before.

    Raises:
        StorageError: The bucket did not answer; what was deleted is in the plan, or is found gone by the
            next run.
    """
    report = DeleteReport(before=state_totals(plan)[State.DELETED])
    look = _Look(plan, bucket, live_since(bucket, plan.meta.environment), bucket.now() - min_age, report)
    journal = Journal(plan)
    with progress.task("deleting", count_verified(plan)) as step:
        for batch in _batches(plan):
            deletable, gone = look.at(batch)
            with plan.transaction():
                for row in gone:
                    report.before += 1
                    journal.deleted(row)
            failed = bucket.delete([row.key for row in deletable]) if deletable else {}
            with plan.transaction():
                for row in deletable:
                    if reason := failed.get(row.key):
                        report.errors.add(row.key, reason)
                        journal.not_deleted(row, reason)
                    else:
                        report.deleted += 1
                        report.bytes += row.size
                        journal.deleted(row)
            step(len(batch))
    _list_again(plan, bucket, report)
    return report


def _batches(plan: PlanFile) -> Iterator[list[PlannedObject]]:
    """Objects that the last verification found right, each once."""
    last = 0
    while batch := verified_after(plan, last, BATCH):
        yield batch
        last = batch[-1].id


@dataclass(frozen=True)
class _Look:
    """What a look at each pair needs to know."""

    plan: PlanFile
    bucket: BucketReader
    live_since: LiveSince
    newest: datetime
    report: DeleteReport

    def at(self, batch: list[PlannedObject]) -> tuple[list[PlannedObject], list[PlannedObject]]:
        """Those of a batch whose old object may go now, and those whose old object is gone already.

        A run may have been cut off after its request; that counts only because the new object is there. The
        others are counted in the report, with their reasons.
        """
        sources = observe(self.bucket, [row.key for row in batch])
        copies = observe(self.bucket, [row.new_key for row in batch])
        deletable, gone, at_once = [], [], True
        for row in batch:
            source, copy = sources.get(row.key), copies.get(row.new_key)
            reason = self._reason_to_keep(row, source, copy)
            at_once = at_once and _is_as_seen(row, source, copy)
            if reason:
                self.report.refused.add(row.key, reason)
            elif source is None:
                gone.append(row)
            elif datetime.fromisoformat(row.new_modified or "") > self.newest:
                self.report.young += 1
            else:
                deletable.append(row)
        # Looking closer takes time, in which an old object of the batch may be written again.
        return deletable if at_once else self._still(deletable, sources), gone

    def _still(self, rows: list[PlannedObject], sources: dict[str, ListedObject]) -> list[PlannedObject]:
        """Those whose old object is the one that was looked at, or is gone; the others are counted as kept."""
        now, still = observe(self.bucket, [row.key for row in rows]), []
        for row in rows:
            source = now.get(row.key)
            if source is None or seem_one_version(source, sources[row.key]):
                still.append(row)
            else:
                self.report.refused.add(row.key, "it was written again while the batch was looked at")
        return still

    def _reason_to_keep(
        self, row: PlannedObject, source: ListedObject | None, copy: ListedObject | None
    ) -> str:
        if is_destination(self.plan, row.key) or is_new_key(row.key):
            return "it is where another object moves to"
        if copy is None:
            left_alone = "if it was deleted there on purpose, delete it here by hand"
            return f"nothing is at its new key {row.new_key}; {left_alone}"
        if source is not None and (source.size, source.etag) != (row.size, row.etag):
            return "it was written again after it was planned"
        if _is_as_seen(row, source, copy):
            return ""
        if (copy.size, copy.etag) != (row.size, row.new_etag):
            reason = f"the object at its new key {row.new_key} is not the verified one"
        else:
            reason = "" if source is None else described_alike(self.bucket, row, copy)
        return self._unless_live(row, reason) if reason and self.live_since.at(row.new_key) else reason

    def _unless_live(self, row: PlannedObject, reason: str) -> str:
        """The reason to keep an old object, unless an application has written the new one since it went live.

        The two were equal once. Since then the application has gone on, as it does with databases.
        """
        copy = listed_at(self.bucket, row.new_key)
        if copy is None or is_seen_version(row, copy) or not written_since(copy, self.live_since):
            return reason
        source = listed_at(self.bucket, row.key)
        if source is None or is_planned_version(row, source):
            return ""
        return "its headers or user metadata may have been written again after it was planned"


def _is_as_seen(row: PlannedObject, source: ListedObject | None, copy: ListedObject | None) -> bool:
    """Whether both sides are the versions that the plan knows, so that no closer look is needed."""
    return (
        copy is not None
        and is_seen_version(row, copy)
        and (source is None or is_planned_version(row, source))
    )


def _list_again(plan: PlanFile, bucket: BucketReader, report: DeleteReport) -> None:
    """What the old side still shows although it should not."""
    alone = left_alone(plan)
    for page in old_side_pages(bucket):
        for item in page:
            row = expected_at(plan, item.key)
            if row is None and alone(item.key):
                continue
            if row is None:
                report.left.add(item.key, "was written after the plan was made")
            elif row.state is State.SUPERSEDED:
                written = f"the application has written {row.new_key} since it went live"
                report.left.add(item.key, f"{written}, and this plan has not seen the two equal")
            elif row.state is State.DELETED:
                report.left.add(item.key, "is still listed although it was deleted")
