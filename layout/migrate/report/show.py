"""Results as text for people and as data for machines."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from layout import program
from layout.console import Result
from layout.environment import Environment
from layout.exit_status import ExitStatus
from layout.keys import environment_prefix, marker_key
from layout.migrate.copying import CopyReport
from layout.migrate.deleting import DeleteReport
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.inferred_users import inferred_users
from layout.migrate.plan.schema import UserState
from layout.migrate.plan.totals import (
    area_totals,
    blocked_rows,
    count_blocked,
    count_other_classes,
    count_there,
    count_users,
    left_to_copy,
)
from layout.migrate.report.reasons import KEPT, Reasons
from layout.migrate.report.verdict import SIGNS, Problem, Verdict
from layout.migrate.rules.showing import rule_data, rule_lines
from layout.migrate.survey import LayoutState

__all__ = ["copied", "deleted", "marked", "plan", "planned_copy", "size", "states", "verdict"]

SHOWN = 50


def size(count: int) -> str:
    """Bytes for people: `3.1 GiB`."""
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{count} B" if unit == "B" else f"{value:,.1f} {unit}"


def states(
    bucket: str, environment: Environment, found: list[LayoutState], *, with_rules: bool = False
) -> Result:
    """The answer of `list`."""
    lines = [f"Migrations for the bucket {bucket!r}, environment {environment.value}:"]
    for state in found:
        lines += [
            f"  {state.name}: {state.description}",
            f"    to move: {state.objects:,} objects of {state.users:,} users and games, {size(state.bytes)}",
            f"    kept:    {state.kept:,} objects that are in the new layout already",
            *(
                [f"    ignored: {state.ignored:,} objects that a rule leaves where they are"]
                if with_rules
                else []
            ),
            f"    unknown: {state.unknown:,} objects that no rule places",
            f"    marker:  {'there' if state.marked else 'not there'}",
        ]
    data = {"bucket": bucket, "environment": environment, "migrations": [asdict(state) for state in found]}
    return Result(ExitStatus.DONE, lines, data)


def plan(file: PlanFile, *, made: bool, uploads: Reasons) -> Result:
    """The answer of `plan`: a table per area, then what stops the copy."""
    meta, totals, blocked = file.meta, area_totals(file), count_blocked(file)
    users = count_users(file)
    head = (
        f"Plan: layout {meta.layout} into {meta.environment.value}/, bucket {meta.bucket!r}, {users:,} users"
    )
    lines = [head, *_table(["area", "action", "objects", "bytes"], _area_lines(totals))]
    objects = sum(total.objects for total in totals)
    lines.append(f"  {objects:,} objects in all, {size(sum(total.bytes for total in totals))}.")
    lines += _user_lines(file, users)
    if meta.read_objects:
        lines.append(
            f"  To compare {meta.read_objects:,} pairs, {size(meta.read_bytes)} of bodies were read."
        )
    if others := count_other_classes(file):
        lines.append(
            f"  {others:,} objects are of another storage class than STANDARD; copies are asked for it."
        )
    lines += rule_lines(file)
    if blocked:
        lines += ["", f"{blocked:,} objects stop the copy:"]
        lines += [f"  {row.action:9} {row.key!r}: {row.reason}" for row in blocked_rows(file, SHOWN)]
        lines += [f"  and {blocked - SHOWN:,} more"] if blocked > SHOWN else []
    lines += _upload_lines(uploads)
    if not made:
        lines += ["", f"The plan {str(file.path)!r} was finished before; nothing was done."]
    elif not blocked:
        lines += ["", f"Nothing was copied. Next: {program.command('migrate', 'copy', '--plan', file.path)}"]
    data = {
        "made": made,
        "plan": str(file.path),
        **meta.model_dump(mode="json"),
        "users": users,
        "inferred_users": [asdict(user) for user in inferred_users(file, KEPT)],
        "areas": [asdict(total) for total in totals],
        "blocked": [asdict(row) for row in blocked_rows(file, KEPT)],
        "blocked_total": blocked,
        "open_uploads": asdict(uploads),
        **rule_data(file),
    }
    return Result(ExitStatus.DIFFERENCES if blocked else ExitStatus.DONE, lines, data)


def planned_copy(file: PlanFile) -> Result:
    """The answer of `copy` without `--execute`."""
    objects, bytes_left = left_to_copy(file)
    users, there = count_users(file, UserState.PLANNED), count_there(file)
    data = {
        "executed": False,
        "copied": 0,
        "before": there,
        "to_copy": objects,
        "to_copy_bytes": bytes_left,
        "to_write_users": users,
    }
    if not objects and not users:
        return Result(ExitStatus.DONE, [f"Nothing to copy: all {there:,} objects were copied before."], data)
    prefix = environment_prefix(environment=file.meta.environment)
    lines = [
        f"Would write the profile files of {users:,} users.",
        f"Would copy {objects:,} objects, {size(bytes_left)}; {there:,} are there already.",
        f"Nothing was copied. Run again with --execute to copy into {prefix}; old keys stay.",
    ]
    return Result(ExitStatus.DONE, lines, data)


def copied(file: PlanFile, report: CopyReport) -> Result:
    """The answer of `copy --execute`."""
    data = {"executed": True, **asdict(report)}
    if report.complete and not report.copied:
        return Result(
            ExitStatus.DONE, [f"Nothing to copy: all {report.before:,} objects were copied before."], data
        )
    lines = [f"Copied {report.copied:,} objects, {size(report.bytes)}; {report.before:,} were there before."]
    lines += _reasons("of these users nothing was copied", report.users)
    lines += _reasons("not copied, since they are not as planned", report.changed)
    lines += _reasons("failed", report.errors)
    if report.complete:
        verify = program.command("migrate", "verify", "--plan", file.path, "--verdict", "FILE")
        lines.append(f"Next: {verify}")
        return Result(ExitStatus.DONE, lines, data)
    lines.append(f"{report.left:,} objects are not copied. Old keys are untouched.")
    return Result(ExitStatus.ERROR if report.errors else ExitStatus.DIFFERENCES, lines, data)


def verdict(found: Verdict, path: Path, uploads: Reasons) -> Result:
    """The answer of `verify`, with rclone's signs."""
    lines = [f"  {problem.sign} {_about(problem)}{problem.reason}" for problem in found.problems[:SHOWN]]
    if found.problems_total > SHOWN:
        lines.append(f"  and {found.problems_total - SHOWN:,} more")
    lines += [f"  {sign} {found.counts[sign]:>9,}  {meaning}" for sign, meaning in SIGNS.items()]
    lines += _upload_lines(uploads)
    if found.other_class:
        lines.append(f"{found.other_class:,} new objects are of another storage class than the old ones.")
    how = "size, ETag and SHA-256 of the bodies" if found.deep else "size and ETag"
    if found.ok:
        lines.append(
            f"Verified: {found.counts['=']:,} objects, {size(found.bytes)}, are equal by {how};"
            f" the profile files of {found.users:,} users are right. Verdict: {path}"
        )
    else:
        lines.append(f"Not verified: {found.problems_total:,} problems. Verdict: {path}")
    return Result(
        ExitStatus.DONE if found.ok else ExitStatus.DIFFERENCES,
        lines,
        {"verdict": str(path), **found.model_dump(mode="json"), "open_uploads": asdict(uploads)},
    )


