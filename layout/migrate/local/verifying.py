"""Verification of a local tree: each new file against its old one and against the plan. The tree is only read.

Two names of one file need no comparison. A copy is known by the version that it had when it was compared; `deep`
reads both files again. What came to the old side after the plan was made is told as missing.
"""

import os
import uuid
from dataclasses import dataclass
from itertools import islice
from unicodedata import normalize

from layout.errors import LayoutError
from layout.legacy import LEGACY_LAYOUTS, is_new_key
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.local.local_layout import SYNC_MARKER, LocalLayout
from layout.migrate.local.placing_files import is_one_file, same_bytes
from layout.migrate.local.profiles import registry_problem
from layout.migrate.local.tree import LocalTree, look, reason_of
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.moves import Proof, State
from layout.migrate.plan.rows import PlannedObject, planned_at, planned_for, unmet, users_after
from layout.migrate.plan.totals import count_to_move
from layout.migrate.planning import facts_of
from layout.migrate.report.findings import Findings
from layout.migrate.report.progress import Progress
from layout.migrate.report.verdict import Sign, Verdict
from layout.migrate.rules.kept import kept_rules
from layout.migrate.rules.ruled_layout import RuledLayout
from layout.migrate.verifying import is_more

__all__ = ["verify_files"]

BATCH = 500


def verify_files(plan: PlanFile, tree: LocalTree, progress: Progress, *, deep: bool = False) -> Verdict:
    """Compares the tree with the plan and notes in the plan what was compared.

    Args:
        plan: Open for writing.
        tree: The plan's.
        progress: Shown while it runs.
        deep: Whether files that were copied are read again, both sides.

    Raises:
        LocalPathError: A folder cannot be read; there is no verdict then.
    """
    run, findings = plan.meta.verification + 1, Findings()
    with plan.transaction():
        plan.note(verification=run, verification_id=uuid.uuid4().hex)
    last = ""
    with progress.task("comparing", count_to_move(plan)) as step:
        while rows := unmet(plan, run, last, BATCH):
            last = rows[-1].new_key
            judged = [(row, _judge(tree, row, deep=deep)) for row in rows]
            with plan.transaction():
                _note(plan, run, judged, findings)
            step(len(rows))
    with progress.task("listing") as step:
        _check_unplanned(plan, tree, findings, step)
    _check_users(plan, tree, findings)
    return findings.verdict(plan, run, deep=deep)


@dataclass(frozen=True)
class _Judged:
    """What is said of one file; with a proof, what was found at its new path."""

    sign: Sign
    reason: str = ""
    proof: Proof | None = None
    found: ListedObject | None = None


def _judge(tree: LocalTree, row: PlannedObject, *, deep: bool) -> _Judged:
    try:
        return _compare(tree, row, deep=deep)
    except LayoutError as error:
        return _Judged("!", str(error))
    except OSError as error:
        return _Judged("!", f"it cannot be compared: {reason_of(error)}")


def _compare(tree: LocalTree, row: PlannedObject, *, deep: bool) -> _Judged:
    old, new = tree.old_path(row.key), tree.new_path(row.new_key)
    found, source = look(new, row.key), look(old, row.key)
    if found is None:
        reason = "is no file at its new path" if os.path.lexists(new) else "is missing at its new path"
        gone = ", and the old file was deleted" if row.state is State.DELETED else ""
        return _Judged("+", reason + gone)
    if row.state is State.DELETED:
        if os.path.lexists(old):
            return _Judged("*", "the old file was written again after it was deleted")
        return _as_seen(row, found)
    if source is None:
        return _Judged("!", "the old file is gone, and this plan has not deleted it")
    if (source.etag, source.size) != (row.etag, row.size):
        return _Judged("*", "the old file was written after the plan was made")
    if is_one_file(old, new):
        return _Judged("=", proof=Proof.LINK, found=found)
    if row.proof is not None and not deep:
        return _as_seen(row, found)
    if found.size == source.size and same_bytes(old, new):
        return _Judged("=", proof=Proof.BODIES, found=found)
    return _Judged("*", "the two files have other bytes")


def _as_seen(row: PlannedObject, found: ListedObject) -> _Judged:
    if (found.etag, found.size) == (row.new_etag, row.size):
        return _Judged("=", proof=row.proof, found=found)
    return _Judged("*", "the new file was written since it was put there")


def _note(plan: PlanFile, run: int, judged: list[tuple[PlannedObject, _Judged]], findings: Findings) -> None:
    journal, same = Journal(plan), list[tuple[PlannedObject, ListedObject, Proof]]()
    for row, one in judged:
        findings.counts[one.sign] += 1
        if one.proof is not None and one.found is not None:
            findings.bytes += row.size
            same.append((row, one.found, one.proof))
            continue
        findings.problem(one.sign, one.reason, row.key)
        if one.sign == "+" and row.state is not State.DELETED:
            journal.missing(row, one.reason, run)
        else:
            journal.different(row, one.reason, run)
    journal.same(same, run)


def _check_unplanned(plan: PlanFile, tree: LocalTree, findings: Findings, step: Progress.Step) -> None:
    """What came since the plan was made: an old file that nothing moves, or one of the new layout, which may."""
    layout = RuledLayout(LocalLayout(LEGACY_LAYOUTS[plan.meta.layout]), kept_rules(plan))
    facts, files = facts_of(plan), tree.files()
    while page := list(islice(files, BATCH)):
        for item in page:
            if (
                planned_at(plan, item.key) is not None
                or planned_for(plan, normalize("NFC", item.key)) is not None
            ):
                continue
            if is_new_key(item.key):
                findings.counts["-"] += is_more(item.key)
            elif not layout.ignores(item.key) and layout.place(item.key, facts).rule != SYNC_MARKER:
                findings.counts["+"] += 1
                findings.problem("+", "came after the plan was made", item.key)
        step(len(page))


def _check_users(plan: PlanFile, tree: LocalTree, findings: Findings) -> None:
    last = ""
    while users := users_after(plan, last, BATCH):
        last = users[-1].owner
        for user in users:
            if user.origin != "reserved":
                continue
            findings.users += 1
            if problem := registry_problem(tree, user.user_id, user.profile_id):
                findings.problem("!", f"user {user.user_id!r}: {problem}")
                with plan.transaction():
                    Journal(plan).user_unsure(user.owner)
