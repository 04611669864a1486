"""Trees of files for tests, and the steps of a migration over them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from layout.environment import Environment
from layout.migrate.local.copying import LocalCopyReport, copy_files
from layout.migrate.local.deleting import RemovalReport, check_local_delete, delete_old_files, take_back
from layout.migrate.local.planning import make_local_plan, new_meta
from layout.migrate.local.profiles import ProfileSource
from layout.migrate.local.tree import LocalTree
from layout.migrate.local.verifying import verify_files
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.totals import blocked_rows
from layout.migrate.report.progress import Progress
from layout.migrate.report.verdict import Verdict

PROFILE = "a1b2c3d4"
REGISTRY = b'{"default": "a1b2c3d4", "profiles": {"a1b2c3d4": {"name": null}}}\n'
QUIET = Progress(quiet=True)


def write_tree(root: Path, files: Mapping[str, bytes]) -> None:
    """Writes files below a folder."""
    root.mkdir(exist_ok=True)
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def snapshot(root: Path) -> dict[str, tuple[int, int, str]]:
    """Mode, time and content of every file below a folder, links not followed, by path."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            state = path.lstat()
            content = str(path.readlink()) if path.is_symlink() else path.read_bytes().hex()
            found[str(path.relative_to(root))] = (state.st_mode, state.st_mtime_ns, content)
    return found


@dataclass
class Migration:
    """One plan of one tree, and its steps in this process."""

    root: Path
    plan_path: Path
    source: ProfileSource = field(default_factory=lambda: ProfileSource(new_profiles=True))

    @property
    def tree(self) -> LocalTree:
        """The tree as it is now."""
        return LocalTree(self.root, Environment.DEV)

    def plan(self) -> dict[str, str]:
        """Makes the plan; gives why files stop it, by path."""
        with PlanFile.open_or_create(self.plan_path, new_meta(self.tree, "flat")) as plan:
            make_local_plan(plan, self.tree, self.source, QUIET)
            return {row.key: row.reason for row in blocked_rows(plan)}

    def copy(self) -> LocalCopyReport:
        """Gives new names."""
        with self.opened() as plan:
            return copy_files(plan, self.tree, QUIET)

    def verify(self, *, deep: bool = False) -> Verdict:
        """Compares."""
        with self.opened() as plan:
            return verify_files(plan, self.tree, QUIET, deep=deep)

    def delete(self, verdict: Verdict) -> RemovalReport:
        """Takes old names away."""
        with self.opened() as plan:
            check_local_delete(plan, verdict)
            return delete_old_files(plan, self.tree, QUIET, execute=True)

    def take_back(self) -> RemovalReport:
        """Takes new names away."""
        with self.opened() as plan:
            return take_back(plan, self.tree, QUIET, execute=True)

    def opened(self) -> PlanFile:
        """The plan, for writing."""
        return PlanFile.open(self.plan_path, writable=True, finished=True)