def _about(problem: Problem) -> str:
    """The key that a problem is about, and nothing of one that is about a user or the whole plan."""
    key = problem.new_key or problem.key
    return f"{key!r}: " if key else ""


def marked(environment: Environment, *, there: bool, executed: bool) -> Result:
    """The answer of `mark`."""
    key = str(marker_key(environment=environment))
    data = {"executed": executed, "key": key, "written": executed and not there}
    if there:
        return Result(ExitStatus.DONE, [f"Nothing to do: the marker {key} was there before."], data)
    if executed:
        return Result(ExitStatus.DONE, [f"Wrote the marker {key}."], data)
    return Result(
        ExitStatus.DONE,
        [f"Would write the marker {key}.", "Nothing was written. Run again with --execute."],
        data,
    )


def deleted(report: DeleteReport, *, executed: bool, min_age: timedelta, uploads: Reasons) -> Result:
    """The answer of `delete`."""
    data = {"executed": executed, **asdict(report), "open_uploads": asdict(uploads)}
    troubles = report.refused or report.errors or report.left
    lines: list[str] = []
    if report.deleted:
        verb = "Deleted" if executed else "Would delete"
        lines.append(
            f"{verb} {report.deleted:,} old objects, {size(report.bytes)};"
            f" {report.before:,} were gone before."
        )
    elif not (troubles or report.young):
        lines.append(f"Nothing to delete: {report.before:,} old objects were gone before.")
    if report.young:
        lines.append(f"{report.young:,} objects were kept: they were copied less than {min_age} ago.")
    lines += _reasons("kept", report.refused)
    lines += _reasons("not deleted by the bucket", report.errors)
    lines += _reasons("left at old keys", report.left)
    lines += _upload_lines(uploads)
    if not executed and report.deleted:
        lines.append("Nothing was deleted. Run again with --execute.")
    status = (
        ExitStatus.ERROR
        if report.errors
        else ExitStatus.DIFFERENCES
        if troubles or report.young
        else ExitStatus.DONE
    )
    return Result(status, lines, data)


def _upload_lines(uploads: Reasons) -> list[str]:
    """A hint only: most such uploads are never completed, and R2 ends them after seven days."""
    return _reasons("uploads to old keys are open, and their objects come when they are completed", uploads)


def _reasons(title: str, reasons: Reasons) -> list[str]:
    if not reasons:
        return []
    lines = [f"{reasons.total:,} {title}:"]
    lines += [f"  {key!r}: {reason}" for key, reason in islice(reasons.first.items(), SHOWN)]
    return lines + ([f"  and {reasons.total - SHOWN:,} more"] if reasons.total > SHOWN else [])


def _user_lines(file: PlanFile, users: int) -> list[str]:
    """Nobody but a person can say whether these are users."""
    if not users:
        return []
    lines = ["", "Taken for users, by the names that show it; fewest names first:"]
    lines += [f"  {user.owner!r}: {', '.join(user.shown_by)}" for user in inferred_users(file, SHOWN)]
    return lines + ([f"  and {users - SHOWN:,} more"] if users > SHOWN else [])


def _area_lines(totals: Iterable[Any]) -> list[list[str]]:
    return [[total.area, total.action, f"{total.objects:,}", size(total.bytes)] for total in totals]


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    """Columns as wide as their content, the last two aligned to the right."""
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if column >= len(heads) - 2 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [heads, *rows]
    ]
