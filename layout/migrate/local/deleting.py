"""Taking the old names away, or the new ones again: each only if both files are still what they were.

A name is looked at right before it goes. A database goes first and the files beside it after it, so that nobody can
open it without them; none of them goes while a process has it open.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from layout.errors import DeletionRefusedError, LayoutError
from layout.legacy.flat import USER_NAMES
from layout.migrate.local.open_databases import OpenFiles, database_of, planned_set, set_problem
from layout.migrate.local.placing_files import is_one_file, part_of, same_bytes, synchronise
from layout.migrate.local.profiles import profile_files, remove_registry
from layout.migrate.local.tree import LocalTree, look, reason_of
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.local_rows import count_found, own_copies_after
from layout.migrate.plan.moves import Proof, State
from layout.migrate.plan.rows import PlannedObject, planned_at, users_after, verified_after, waiting
from layout.migrate.plan.schema import UserState
from layout.migrate.plan.totals import count_blocked, state_totals
from layout.migrate.report.progress import Progress
from layout.migrate.report.reasons import Reasons
from layout.migrate.report.verdict import Verdict

__all__ = ["RemovalReport", "check_local_delete", "delete_old_files", "take_back"]

BATCH = 500


@dataclass
class RemovalReport:
    """What one run did, or would do.

    Attributes:
        removed: Names that went.
        bytes: Size of their files.
        before: Old names that were gone before.
        kept: Why others stay, by old path.
        folders: Empty folders that went.
        found: New names that stay, since they were there before this plan gave any.
    """

    removed: int = 0
    bytes: int = 0
    before: int = 0
    kept: Reasons = field(default_factory=Reasons)
    folders: int = 0
    found: int = 0


def check_local_delete(plan: PlanFile, verdict: Verdict) -> None:
    """What must hold before an old name goes.

    Raises:
        VerificationError: The verdict did not pass, or is of another verification.
        DeletionRefusedError: Files stop the plan.
    """
    verdict.require(plan)
    if blocked := count_blocked(plan):
        raise DeletionRefusedError(
            f"{blocked:,} files of the plan stop the copy, so nothing may be deleted.",
            hint="Resolve them, and make a new plan.",
        )


def delete_old_files(plan: PlanFile, tree: LocalTree, progress: Progress, *, execute: bool) -> RemovalReport:
    """Removes the old names of all that the last verification found right, and the folders that are empty then.

    Raises:
        PlanError: Another migration works on the tree.
    """
    report = RemovalReport(before=state_totals(plan)[State.DELETED])
    with tree.alone(), progress.task("deleting") as step:
        remover = _Remover(plan, tree, report, execute=execute)
        last = 0
        while rows := verified_after(plan, last, BATCH):
            last = rows[-1].id
            remover.remove(rows, tree.old_path, remover.old_problem, Journal(plan).deleted)
            step(len(rows))
        if execute:
            _remove_empty_folders(plan, tree, report)
    return report


def take_back(plan: PlanFile, tree: LocalTree, progress: Progress, *, execute: bool) -> RemovalReport:
    """Removes the new names that this plan gave, where the old file is still there and the new one is as it was put.

    Profile files that were written for a user go too, once nothing of this plan is left in the user's profile.

    Raises:
        DeletionRefusedError: Old files were deleted: their new names are their only ones.
        PlanError: Another migration works on the tree.
    """
    if gone := state_totals(plan)[State.DELETED]:
        raise DeletionRefusedError(
            f"{gone:,} old files were deleted, so what is at their new paths is all that there is of them.",
            hint="Nothing was changed. Go on in the new layout.",
        )
    report = RemovalReport(found=count_found(plan))
    with tree.alone(), progress.task("taking back") as step:
        remover = _Remover(plan, tree, report, execute=execute)
        if execute:
            _adopt(plan, tree)
            with plan.transaction():
                # No verdict from before may delete an old name afterwards.
                plan.note(verification=plan.meta.verification + 1, verification_id="")
        run, last = plan.meta.verification, 0

        def noted(row: PlannedObject) -> None:
            Journal(plan).missing(row, "it was taken back", run)

        while rows := own_copies_after(plan, last, BATCH):
            last = rows[-1].id
            remover.remove(rows, lambda key: _new_path(plan, tree, key), remover.new_problem, noted)
            step(len(rows))
        if execute:
            _remove_profiles(plan, tree, report)
    return report


def _new_path(plan: PlanFile, tree: LocalTree, key: str) -> Path:
    row = planned_at(plan, key)
    return tree.new_path(row.new_key if row else key)


def _adopt(plan: PlanFile, tree: LocalTree) -> None:
    """Writes down what a copy that was killed had put at new paths: the plan saw nothing there."""
    last = ""
    while rows := waiting(plan, last, BATCH):
        last = rows[-1].new_key
        with plan.transaction():
            for row in rows:
                old, new = tree.old_path(row.key), tree.new_path(row.new_key)
                part_of(new).unlink(missing_ok=True)
                found = look(new, row.key)
                if found is None:
                    continue
                if is_one_file(old, new):
                    Journal(plan).copied(row, found, Proof.LINK)
                elif found.size == row.size and look(old) is not None and same_bytes(old, new):
                    Journal(plan).copied(row, found, Proof.BODIES)


class _Remover:
    def __init__(self, plan: PlanFile, tree: LocalTree, report: RemovalReport, *, execute: bool) -> None:
        self.plan, self.tree, self.report, self.execute = plan, tree, report, execute
        self.open_files = OpenFiles()
        self.done: set[str] = set()

    def old_problem(self, row: PlannedObject) -> str:
        """Why the old name must stay; empty if the new file is the one that was verified."""
        new = self.tree.new_path(row.new_key)
        found, old = look(new, row.key), look(self.tree.old_path(row.key), row.key)
        if found is None:
            return "nothing is at its new path any more"
        if (found.etag, found.size) != (row.new_etag, row.size):
            return "the new file was written since the verification"
        if old is not None and (old.etag, old.size) != (row.etag, row.size):
            return "the old file was written since the verification"
        return ""

    def new_problem(self, row: PlannedObject) -> str:
        """Why the new name must stay; empty if the old file is as planned and the new one as it was put there."""
        old, found = look(self.tree.old_path(row.key)), look(self.tree.new_path(row.new_key))
        if old is None:
            return "the old file is gone"
        if found is not None and is_one_file(self.tree.old_path(row.key), self.tree.new_path(row.new_key)):
            return ""
        if (old.etag, old.size) != (row.etag, row.size):
            return "the old file was written since the plan was made"
        if found is not None and (found.etag, found.size) != (row.own_etag, row.size):
            return "the new file was written since it was put there: compare the two, and keep the right one"
        return ""

    def remove(
        self,
        rows: list[PlannedObject],
        place: Callable[[str], Path],
        problem_of: Callable[[PlannedObject], str],
        noted: Callable[[PlannedObject], None],
    ) -> None:
        """Removes one batch of names, then writes down which."""
        removed: list[PlannedObject] = []
        folders: set[Path] = set()
        try:
            for row in rows:
                database = database_of(row.key)
                if database is None:
                    self._remove_together([row], place, problem_of, removed, folders)
                elif database not in self.done:
                    self.done.add(database)
                    self._remove_together(
                        self._members(database, row), place, problem_of, removed, folders, database=database
                    )
        finally:
            for folder in folders:
                synchronise(folder)
            if self.execute:
                with self.plan.transaction():
                    for row in removed:
                        noted(row)
        self.report.removed += len(removed)
        self.report.bytes += sum(row.size for row in removed)

    def _members(self, database: str, row: PlannedObject) -> list[PlannedObject]:
        """The database first. What has been removed before is no part of it any more."""
        members = planned_set(self.plan, database) or [row]
        there = [one for one in members if one.state in {State.COPIED, State.VERIFIED}]
        return sorted(there, key=lambda one: one.key)

    def _remove_together(
        self,
        members: list[PlannedObject],
        place: Callable[[str], Path],
        problem_of: Callable[[PlannedObject], str],
        removed: list[PlannedObject],
        folders: set[Path],
        database: str = "",
    ) -> None:
        try:
            problem = next((found for row in members if (found := problem_of(row))), "")
            if database and not problem:
                here = [place(row.key) for row in members]
                both = [*here, *(self.tree.old_path(row.key) for row in members)]
                problem = set_problem(place(database), here) or self.open_files.problem(both)
        except LayoutError as error:
            problem = str(error)
        for row in members:
            if problem:
                self.report.kept.add(row.key, problem)
                continue
            try:
                if self.execute:
                    path = place(row.key)
                    path.unlink(missing_ok=True)
                    folders.add(path.parent)
                removed.append(row)
            except OSError as error:
                problem = f"the system refuses: {reason_of(error)}"
                self.report.kept.add(row.key, problem)


def _remove_empty_folders(plan: PlanFile, tree: LocalTree, report: RemovalReport) -> None:
    """Folders of the old layout that hold nothing, at any depth; others stay."""
    last = ""
    while users := users_after(plan, last, BATCH):
        last = users[-1].owner
        for user in users:
            for name in sorted(USER_NAMES):
                report.folders += _remove_empty(tree.old_path(user.owner) / name)


def _remove_empty(folder: Path) -> int:
    """Removes a folder and those in it, as far as they hold nothing; symbolic links are no folders."""
    if folder.is_symlink() or not folder.is_dir():
        return 0
    removed = sum(_remove_empty(inner) for inner in sorted(folder.iterdir()) if inner.is_dir())
    try:
        folder.rmdir()
    except OSError:
        return removed
    return removed + 1


def _remove_profiles(plan: PlanFile, tree: LocalTree, report: RemovalReport) -> None:
    last = ""
    while users := users_after(plan, last, BATCH):
        last = users[-1].owner
        for user in users:
            registry = profile_files(tree, user.user_id)[0]
            profile = registry.parent / "profiles" / user.profile_id
            report.folders += _remove_empty(profile)
            report.folders += _remove_empty_only(profile.parent)
            if user.origin == "reserved" and user.state is UserState.READY and not profile.exists():
                remove_registry(tree, user.user_id, user.profile_id)
                with plan.transaction():
                    Journal(plan).user_unsure(user.owner)


def _remove_empty_only(folder: Path) -> int:
    try:
        folder.rmdir()
    except OSError:
        return 0
    return 1
