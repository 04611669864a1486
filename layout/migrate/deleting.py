"""Deleting the old objects: the last step, and the only one that cannot be undone.

Only what the given verification found equal is deleted, and each pair is looked at once more just before:
the old object must be as planned, the new one as verified and old enough. Old enough, since links to old
keys that were handed out before the move stay in use for hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from sqlite3 import Row

from layout.errors import DeletionRefusedError
from layout.keys import marker_key
from layout.legacy import is_new_key
from layout.migrate.bucket.observing import observe
from layout.migrate.bucket.old_side import old_side_pages
from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.marking import read_marker
from layout.migrate.plan.file import PlanFile, utc_now
from layout.migrate.report.progress import Progress
from layout.migrate.report.reasons import Reasons
from layout.migrate.report.verdict import Verdict

__all__ = ["DeleteReport", "check_delete", "delete_old_objects", "list_deletable"]

BATCH = 1_000


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
        DeletionRefusedError: The bucket's name was typed wrongly, or the marker is missing.
        MarkerError: The marker is of another scheme or revision.
    """
    verdict.require(plan)
    if typed_name != plan.meta.bucket:
        raise DeletionRefusedError(
            f"The bucket of this plan is {plan.meta.bucket!r}, and --bucket says {typed_name!r}.",
            hint="Type the name of the bucket from which old objects are to be deleted.",
            bucket=plan.meta.bucket,
        )
    if read_marker(bucket, plan.meta.environment) is None:
        key = marker_key(environment=plan.meta.environment)
        raise DeletionRefusedError(
            f"There is no marker at {str(key)!r}: nothing says that the new layout is in use.",
            hint="Write it: scripts/migrate.py mark --plan FILE --verdict FILE --execute",
            bucket=plan.meta.bucket,
            key=key,
        )


def list_deletable(
    plan: PlanFile, bucket: BucketReader, min_age: timedelta, progress: Progress
) -> DeleteReport:
    """What a delete would do now. Looks at each pair as the delete does, and changes nothing."""
    report = DeleteReport(before=_count_deleted(plan))
    now = bucket.now()
    with progress.task("looking") as step:
        for batch in _batches(plan):
            for row in _deletable(plan, bucket, batch, now - min_age, report):
                report.deleted += 1
                report.bytes += row["size"]
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
    report = DeleteReport(before=_count_deleted(plan))
    now = bucket.now()
    with progress.task("deleting", plan.value(_COUNT_VERIFIED, plan.meta.verification)) as step:
        for batch in _batches(plan):
            rows = _deletable(plan, bucket, batch, now - min_age, report)
            failed = bucket.delete([row["key"] for row in rows]) if rows else {}
            for key, reason in failed.items():
                report.errors.add(key, reason)
            _note(plan, [row for row in rows if row["key"] not in failed], failed, report)
            step(len(batch))
    _list_again(plan, bucket, report)
    return report


_VERIFIED = (
    " FROM objects WHERE action IN ('copy', 'done') AND state = 'verified' AND sign = '=' AND checked_in = ?"
)
_COUNT_VERIFIED = f"SELECT count(*){_VERIFIED}"


def _count_deleted(plan: PlanFile) -> int:
    return int(plan.value("SELECT count(*) FROM objects WHERE state = 'deleted'"))


def _batches(plan: PlanFile) -> Iterator[list[Row]]:
    """Rows that the last verification found equal, each once."""
    last = 0
    query = f"SELECT id, key, etag, size, new_key, new_etag{_VERIFIED} AND id > ? ORDER BY id LIMIT ?"
    while batch := list(plan.rows(query, plan.meta.verification, last, BATCH)):
        yield batch
        last = batch[-1]["id"]


def _deletable(
    plan: PlanFile, bucket: BucketReader, batch: list[Row], newest: datetime, report: DeleteReport
) -> list[Row]:
    """The rows of a batch whose old object may go now. The others are counted with their reasons.

    A row whose old object is gone already is noted as deleted: a run may have been cut off after the
    request. That counts only because its new object is there.
    """
    sources = observe(bucket, [row["key"] for row in batch])
    copies = observe(bucket, [row["new_key"] for row in batch])
    deletable, gone = [], []
    for row in batch:
        copy = copies.get(row["new_key"])
        reason = _reason_to_keep(plan, row, sources.get(row["key"]), copy)
        if reason:
            report.refused.add(row["key"], reason)
        elif row["key"] not in sources:
            gone.append(row)
        elif copy is not None and datetime.fromisoformat(copy.modified) > newest:
            report.young += 1
        else:
            deletable.append(row)
    if bucket.writable:
        _note(plan, gone, {}, DeleteReport())
    report.before += len(gone)
    return deletable


def _reason_to_keep(plan: PlanFile, row: Row, source: ListedObject | None, copy: ListedObject | None) -> str:
    if copy is None:
        return f"nothing is at its new key {row['new_key']}"
    if (copy.size, copy.etag) != (row["size"], row["new_etag"]):
        return f"the object at its new key {row['new_key']} is not the verified one"
    if source is not None and (source.size, source.etag) != (row["size"], row["etag"]):
        return "it was written again after it was planned"
    is_destination = plan.value(
        "SELECT EXISTS (SELECT 1 FROM objects WHERE new_key = ?"
        " AND new_key IS NOT NULL AND action <> 'collision')",
        row["key"],
    )
    if is_destination or is_new_key(row["key"]):
        return "it is where another object moves to"
    return ""


def _note(plan: PlanFile, gone: list[Row], failed: dict[str, str], report: DeleteReport) -> None:
    now = utc_now()
    with plan.transaction() as database:
        for row in gone:
            report.deleted += 1
            report.bytes += row["size"]
            database.execute(
                "UPDATE objects SET state = 'deleted', deleted_at = ?, problem = NULL WHERE id = ?",
                (now, row["id"]),
            )
        for key, reason in failed.items():
            database.execute("UPDATE objects SET problem = ? WHERE key = ?", (reason, key))


def _list_again(plan: PlanFile, bucket: BucketReader, report: DeleteReport) -> None:
    """What the old side still shows although it should not."""
    for page in old_side_pages(bucket):
        for item in page:
            row = plan.database.execute("SELECT state FROM objects WHERE key = ?", (item.key,)).fetchone()
            if row is None:
                report.left.add(item.key, "was written after the plan was made")
            elif row["state"] == "deleted":
                report.left.add(item.key, "is still listed although it was deleted")
