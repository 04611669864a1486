"""Deleting the old objects: the last step, and the only one that cannot be undone.

Only pairs that were known to be equal are deleted, and each is looked at once more just before: the old object
must still be that version, something must be at its new key, and that either the version that was equal or what
an application wrote there since the environment went live. The copy must be old enough, since links to old keys
that were handed out before the move stay in use for hours.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta

from layout import program
from layout.errors import DeletionRefusedError
from layout.keys import marker_key
from layout.migrate.bucket.deletes import Deleted, WayToDelete, choose_way
from layout.migrate.bucket.old_side import old_side_pages
from layout.migrate.bucket.pace import BATCH
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.delete_look import Deletable, DeleteLook, StillNamed
from layout.migrate.marker_file import find_marker
from layout.migrate.marking import live_since, read_live
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.filtering import group_of
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.moves import State
from layout.migrate.plan.rows import PlannedObject, expected_at, verified_after
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
        way: How the store deletes: `version`, `batch` or `small batch`; empty if nothing was to be deleted.
    """

    deleted: int = 0
    bytes: int = 0
    before: int = 0
    young: int = 0
    refused: Reasons = field(default_factory=Reasons)
    errors: Reasons = field(default_factory=Reasons)
    left: Reasons = field(default_factory=Reasons)
    way: str = ""

    def count(self, found: Deletable) -> None:
        """Counts what a look found, but for what may go."""
        self.before += len(found.gone)
        self.young += found.young
        for key, reason in found.kept.items():
            self.refused.add(key, reason)


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
    plan: PlanFile,
    bucket: BucketReader,
    min_age: timedelta,
    progress: Progress,
    still_named: StillNamed | None = None,
) -> DeleteReport:
    """What a delete would do now. Looks at each pair as the delete does, and changes nothing in the bucket."""
    report = DeleteReport(before=state_totals(plan)[State.DELETED])
    look = _look(plan, bucket, min_age, still_named)
    with progress.task("looking", count_verified(plan)) as step:
        for batch in _batches(plan, BATCH):
            found = look.at(batch)
            report.count(found)
            report.deleted += len(found.ready)
            report.bytes += sum(row.size for row, _ in found.ready)
            step(len(batch))
    return report


def delete_old_objects(
    plan: PlanFile,
    bucket: BucketWriter,
    min_age: timedelta,
    progress: Progress,
    *,
    writers_stopped: bool = False,
    still_named: StillNamed | None = None,
) -> DeleteReport:
    """Deletes the old objects of the last verification. Call `check_delete` before.

    Args:
        plan: Open for writing.
        bucket: The plan's.
        min_age: Old objects stay if they were copied less than this ago.
        progress: Shown while it runs.
        writers_stopped: The operator says that nobody writes at old keys, so that a thousand go in one request.
        still_named: Asks documents which old keys they name; needed if the plan was made with documents.

    Raises:
        DeletionRefusedError: The plan was made with documents, and nobody asks them.
        StorageError: The bucket did not answer; what was deleted is in the plan, or is found gone by the
            next run.
    """
    report = DeleteReport(before=state_totals(plan)[State.DELETED])
    look = _look(plan, bucket, min_age, still_named)
    waiting = count_verified(plan)
    if waiting:
        with (
            closing(choose_way(bucket, plan.meta.environment, writers_stopped=writers_stopped)) as way,
            progress.task("deleting", waiting) as step,
        ):
            report.way = way.name
            for batch in _batches(plan, way.batch):
                _delete(plan, look, way, batch, report)
                step(len(batch))
    _list_again(plan, bucket, report)
    return report


def _look(
    plan: PlanFile, bucket: BucketReader, min_age: timedelta, still_named: StillNamed | None
) -> DeleteLook:
    live, newest = live_since(bucket, plan.meta.environment), bucket.now() - min_age
    if still_named is not None:
        return DeleteLook(plan, bucket, live, newest, still_named)
    if plan.meta.documents is not None:
        raise DeletionRefusedError(
            f"Documents in the database {plan.meta.documents!r} name objects of this plan, and nobody asked them.",
            hint="Add --mongo URI.",
            bucket=plan.meta.bucket,
        )
    return DeleteLook(plan, bucket, live, newest)


def _delete(
    plan: PlanFile, look: DeleteLook, way: WayToDelete, batch: list[PlannedObject], report: DeleteReport
) -> None:
    journal, found = Journal(plan), look.at(batch)
    report.count(found)
    with plan.transaction():
        for row in found.gone:
            journal.deleted(row)
    done = way.delete(found.ready)
    with plan.transaction():
        for row, _ in found.ready:
            _note(report, journal, row, done)


def _note(report: DeleteReport, journal: Journal, row: PlannedObject, done: Deleted) -> None:
    if reason := done.changed.get(row.key):
        report.refused.add(row.key, reason)
    elif reason := done.failed.get(row.key):
        report.errors.add(row.key, reason)
        journal.not_deleted(row, reason)
    else:
        report.deleted += 1
        report.bytes += row.size
        journal.deleted(row)


def _batches(plan: PlanFile, size: int) -> Iterator[list[PlannedObject]]:
    """Objects that the last verification found right, each once."""
    last = 0
    while batch := verified_after(plan, last, size):
        yield batch
        last = batch[-1].id


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
