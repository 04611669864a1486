"""Copying what a plan says, group by group: a user's profile files, then their media, then their databases.

The shared games, and what rules set aside, are the first group. A database is copied only after all media that
it can name, so a database at its new key means that the rest is there. What is finished is written into the plan
batch by batch, every few seconds; a run that is killed leaves at most one batch, whose copies the next run finds by
a listing, compares and notes.
"""

import asyncio
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from layout.keys import shared_prefixes
from layout.legacy import Phase
from layout.migrate.bucket.pace import BATCH, IN_FLIGHT
from layout.migrate.bucket.replacing import require_replacing_copies
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.comparing import stop_removed
from layout.migrate.copy_batch import CopyResult, Outcome, copy_batch
from layout.migrate.equality import DEFAULT_READ_LIMIT, Reading
from layout.migrate.marking import claim_marker, live_since
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.moves import BLOCKING, State
from layout.migrate.plan.part_uploads import PartUploads
from layout.migrate.plan.rows import (
    PlannedObject,
    PlannedUser,
    left_to_copy_in,
    replaces_any,
    to_copy_in,
    users_after,
)
from layout.migrate.plan.schema import UserState
from layout.migrate.plan.totals import count_blocked, count_there, left_to_copy, refuse_if_blocked
from layout.migrate.profile_files import ChosenProfile, write_profile_files
from layout.migrate.report.progress import Progress, Task
from layout.migrate.report.reasons import Reasons

__all__ = ["CopyReport", "CopyRun", "copy_objects"]


@dataclass
class CopyReport:
    """What one run of the copy did.

    Attributes:
        copied: Objects that are at their new keys now and were not in the journal before.
        bytes: Their size.
        before: Objects that the journal or the plan already knew to be there.
        left: Objects that are not at their new keys, those included that this run found in conflict.
        changed: Objects that are not as planned, at their old or their new key, by old key.
        errors: Copies that failed otherwise, by old key.
        users: Users that cannot be moved, by owner reference.
    """

    copied: int = 0
    bytes: int = 0
    before: int = 0
    left: int = 0
    changed: Reasons = field(default_factory=Reasons)
    errors: Reasons = field(default_factory=Reasons)
    users: Reasons = field(default_factory=Reasons)

    @property
    def complete(self) -> bool:
        """Whether everything that the plan wants moved is at its new key."""
        return not (self.left or self.changed or self.errors or self.users)


def copy_objects(
    plan: PlanFile,
    bucket: BucketWriter,
    progress: Progress,
    read_limit: int = DEFAULT_READ_LIMIT,
    *,
    by: str | None = None,
    take_over: str = "",
) -> CopyReport:
    """Copies all that the plan says and that is not there yet; before the first copy the environment is claimed.

    Args:
        plan: Open for writing.
        bucket: The plan's.
        progress: Shown while it runs.
        read_limit: Bytes of bodies to read at most.
        by: As of `layout.migrate.marking.claim_marker`.
        take_over: Likewise.

    Raises:
        MarkerError: Another plan has claimed the environment; nothing was copied.
        PlanBlockedError: Something in the plan has to be decided by a person; nothing was copied.
        StorageError: The bucket refused a whole batch; what was finished is in the plan.
    """
    refuse_if_blocked(plan)
    if replaces_any(plan):
        require_replacing_copies(bucket, plan.meta.environment)
    claim_marker(plan, bucket, by, take_over)
    # After the claim: another migration may have marked the environment just before it.
    stop_removed(plan, live_since(bucket, plan.meta.environment))
    refuse_if_blocked(plan)
    report = CopyReport(before=count_there(plan))
    with (
        progress.task("copying", *left_to_copy(plan)) as step,
        asyncio.Runner() as runner,
        ThreadPoolExecutor(IN_FLIGHT) as pool,
    ):
        CopyRun(plan, bucket, report, step, runner, pool, Reading(read_limit)).copy_all(_every_user(plan))
    # Nothing stopped the copy when it began, so what stops it now became a conflict in this run.
    report.left = left_to_copy(plan)[0] + count_blocked(plan)
    return report


def _every_user(plan: PlanFile) -> Iterator[PlannedUser]:
    last = ""
    while users := users_after(plan, last, BATCH):
        yield from users
        last = users[-1].owner


def _chunks(plan: PlanFile, users: Iterable[PlannedUser]) -> Iterator[list[PlannedUser]]:
    """Users in groups with about a batch of objects together: small users are copied side by side."""
    chunk: list[PlannedUser] = []
    objects = 0
    for user in users:
        chunk.append(user)
        objects += sum(left_to_copy_in(plan, user.prefix, phase) for phase in Phase)
        if objects >= BATCH or len(chunk) >= BATCH:
            yield chunk
            chunk, objects = [], 0
    if chunk:
        yield chunk


