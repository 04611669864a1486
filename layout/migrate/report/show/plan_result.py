"""What `plan` answers."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from layout import program
from layout.console import Result
from layout.exit_status import ExitStatus
from layout.migrate.bucket.part_copies import CopyLimits
from layout.migrate.conflicts.evidence import Evidence
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.inferred_users import inferred_users
from layout.migrate.plan.moves import State
from layout.migrate.plan.schema import UserState
from layout.migrate.plan.totals import (
    BlockedRow,
    area_totals,
    blocked_rows,
    count_blocked,
    count_in_parts,
    count_other_classes,
    count_to_move,
    count_users,
)
from layout.migrate.report.amounts import size
from layout.migrate.report.reasons import KEPT, Reasons
from layout.migrate.report.show.later import later_lines
from layout.migrate.report.show.text import SHOWN, table, upload_lines
from layout.migrate.report.wrong_question import nothing_planned
from layout.migrate.rules.showing import rule_data, rule_lines

__all__ = ["plan"]


def plan(file: PlanFile, *, made: bool, uploads: Reasons) -> Result:
    """The answer of `plan`: a table per area, then what stops the copy."""
    meta, totals, blocked = file.meta, area_totals(file), count_blocked(file)
    users = count_users(file)
    head = (
        f"Plan: layout {meta.layout} into {meta.environment.value}/, bucket {meta.bucket!r}, {users:,} users"
    )
    lines = [head, *table(["area", "action", "objects", "bytes"], _area_lines(totals))]
    objects = sum(total.objects for total in totals)
    lines.append(f"  {objects:,} objects in all, {size(sum(total.bytes for total in totals))}.")
    lines += [f"  {line}" for line in later_lines(file)]
    lines += _user_lines(file, users)
    if meta.read_objects:
        lines.append(
            f"  Both bodies of a pair were read {meta.read_objects:,} times, {size(meta.read_bytes)} in all."
        )
    if others := count_other_classes(file):
        lines.append(
            f"  {others:,} objects are of another storage class than STANDARD; copies are asked for it."
        )
    if in_parts := count_in_parts(file, CopyLimits().single):
        lines.append(
            f"  {in_parts:,} objects were uploaded in parts, or go in parts since they are too large for one copy:"
            " additional checksums, where they have some, may be lost."
        )
    lines += rule_lines(file)
    if blocked:
        lines += ["", f"{blocked:,} objects stop the copy:"]
        for row in blocked_rows(file, SHOWN):
            lines.append(f"  {row.action:9} {row.key!r}: {row.reason}")
            lines += [f"            {line}" for line in _evidence_lines(row)]
        lines += [f"  and {blocked - SHOWN:,} more"] if blocked > SHOWN else []
    lines += upload_lines(uploads)
    if not made:
        lines += ["", f"The plan {str(file.path)!r} was finished before; nothing was done."]
    elif not blocked and not count_to_move(file):
        lines += ["", f"Nothing of the layout {meta.layout} is left to move."]
    elif not blocked:
        lines += ["", f"Nothing was copied. Next: {program.command('migrate', 'copy', '--plan', file.path)}"]
    data = {
        "made": made,
        "plan": str(file.path),
        **meta.model_dump(mode="json"),
        "users": users,
        "later": sum(total.objects for total in totals if total.action is State.LATER),
        "later_users": count_users(file, UserState.LATER),
        "inferred_users": [asdict(user) for user in inferred_users(file, KEPT)],
        "areas": [asdict(total) for total in totals],
        "blocked": [_blocked_data(row) for row in blocked_rows(file, KEPT)],
        "blocked_total": blocked,
        "open_uploads": asdict(uploads),
        **rule_data(file),
    }
    if trouble := nothing_planned(file):
        return Result(ExitStatus.ERROR, lines, data, trouble=trouble)
    return Result(ExitStatus.DIFFERENCES if blocked else ExitStatus.DONE, lines, data)


def _evidence_lines(row: BlockedRow) -> list[str]:
    return Evidence.from_json(row.sides).lines() if row.sides else []


def _blocked_data(row: BlockedRow) -> dict[str, Any]:
    data = {"key": row.key, "action": row.action, "reason": row.reason}
    return data | ({"evidence": json.loads(row.sides)} if row.sides else {})


def _user_lines(file: PlanFile, users: int) -> list[str]:
    """Nobody but a person can say whether these are users."""
    inferred = [f"  {user.owner!r}: {', '.join(user.shown_by)}" for user in inferred_users(file, SHOWN)]
    if not inferred:
        return []
    lines = ["", "Taken for users, by the names that show it; fewest names first:", *inferred]
    return lines + ([f"  and {users - SHOWN:,} more"] if users > SHOWN else [])


def _area_lines(totals: Iterable[Any]) -> list[list[str]]:
    return [[total.area, total.action, f"{total.objects:,}", size(total.bytes)] for total in totals]
