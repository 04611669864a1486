"""Following an old side that goes on changing, until both sides agree for a whole pass.

A pass lists the old side, compares it with the plan, copies what was written since, databases last, and takes away the
copies of what is gone. What this plan copied is replaced or removed only if it is still the version that this plan put
there. The plan is whole after each batch, so a pass may end anywhere.
"""

import asyncio
import time
import uuid
from array import array
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from layout import program
from layout.environment import Environment
from layout.errors import AccessDeniedError, MarkerError, StorageError
from layout.keys import environment_prefix, marker_key
from layout.legacy import LEGACY_LAYOUTS
from layout.migrate.bucket.pace import BATCH, IN_FLIGHT
from layout.migrate.bucket.ranges import KeyRange, pages_of_ranges, ranges_without
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.replacing import require_replacing_copies
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.comparing import stop_removed
from layout.migrate.copying import CopyRun
from layout.migrate.equality import Reading
from layout.migrate.marking import claim_marker, live_since
from layout.migrate.old_changes import OldChanges, changes_on, note_changes
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.filtering import group_of
from layout.migrate.plan.old_side_rows import (
    boundaries,
    count_expected,
    holds_only_kept,
    owners_to_copy,
    waiting_since,
)
from layout.migrate.plan.rows import PlannedUser, replaces_any, users_after
from layout.migrate.plan.schema import UserState
from layout.migrate.plan.totals import count_blocked
from layout.migrate.report.pass_report import Behind, PassReport
from layout.migrate.report.progress import Progress
from layout.migrate.rules.kept import kept_rules, postponed_by
from layout.migrate.rules.rule import ObjectRule
from layout.migrate.rules.ruled_layout import RuledLayout
from layout.migrate.vanishing import free_conflicts, remove_vanished, require_most_are_there

__all__ = ["FAILED_PASSES", "Following", "look_at_old_side"]

RANGES = 8
"""Ranges of keys that are listed at once."""
FAILED_PASSES = 5
"""So many passes in a row may fail, or come no further with errors, before a following ends."""


class Following:
    """Passes over one plan.

    Args:
        plan: A finished plan, open for writing.
        bucket: Where both sides are.
        progress: Shows the steps of a pass.
        read_limit: Bytes of bodies that all passes together may read.
        by: As of `layout.migrate.marking.claim_marker`.
        take_over: Likewise.
    """

    def __init__(
        self,
        plan: PlanFile,
        bucket: BucketWriter,
        progress: Progress,
        read_limit: int,
        *,
        by: str | None = None,
        take_over: str = "",
    ) -> None:
        self._plan = plan
        self._bucket = bucket
        self._progress = progress
        self._reading = Reading(read_limit)
        self._layout = _layout_of(plan)
        self._by = by
        self._take_over = take_over
        self._changed = False
        self._asked = False
        self._passes = 0
        self._ranges = old_side_ranges(plan)

    def run(
        self, told: Callable[[PassReport], None], interval: timedelta, *, until_equal: bool
    ) -> PassReport:
        """Passes, each told, until both sides agree for a whole one; without `until_equal`, without end.

        Returns:
            The last pass: one in which both sides agreed, or after which what is left waits for a person.

        Raises:
            MarkerError: The environment is marked as moved, or another plan has claimed it.
            PlanError: Most of the old side is gone.
            StorageError: The bucket did not answer in several passes in a row, or refuses the credential.
        """
        without_progress = 0
        while True:
            last = self.run_pass()
            told(last)
            stuck = bool(last.failure) or (last.quiet and not last.copy.copied and last.left > 0)
            without_progress = without_progress + 1 if stuck else 0
            if last.failure and without_progress >= FAILED_PASSES:
                raise StorageError(
                    last.failure, hint="Run the command again to go on.", bucket=self._bucket.name
                )
            if until_equal and (last.equal or _is_for_a_person(last, without_progress)):
                return last
            if stuck or not until_equal:
                time.sleep(interval.total_seconds())

    def run_pass(self) -> PassReport:
        """One pass; one that the bucket's silence ends says so, and the next goes on."""
        self._passes += 1
        began, report = time.monotonic(), PassReport(self._passes)
        try:
            self._pass(report)
        except AccessDeniedError:
            raise
        except StorageError as error:
            report.failure = str(error)
        report.left = waiting_since(self._plan)[0]
        report.undecided = count_blocked(self._plan)
        report.seconds = time.monotonic() - began
        return report

    def _pass(self, report: PassReport) -> None:
        plan, bucket = self._plan, self._bucket
        if not claim_marker(plan, bucket, self._by, self._take_over):
            raise _moved(plan)
        live = live_since(bucket, plan.meta.environment)
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            missing: array[int] = array("q")
            moving = 0
            for changes in _changes(plan, bucket, pool, self._ranges, self._progress, report):
                missing.extend(changes.missing)
                moving += changes.moving
                if changes.written:
                    self._note_that_it_changed()
                    note_changes(plan, bucket, self._layout, pool, changes, live)
            require_most_are_there(plan, moving)
            free_conflicts(plan, bucket)
            stop_removed(plan, live)
            self._require_replacing_copies()
            waiting, size, oldest = waiting_since(plan)
            report.behind = Behind(waiting + len(missing), size, _seconds_since(bucket, oldest))
            self._copy(report, pool)
            if missing:
                self._note_that_it_changed()
            gone = remove_vanished(plan, bucket, self._layout, pool, missing, live)
            report.removed, report.kept, report.gone = gone.removed, gone.kept, gone.noted

    def _copy(self, report: PassReport, pool: ThreadPoolExecutor) -> None:
        with (
            self._progress.task("copying", *waiting_since(self._plan)[:2]) as step,
            asyncio.Runner() as runner,
        ):
            run = CopyRun(
                self._plan, self._bucket, report.copy, step, runner, pool, self._reading, follows=True
            )
            run.copy_all(_users_to_copy(self._plan))

    def _require_replacing_copies(self) -> None:
        if not self._asked and replaces_any(self._plan):
            require_replacing_copies(self._bucket, self._plan.meta.environment)
            self._asked = True

    def _note_that_it_changed(self) -> None:
        """A verdict from before is not about what the plan holds now."""
        if not self._changed:
            with self._plan.transaction():
                number = self._plan.meta.verification + 1
                self._plan.note(verification=number, verification_id=uuid.uuid4().hex)
            self._changed = True


