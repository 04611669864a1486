"""Taking a migration back: what is in the new layout goes to its old keys, what was written since included.

The marker says first that the migration was rolled back, so that no application starts on the new layout. Then the
environment is listed. What this plan moved goes where it came from, by the plan's rows; what was written since goes
where the old layout has a place for it, by `LegacyLayout.old_key`. At an old key nothing is overwritten but the very
version that the plan moved, of which a backup is made before. New keys stay; `layout.migrate.removing` takes them away
once everything was compared.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from layout.legacy import Phase
from layout.migrate.bucket.pace import BATCH, IN_FLIGHT
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.replacing import require_replacing_copies
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.copy_batch import CopyResult, Outcome, copy_batch
from layout.migrate.equality import DEFAULT_READ_LIMIT, Reading
from layout.migrate.finding_returns import different_returns, find_returns
from layout.migrate.marking import roll_back_marker
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.moves import State
from layout.migrate.plan.return_states import ReturnState
from layout.migrate.plan.returns import (
    FoundReturn,
    ReturnJournal,
    gone_since,
    return_batches,
    returns_after,
)
from layout.migrate.report.progress import Progress
from layout.migrate.report.reasons import Reasons

__all__ = ["RollbackReport", "look_at_rollback", "roll_back"]


@dataclass
class RollbackReport:
    """What a rollback did, or would do.

    Attributes:
        marker: Whether it changed the marker.
        returned: Objects that it copied to their old keys, or would copy.
        bytes: Their size.
        there: Objects that are the same at both keys, or were before.
        verified: Objects that it found the same at both keys at its end.
        older: Objects that were in the new layout before the plan was made, and stay.
        gone: Old keys of what was deleted at its new key since; what is at the old key stays.
        no_place: New keys for which the old layout has no place; they stay.
        refused: New keys whose old keys hold another object; both stay.
        errors: New keys that could not be copied back.
    """

    marker: bool = False
    returned: int = 0
    bytes: int = 0
    there: int = 0
    verified: int = 0
    older: int = 0
    gone: Reasons = field(default_factory=Reasons)
    no_place: Reasons = field(default_factory=Reasons)
    refused: Reasons = field(default_factory=Reasons)
    errors: Reasons = field(default_factory=Reasons)

    def count(self, one: FoundReturn) -> None:
        """Counts what is decided about an object before anything is done."""
        key = one.listed.key
        match one.state:
            case ReturnState.THERE:
                self.there += 1
            case ReturnState.OLDER:
                self.older += 1
            case ReturnState.NO_PLACE:
                self.no_place.add(key, one.problem)
            case ReturnState.REFUSED:
                self.refused.add(key, one.problem)


def look_at_rollback(
    plan: PlanFile, bucket: BucketReader, progress: Progress, read_limit: int = DEFAULT_READ_LIMIT
) -> RollbackReport:
    """What a rollback would do now; changes nothing.

    Raises:
        StorageError: The bucket did not answer.
    """
    report = RollbackReport()
    with progress.task("listing the new layout") as step:
        for page in find_returns(plan, bucket, Reading(read_limit)):
            for one in page:
                report.count(one)
                if one.state is ReturnState.RETURN:
                    report.returned += 1
                    report.bytes += one.listed.size
            step(len(page))
    return report


def roll_back(
    plan: PlanFile,
    bucket: BucketWriter,
    progress: Progress,
    read_limit: int = DEFAULT_READ_LIMIT,
    by: str | None = None,
) -> RollbackReport:
    """Takes the migration of a plan back, up to the comparison of both sides; the new keys stay.

    Args:
        plan: Open for writing.
        bucket: The plan's.
        progress: Shown while it runs.
        read_limit: Bytes of bodies to read at most, where nothing else tells whether two objects are equal.
        by: As of `layout.migrate.marking.roll_back_marker`.

    Raises:
        MarkerError: Another plan moved the environment last; nothing was done.
        StorageError: The bucket did not answer; what was finished is in the plan.
    """
    report = RollbackReport(marker=roll_back_marker(plan, bucket, by))
    reading = Reading(read_limit)
    _list(plan, bucket, reading, progress, report)
    if returns_after(plan, (ReturnState.RETURN,), "", 1):
        _copy_back(plan, bucket, reading, progress, report)
    _verify(plan, bucket, progress, report)
    for key, new_key, state in gone_since(plan):
        there = (
            "there is none at the old key either"
            if state is State.DELETED
            else "the one at the old key stays"
        )
        report.gone.add(key, f"nothing is at {new_key} any more; {there}")
    return report


def _list(
    plan: PlanFile, bucket: BucketReader, reading: Reading, progress: Progress, report: RollbackReport
) -> None:
    journal = ReturnJournal(plan)
    run = journal.next_run()
    with progress.task("listing the new layout") as step:
        for page in find_returns(plan, bucket, reading):
            with plan.transaction():
                journal.found(page, run)
            for one in page:
                report.count(one)
            step(len(page))
    with plan.transaction():
        journal.listed(run)


def _copy_back(
    plan: PlanFile, bucket: BucketWriter, reading: Reading, progress: Progress, report: RollbackReport
) -> None:
    waiting = (one for batch in return_batches(plan, (ReturnState.RETURN,), BATCH) for one in batch)
    if any(one.planned.replaces for one in waiting):
        require_replacing_copies(bucket, plan.meta.environment)
    with (
        progress.task("copying back") as step,
        asyncio.Runner() as runner,
        ThreadPoolExecutor(IN_FLIGHT) as pool,
    ):
        for phase in Phase:
            for batch in return_batches(plan, (ReturnState.RETURN,), BATCH, phase):
                planned = [one.planned for one in batch]
                while planned:
                    copying = copy_batch(bucket, planned, pool, reading, strictly=True)
                    results, planned = runner.run(copying)
                    with plan.transaction():
                        for result in results:
                            _note(ReturnJournal(plan), result, report)
                    step(len(results), sum(result.planned.size for result in results))


def _note(journal: ReturnJournal, result: CopyResult, report: RollbackReport) -> None:
    planned = result.planned
    if result.new is not None and result.proof is not None:
        report.returned += 1
        report.bytes += planned.size
        journal.returned(planned, result.new, result.proof)
    elif result.outcome is Outcome.CONFLICT:
        report.refused.add(planned.key, result.reason)
        journal.taken(planned, result.reason)
    else:
        report.errors.add(planned.key, result.reason)
        journal.failed(planned, result.reason)


def _verify(plan: PlanFile, bucket: BucketReader, progress: Progress, report: RollbackReport) -> None:
    """Looks at both sides again, once nothing is copied any more."""
    journal = ReturnJournal(plan)
    with progress.task("comparing") as step:
        for batch in return_batches(plan, (ReturnState.THERE, ReturnState.RETURNED), BATCH):
            different = different_returns(bucket, batch)
            gone = dict.fromkeys(different.gone, "it was deleted after it was listed")
            with plan.transaction():
                for one in batch:
                    if problem := (different.problems | gone).get(one.planned.id):
                        report.errors.add(one.planned.key, problem)
                        journal.different(one.planned, problem)
                    else:
                        report.verified += 1
                        journal.same(one.planned)
            step(len(batch))
