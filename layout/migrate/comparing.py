"""What is at the new keys already: the same object, another one, or nothing although something was there.

The new layout was listed with everything else, so size and ETag decide most; `layout.migrate.equality` looks
closer where they do not. Once the environment is live, what the application wrote or deleted at new keys
is right, and old objects from before do not come back.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from layout.keys import environment_prefix
from layout.migrate.bucket.pace import BATCH, IN_FLIGHT
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.conflicts.taking import decide_by_rule
from layout.migrate.equality import Known, Reading, compare
from layout.migrate.live import LiveSince, gone_reason, is_from_before, written_since
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.rows import TakenKey, taken_in_another_spelling, taken_keys, waiting
from layout.migrate.report.progress import Progress

__all__ = ["compare_destinations", "stop_removed"]


def compare_destinations(
    plan: PlanFile, bucket: BucketReader, reading: Reading, live_since: LiveSince, progress: Progress
) -> None:
    """Turns copies into `done` where the same object is at the new key, and into what stops elsewhere.

    Raises:
        StorageError: The bucket did not answer.
    """
    prefix = environment_prefix(environment=plan.meta.environment)
    with plan.transaction():
        Journal(plan).unclear_owners()

    def look(one: TakenKey) -> Known:
        return compare(bucket, one.planned, one.found, reading)

    with ThreadPoolExecutor(IN_FLIGHT) as pool, progress.task("comparing") as step:
        for find in (partial(taken_keys, plan, prefix), partial(taken_in_another_spelling, plan)):
            last = ""
            while taken := find(last, BATCH):
                last = taken[-1].planned.new_key
                known = list(pool.map(look, taken))
                with plan.transaction():
                    for one, what in zip(taken, known, strict=True):
                        _note(plan, one, what, live_since)
                step(len(taken))
    stop_removed(plan, live_since)


def _note(plan: PlanFile, taken: TakenKey, known: Known, live_since: LiveSince) -> None:
    journal = Journal(plan)
    planned, found = taken.planned, taken.found
    if known.proof is not None:
        journal.found(planned, found, known.proof)
    elif is_from_before(planned, live_since) and written_since(found, live_since):
        journal.overtaken(planned, f"the application has written {planned.new_key} since it went live")
    elif not decide_by_rule(plan, taken):
        beyond = f"{known.unknown}; a new plan with a larger --read-limit reads them"
        journal.taken(planned, known.difference or beyond)


def stop_removed(plan: PlanFile, live_since: LiveSince) -> None:
    """In a live environment, old objects from before it whose new keys are free are not copied again."""
    last = ""
    while live_since and (rows := waiting(plan, last, BATCH)):
        last = rows[-1].new_key
        with plan.transaction():
            for row in rows:
                # What it is to replace is there, so it was not deleted.
                if row.replaces is None and is_from_before(row, live_since):
                    Journal(plan).gone(row, gone_reason(row))
