"""Copying what a plan says, group by group: a user's profile files, then their media, then their databases.

The shared games are the first group. A database is copied only after all media that it can name, so a
database at its new key means that the rest is there. What is finished is written into the plan batch by
batch; a run that is killed repeats at most one batch, whose copies it then finds at their new keys.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from layout.keys import games_prefix
from layout.legacy import Phase
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.copy_batch import Outcome, PlannedCopy, copy_batch
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.rows import prefix_end, refuse_if_blocked
from layout.migrate.plan.schema import Action, State, UserState
from layout.migrate.profile_files import ChosenProfile, write_profile_files
from layout.migrate.report.progress import Progress
from layout.migrate.report.reasons import Reasons

__all__ = ["CopyReport", "copy_objects"]

BATCH = 1_000
IN_FLIGHT = 16


@dataclass
class CopyReport:
    """What one run of the copy did.

    Attributes:
        copied: Objects that are at their new keys now and were not in the journal before.
        bytes: Their size.
        before: Objects that the journal or the plan already knew to be there.
        left: Objects that still have to be copied.
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


def copy_objects(plan: PlanFile, bucket: BucketWriter, progress: Progress) -> CopyReport:
    """Copies all that the plan says and that is not there yet.

    Raises:
        PlanBlockedError: Something in the plan has to be decided by a person; nothing was copied.
        StorageError: The bucket refused a whole batch; what was finished is in the plan.
    """
    refuse_if_blocked(plan)
    report = CopyReport(before=plan.value(_COUNT_THERE))
    with (
        progress.task("copying", plan.value(_COUNT_LEFT)) as step,
        asyncio.Runner() as runner,
        ThreadPoolExecutor(IN_FLIGHT) as pool,
    ):
        run = _Run(plan, bucket, report, step, runner, pool)
        prefix = games_prefix(environment=plan.meta.environment)
        shared = _Group(prefix, UserState.READY, "", "", ChosenProfile("", ""))
        shared_media_there = run.copy_phase([shared], Phase.MEDIA)
        run.copy_phase([shared], Phase.DATABASE)
        for users in _chunks(plan):
            ready = run.write_profiles(users)
            complete = run.copy_phase(ready, Phase.MEDIA)
            if shared_media_there:
                run.copy_phase(complete, Phase.DATABASE)
    report.left = plan.value(_COUNT_LEFT)
    return report


_COUNT_LEFT = "SELECT count(*) FROM objects WHERE action = 'copy' AND state = 'planned'"
_COUNT_THERE = "SELECT count(*) FROM objects WHERE action IN ('copy', 'done') AND state <> 'planned'"
_IN_GROUP = (
    " FROM objects WHERE new_key IS NOT NULL AND action <> 'collision' AND new_key >= ? AND new_key < ?"
    " AND phase = ? AND state = 'planned'"
)


@dataclass(frozen=True)
class _Group:
    """Objects that share an owner: a user, or nobody for the shared games."""

    prefix: str
    state: UserState
    owner: str
    user_id: str
    profile: ChosenProfile


def _chunks(plan: PlanFile) -> Iterator[list[_Group]]:
    """All users, in groups with about a batch of objects together: small users are copied side by side."""
    chunk: list[_Group] = []
    objects, last = 0, ""
    while rows := list(plan.rows("SELECT * FROM users WHERE owner > ? ORDER BY owner LIMIT ?", last, BATCH)):
        for row in rows:
            profile = ChosenProfile(row["profile_id"], row["origin"])
            state = UserState(row["state"])
            chunk.append(_Group(row["prefix"], state, row["owner"], row["user_id"], profile))
            bounds = row["prefix"], prefix_end(row["prefix"])
            objects += sum(plan.value("SELECT count(*)" + _IN_GROUP, *bounds, phase) for phase in Phase)
            if objects >= BATCH or len(chunk) >= BATCH:
                yield chunk
                chunk, objects = [], 0
        last = rows[-1]["owner"]
    if chunk:
        yield chunk


