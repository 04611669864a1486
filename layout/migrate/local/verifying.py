"""Verification of a local tree: each new file against its old one and against the plan. The tree is only read.

Two names of one file need no comparison. A copy is known by the version that it had when it was compared; `deep`
reads both files again. What came to the old side after the plan was made is told as missing.
"""

import os
import uuid
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
            judged = [(row, *_judge(tree, row, deep=deep)) for row in rows]
            with plan.transaction():
                for row, sign, reason, proof in judged:
                    _note(plan, tree, run, row, sign, reason, proof, findings)
            step(len(rows))
    with progress.task("listing") as step:
        _check_unplanned(plan, tree, findings, step)
    _check_users(plan, tree, findings)
    return findings.verdict(plan, run, deep=deep)


def _judge(tree: LocalTree, row: PlannedObject, *, deep: bool) -> tuple[Sign, str, Proof | None]:
    try:
        return _compare(tree, row, deep=deep)
    except LayoutError as error:
        return "!", str(error), None
    except OSError as error:
        return "!", f"it cannot be compared: {reason_of(error)}", None


def _compare(tree: LocalTree, row: PlannedObject, *, deep: bool) -> tuple[Sign, str, Proof | None]:
    old, new = tree.old_path(row.key), tree.new_path(row.new_key)
    found, source = look(new, row.key), look(old, row.key)
    if found is None:
        reason = "is no file at its new path" if os.path.lexists(new) else "is missing at its new path"
        return "+", reason + (", and the old file was deleted" if row.state is State.DELETED else ""), None
    if row.state is State.DELETED:
        if os.path.lexists(old):
            return "*", "the old file was written again after it was deleted", None
        return _as_seen(row, found)
    if source is None:
        return "!", "the old file is gone, and this plan has not deleted it", None
    if (source.etag, source.size) != (row.etag, row.size):
        return "*", "the old file was written after the plan was made", None
    if is_one_file(old, new):
        return "=", "", Proof.LINK
    if row.proof is not None and not deep:
        return _as_seen(row, found)
    same = found.size == source.size and same_bytes(old, new)
    return ("=", "", Proof.BODIES) if same else ("*", "the two files have other bytes", None)


def _as_seen(row: PlannedObject, found: ListedObject) -> tuple[Sign, str, Proof | None]:
    if (found.etag, found.size) == (row.new_etag, row.size):
        return "=", "", row.proof
    return "*", "the new file was written since it was put there", None


def _note(
    plan: PlanFile,
    tree: LocalTree,
    run: int,
    row: PlannedObject,
    sign: Sign,
    reason: str,
    proof: Proof | None,
    findings: Findings,
) -> None:
    journal = Journal(plan)
    findings.counts[sign] += 1
    if proof is not None:
        found = look(tree.new_path(row.new_key), row.key)
        if found is not None:
            findings.bytes += row.size
            journal.same([(row, found, proof)], run)
            return
        findings.counts[sign] -= 1
        findings.counts["+"] += 1
        sign, reason = "+", "is missing at its new path"
    findings.problem(sign, reason, row.key)
    if sign == "+" and row.state is not State.DELETED:
        journal.missing(row, reason, run)
    else:
        journal.different(row, reason, run)


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
