"""Giving local files their new names: media first, then databases, each with all that belongs to it."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from layout.errors import LayoutError
from layout.keys import parse_key, user_prefix, users_prefix
from layout.legacy import Phase
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.local.open_databases import OpenFiles, database_of, planned_set, set_problem
from layout.migrate.local.placing_files import (
    CANNOT_GO_ON,
    ForeignFileError,
    make_folders,
    place_file,
    synchronise,
)
from layout.migrate.local.profiles import registry_problem, write_registry
from layout.migrate.local.tree import LocalTree, reason_of
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.moves import Proof, State
from layout.migrate.plan.rows import PlannedObject, PlannedUser, left_to_copy_in, to_copy_in, users_after
from layout.migrate.plan.schema import UserState
from layout.migrate.plan.totals import count_there, left_to_copy, refuse_if_blocked
from layout.migrate.report.progress import Progress
from layout.migrate.report.reasons import Reasons

__all__ = ["DECIDE", "LocalCopyReport", "copy_files"]

BATCH = 500

DECIDE = (
    "Move them out of the tree, or leave them alone by a rule file and a new plan (--rules);"
    " see docs/migrating_local_files.md."
)
"""The way on when files stop a plan."""


@dataclass
class LocalCopyReport:
    """What one run did.

    Attributes:
        linked: Files that have a second name now.
        copied: Files that were copied, or found to be the same at their new paths.
        bytes: Size of those.
        before: Files that were there before.
        left: Files that are not at their new paths.
        errors: Why, by old path.
        users: Users of whom nothing is moved, by owner reference.
        stopped: Why the run ended early; empty if it did not.
    """

    linked: int = 0
    copied: int = 0
    bytes: int = 0
    before: int = 0
    left: int = 0
    errors: Reasons = field(default_factory=Reasons)
    users: Reasons = field(default_factory=Reasons)
    stopped: str = ""

    @property
    def complete(self) -> bool:
        """Whether every planned file is at its new path."""
        return not (self.left or self.users or self.errors)


def copy_files(plan: PlanFile, tree: LocalTree, progress: Progress) -> LocalCopyReport:
    """Gives every planned file its new name; old names stay.

    A full disk, or one that is read-only, ends the run; any other refusal is about one file or one database.

    Raises:
        PlanBlockedError: Files stop the plan.
        PlanError: Another migration works on the tree.
    """
    refuse_if_blocked(plan, DECIDE)
    report = LocalCopyReport(before=count_there(plan))
    run = _Run(plan, tree, report)
    with tree.alone(), progress.task("copying", left_to_copy(plan)[0]) as step:
        try:
            run.users()
            run.media(step)
            run.databases(step)
        except OSError as error:
            if error.errno not in CANNOT_GO_ON:
                raise
            report.stopped = f"{reason_of(error)}: {str(error.filename or tree.root)!r}"
    report.left = left_to_copy(plan)[0]
    return report


@dataclass
class _Placed:
    row: PlannedObject
    found: ListedObject
    proof: Proof


class _Run:
    def __init__(self, plan: PlanFile, tree: LocalTree, report: LocalCopyReport) -> None:
        self.plan, self.tree, self.report = plan, tree, report
        self.open_files = OpenFiles()
        self.folders: set[Path] = set()
        self.placed: list[_Placed] = []
        self.failed: list[tuple[PlannedObject, str, bool]] = []

    def users(self) -> None:
        """A user who gets a new profile has its files before anything of theirs is in it."""
        last = ""
        while users := users_after(self.plan, last, BATCH):
            last = users[-1].owner
            for user in users:
                if user.state is not UserState.READY:
                    self._user(user)

    def _user(self, user: PlannedUser) -> None:
        problem = ""
        if user.origin == "reserved":
            try:
                write_registry(self.tree, user.owner, user.user_id, user.profile_id)
            except LayoutError as error:
                problem = str(error)
            except OSError as error:
                if error.errno in CANNOT_GO_ON:
                    raise
                problem = f"its profiles.json cannot be written: {reason_of(error)}"
            problem = problem or registry_problem(self.tree, user.user_id, user.profile_id)
        journal = Journal(self.plan)
        with self.plan.transaction():
            if problem:
                self.report.users.add(user.owner, problem)
                journal.user_refused(user.owner, user.prefix, problem)
            else:
                journal.user_ready(user.owner)

    def media(self, step: "Progress.Step") -> None:
        """Files that are no databases, in batches that are synchronised and written down together."""
        prefix, last = users_prefix(environment=self.plan.meta.environment), ""
        while rows := to_copy_in(self.plan, prefix, Phase.MEDIA, last, BATCH):
            last = rows[-1].new_key
            try:
                for row in rows:
                    self._place(row, as_database=False)
            finally:
                self._write_down()
            step(len(rows))

    def databases(self, step: "Progress.Step") -> None:
        """Each with the files beside it, or not at all; only once all media of the user are there."""
        prefix, last, done = users_prefix(environment=self.plan.meta.environment), "", set[str]()
        while rows := to_copy_in(self.plan, prefix, Phase.DATABASE, last, BATCH):
            last = rows[-1].new_key
            for row in rows:
                database = database_of(row.key) or row.key
                if database not in done:
                    done.add(database)
                    self._database(row, database)
            step(len(rows))

    def _database(self, row: PlannedObject, database: str) -> None:
        members = planned_set(self.plan, database) or [row]
        problem = self._database_problem(row, database, members)
        made: list[Path] = []
        try:
            for member in members:
                if member.state is not State.COPY:
                    continue
                problem = problem or self._place(member, as_database=True, made=made)
                if problem and not any(failed is member for failed, _, _ in self.failed):
                    self._fail(member, problem)
        except OSError as error:
            problem = f"The system refuses: {reason_of(error)}."
            raise
        finally:
            if problem:
                # Together or not at all: what this run has put there of it goes again.
                for path in made:
                    path.unlink()
                for one in self.placed:
                    self._fail(one.row, problem)
                self.placed.clear()
            self._write_down()

    def _database_problem(self, row: PlannedObject, database: str, members: list[PlannedObject]) -> str:
        user = user_prefix(parse_key(row.new_key).fields["user"], environment=self.plan.meta.environment)
        if media := left_to_copy_in(self.plan, user, Phase.MEDIA):
            return f"{media:,} media files of its user are not at their new paths yet"
        paths = [self.tree.old_path(member.key) for member in members]
        return set_problem(self.tree.old_path(database), paths) or self.open_files.problem(paths)

    def _place(self, row: PlannedObject, *, as_database: bool, made: list[Path] | None = None) -> str:
        """Why the file could not be placed; empty if it was. What was not there before is added to `made`."""
        planned = ListedObject(row.key, row.etag, row.size, row.modified)
        old = self.tree.old_path(row.key)
        try:
            new = self.tree.new_path(row.new_key)
            self.folders.update(make_folders(self.tree.root, old, new))
            was_there = os.path.lexists(new)
            if as_database:
                found, proof = place_file(old, new, planned, link=None)
            else:
                found, proof = place_file(old, new, planned)
        except ForeignFileError as error:
            return self._fail(row, str(error), taken=True)
        except LayoutError as error:
            return self._fail(row, str(error))
        except OSError as error:
            problem = self._fail(row, f"The system refuses: {reason_of(error)}.")
            if error.errno in CANNOT_GO_ON:
                raise
            return problem
        if made is not None and not was_there:
            made.append(new)
        self.folders.add(new.parent)
        self.placed.append(_Placed(row, found, proof))
        return ""

    def _fail(self, row: PlannedObject, problem: str, *, taken: bool = False) -> str:
        self.failed.append((row, problem, taken))
        self.report.errors.add(row.key, problem)
        return problem

    def _write_down(self) -> None:
        """First what the disk holds, then what the journal says."""
        for folder in self.folders:
            synchronise(folder)
        journal = Journal(self.plan)
        with self.plan.transaction():
            for one in self.placed:
                journal.copied(one.row, one.found, one.proof)
            for row, problem, taken in self.failed:
                (journal.taken if taken else journal.failed)(row, problem)
        for one in self.placed:
            self.report.linked += one.proof is Proof.LINK
            if one.proof is not Proof.LINK:
                self.report.copied += 1
                self.report.bytes += one.row.size
        self.folders, self.placed, self.failed = set(), [], []