@dataclass(frozen=True)
class CopyRun:
    """What the steps of one run share.

    `follows`: the old side goes on changing, so copies are of the planned versions only, and what waits for a person
    keeps nothing else back.
    """

    plan: PlanFile
    bucket: BucketWriter
    report: CopyReport
    step: Task
    runner: asyncio.Runner
    pool: ThreadPoolExecutor
    reading: Reading
    follows: bool = False

    @property
    def journal(self) -> Journal:
        """Of the plan."""
        return Journal(self.plan)

    def copy_all(self, users: Iterable[PlannedUser]) -> None:
        """What is shared, then of these users the profile files, the media and the databases."""
        environment = self.plan.meta.environment
        shared = list(shared_prefixes(environment=environment))
        shared_media_there = not self.copy_phase(shared, Phase.MEDIA)
        self.copy_phase(shared, Phase.DATABASE)
        for chunk in _chunks(self.plan, users):
            ready = self.write_profiles(chunk)
            incomplete = self.copy_phase(ready, Phase.MEDIA)
            if shared_media_there:
                self.copy_phase([prefix for prefix in ready if prefix not in incomplete], Phase.DATABASE)

    def write_profiles(self, users: list[PlannedUser]) -> list[str]:
        """The prefixes of users whose two files are there now and agree with the plan."""
        environment = self.plan.meta.environment
        # A user in conflict of whom nothing is to be copied does not stop the copy: looked at again.
        settled = {UserState.READY, UserState.NO_PROFILES}
        waiting = [user for user in users if user.state not in settled]
        problems = list(
            self.pool.map(
                lambda user: write_profile_files(
                    self.bucket, user.user_id, environment, ChosenProfile(user.profile_id, user.origin)
                ),
                waiting,
            )
        )
        refused = {user.owner: problem for user, problem in zip(waiting, problems, strict=True) if problem}
        with self.plan.transaction():
            for user in waiting:
                if problem := refused.get(user.owner):
                    self.report.users.add(user.owner, problem)
                    self.journal.user_refused(user.owner, user.prefix, problem)
                else:
                    self.journal.user_ready(user.owner)
        return [user.prefix for user in users if user.owner not in refused]

    def copy_phase(self, prefixes: list[str], phase: Phase) -> set[str]:
        """Copies one phase of what moves under some prefixes; those of which something is left in it."""
        batch: list[PlannedObject] = []
        for row in self._planned(prefixes, phase):
            batch.append(row)
            if len(batch) >= BATCH:
                self._copy(batch)
                batch = []
        self._copy(batch)
        stops = (State.COPY,) if self.follows else (State.COPY, *BLOCKING)
        return {prefix for prefix in prefixes if left_to_copy_in(self.plan, prefix, phase, stops)}

    def _planned(self, prefixes: list[str], phase: Phase) -> Iterator[PlannedObject]:
        """Rows still to copy. Each is read once: what fails stays for the next run, not for this one."""
        for prefix in prefixes:
            last = prefix
            while rows := to_copy_in(self.plan, prefix, phase, last, BATCH):
                yield from rows
                last = rows[-1].new_key

    def _copy(self, batch: list[PlannedObject]) -> None:
        """Copies a batch and writes down what became of it, every few seconds, each time in one transaction."""
        while batch:
            if self.follows:
                # A run that is cut off leaves copies that it could not note: they are this plan's own.
                with self.plan.transaction():
                    for row in batch:
                        self.journal.failed(row, "a run was cut off while it copied this")
            copying = copy_batch(
                self.bucket,
                batch,
                self.pool,
                self.reading,
                strictly=self.follows,
                uploads=PartUploads(self.plan),
            )
            results, batch = self.runner.run(copying)
            with self.plan.transaction():
                for result in results:
                    self._note(result)
            self.step(len(results), sum(result.planned.size for result in results))

    def _note(self, result: CopyResult) -> None:
        planned = result.planned
        if result.new is not None and result.proof is not None:
            self.report.copied += 1
            self.report.bytes += planned.size
            self.journal.copied(planned, result.new, result.proof)
            return
        if result.outcome is Outcome.CONFLICT:
            self.journal.taken(planned, result.reason)
        else:
            self.journal.failed(planned, result.reason)
        kind = self.report.errors if result.outcome is Outcome.FAILED else self.report.changed
        kind.add(planned.key, result.reason)