def _is_for_a_person(last: PassReport, without_progress: int) -> bool:
    """Whether another pass would find what this one found."""
    if last.quiet and not last.copy.copied and not last.left:
        return True
    return not last.failure and without_progress >= FAILED_PASSES


def look_at_old_side(plan: PlanFile, bucket: BucketReader, progress: Progress) -> PassReport:
    """What a pass would find now. Changes nothing: neither the bucket nor the plan."""
    began, report = time.monotonic(), PassReport(1)
    if group_of(plan).is_live(live_since(bucket, plan.meta.environment)):
        raise _moved(plan)
    waiting, size, oldest = waiting_since(plan)
    ranges = old_side_ranges(plan)
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for changes in _changes(plan, bucket, pool, ranges, progress, report):
            report.gone += len(changes.missing)
            for item in [*changes.new, *(item for _, item in changes.other)]:
                size += item.size
                oldest = min(oldest or item.modified, item.modified)
    report.left, report.undecided = waiting, count_blocked(plan)
    objects = waiting + report.written + report.gone
    report.behind = Behind(objects, size, _seconds_since(bucket, oldest))
    report.seconds = time.monotonic() - began
    return report


def old_side_ranges(plan: PlanFile) -> list[KeyRange]:
    """Ranges of keys that hold the old side.

    What lies under an environment is left out where the plan found keys of the new layout only, and no rule is about
    others: a pass would list all that was copied. What comes there all the same is named by `verify`.
    """
    rules = kept_rules(plan).objects
    prefixes = [
        prefix
        for prefix in (str(environment_prefix(environment=environment)) for environment in Environment)
        if holds_only_kept(plan, prefix) and not any(_may_be_about(rule, prefix) for rule in rules)
    ]
    return ranges_without(boundaries(plan, RANGES), prefixes)


def _may_be_about(rule: ObjectRule, prefix: str) -> bool:
    return rule.key.startswith(prefix) or rule.glob.startswith((prefix, "*", "?", "["))


def _changes(
    plan: PlanFile,
    bucket: BucketReader,
    pool: ThreadPoolExecutor,
    ranges: list[KeyRange],
    progress: Progress,
    report: PassReport,
) -> Iterator[OldChanges]:
    postponed = postponed_by(plan, _layout_of(plan))
    with progress.task("listing the old keys", count_expected(plan)) as step:
        for page in pages_of_ranges(bucket, ranges, pool):
            changes = changes_on(plan, page, postponed)
            report.looked_at += changes.looked_at
            report.written += changes.written
            yield changes
            step(changes.looked_at)


def _users_to_copy(plan: PlanFile) -> Iterator[PlannedUser]:
    """Users of whom something is to be copied, or whose profile files are not as they should be."""
    owners, last = owners_to_copy(plan), ""
    while users := users_after(plan, last, BATCH):
        yield from (user for user in users if user.owner in owners or user.state is not UserState.READY)
        last = users[-1].owner


def _layout_of(plan: PlanFile) -> RuledLayout:
    return RuledLayout(LEGACY_LAYOUTS[plan.meta.layout], kept_rules(plan))


def _moved(plan: PlanFile) -> MarkerError:
    environment = plan.meta.environment
    key = marker_key(environment=environment)
    return MarkerError(
        f"What the plan moves into the environment {environment.value!r} is marked as moved:"
        " its new keys follow nothing any more.",
        hint="Stop what still writes at old keys, and make a new plan for what it wrote:"
        f" {program.command('migrate', 'plan', plan.meta.layout, '--plan', 'ANOTHER-FILE')}",
        key=key,
    )


def _seconds_since(bucket: BucketReader, oldest: str | None) -> float | None:
    if oldest is None:
        return None
    return max(0.0, (bucket.now() - datetime.fromisoformat(oldest)).total_seconds())