@dataclass(frozen=True)
class _Run:
    """What the steps of one run share."""

    plan: PlanFile
    bucket: BucketWriter
    report: CopyReport
    step: Progress.Step
    runner: asyncio.Runner
    pool: ThreadPoolExecutor

    def write_profiles(self, users: list[_Group]) -> list[_Group]:
        """The users whose two files are there now and agree with the plan; the others are conflicts."""
        environment = self.plan.meta.environment
        # A conflict is looked at again: a person may have put the files right, and if not, it still counts.
        again = (UserState.PLANNED, UserState.CONFLICT)
        waiting = [user for user in users if user.state in again]
        problems = list(
            self.pool.map(
                lambda user: write_profile_files(self.bucket, user.user_id, environment, user.profile),
                waiting,
            )
        )
        refused = {user.owner: problem for user, problem in zip(waiting, problems, strict=True) if problem}
        for owner, problem in refused.items():
            self.report.users.add(owner, problem)
        with self.plan.transaction() as database:
            for user in waiting:
                problem = refused.get(user.owner, "")
                state = UserState.CONFLICT if problem else UserState.READY
                database.execute(
                    "UPDATE users SET state = ?, reason = ? WHERE owner = ?", (state, problem, user.owner)
                )
                if problem:
                    database.execute(
                        "UPDATE objects SET action = 'conflict', reason = ? WHERE new_key IS NOT NULL"
                        " AND action <> 'collision' AND action = 'copy' AND state = 'planned'"
                        " AND new_key >= ? AND new_key < ?",
                        (problem, user.prefix, prefix_end(user.prefix)),
                    )
        return [user for user in users if user.owner not in refused]

    def copy_phase(self, groups: list[_Group], phase: Phase) -> list[_Group]:
        """Copies one phase of some groups and returns those of which nothing is left in that phase."""
        batch: list[PlannedCopy] = []
        for row in self._planned(groups, phase):
            batch.append(row)
            if len(batch) >= BATCH:
                self._copy(batch)
                batch = []
        self._copy(batch)
        return [
            group
            for group in groups
            if not self.plan.value(
                "SELECT count(*)" + _IN_GROUP, group.prefix, prefix_end(group.prefix), phase
            )
        ]

    def _planned(self, groups: list[_Group], phase: Phase) -> Iterator[PlannedCopy]:
        """Rows still to copy. Each is read once: what fails stays for the next run, not for this one."""
        for group in groups:
            last = group.prefix
            while True:
                rows = list(
                    self.plan.rows(
                        "SELECT id, key, etag, size, new_key" + _IN_GROUP + " AND action = 'copy'"
                        " ORDER BY new_key LIMIT ?",
                        last,
                        prefix_end(group.prefix),
                        phase,
                        BATCH,
                    )
                )
                for row in rows:
                    yield PlannedCopy(row["id"], row["key"], row["etag"], row["size"], row["new_key"])
                if len(rows) < BATCH:
                    break
                last = rows[-1]["new_key"] + "\0"

    def _copy(self, batch: list[PlannedCopy]) -> None:
        """Copies a batch and writes down what became of it, all in one transaction."""
        if not batch:
            return
        results = self.runner.run(copy_batch(self.bucket, batch, self.pool, IN_FLIGHT))
        with self.plan.transaction() as database:
            for result in results:
                planned = result.planned
                if result.outcome is Outcome.COPIED:
                    self.report.copied += 1
                    self.report.bytes += planned.size
                    values = (State.COPIED, result.new_etag, result.copied_at, planned.id)
                    database.execute(
                        "UPDATE objects SET state = ?, new_etag = ?, copied_at = ?, problem = NULL"
                        " WHERE id = ?",
                        values,
                    )
                    continue
                database.execute("UPDATE objects SET problem = ? WHERE id = ?", (result.reason, planned.id))
                if result.outcome is Outcome.CONFLICT:
                    database.execute(
                        "UPDATE objects SET action = ?, reason = ? WHERE id = ?",
                        (Action.CONFLICT, result.reason, planned.id),
                    )
                kind = self.report.errors if result.outcome is Outcome.FAILED else self.report.changed
                kind.add(planned.key, result.reason)
        self.step(len(batch))
