"""What the commands about a local tree answer."""

from dataclasses import asdict, replace
from pathlib import Path

from layout import program
from layout.console import Result
from layout.errors import PlanError
from layout.exit_status import ExitStatus
from layout.migrate.local.copying import LocalCopyReport
from layout.migrate.local.deleting import RemovalReport
from layout.migrate.local.planning import sync_markers
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.totals import count_objects, count_there, left_to_copy
from layout.migrate.report import show
from layout.migrate.report.amounts import size
from layout.migrate.report.reasons import Reasons
from layout.migrate.report.show.text import SHOWN, reason_lines
from layout.migrate.report.verdict import SIGNS, Verdict

__all__ = ["copied", "deleted", "planned", "planned_copy", "taken_back", "verified"]


def planned(file: PlanFile, *, made: bool) -> Result:
    """The answer of `local plan`."""
    meta, markers = file.meta, sync_markers(file)
    result = show.plan(file, made=made, uploads=Reasons())
    head = f"Plan: layout {meta.layout}, local files in {meta.bucket!r}, environment {meta.environment.value}"
    lines = [head, *result.lines[1:]]
    if markers:
        lines += [
            "",
            f"{len(markers):,} markers say that changes are not in the bucket yet, or conflict with it:",
        ]
        lines += [f"  {path!r}" for path in markers[:SHOWN]]
        lines += [f"  and {len(markers) - SHOWN:,} more"] if len(markers) > SHOWN else []
        lines.append("They stay where they are, which is their place in the new layout too.")
    trouble = None
    if result.trouble is not None:
        known = (
            "Not one of the {:,} files in {!r} is known to the layout {}."
            if count_objects(file)
            else ("The folder {1!r} holds no file, so nothing was planned.")
        )
        trouble = PlanError(
            known.format(count_objects(file), meta.bucket, meta.layout),
            hint="Check --root: it is the folder that holds a folder for each user.",
        )
    return replace(result, lines=lines, data=result.data | {"sync_markers": markers}, trouble=trouble)


def planned_copy(file: PlanFile) -> Result:
    """The answer of `local copy` without `--execute`."""
    files, left = left_to_copy(file)
    there = count_there(file)
    data = {"executed": False, "to_copy": files, "to_copy_bytes": left, "before": there}
    if not files:
        return Result(ExitStatus.DONE, [f"Nothing to do: all {there:,} files have their new names."], data)
    lines = [
        f"Would give {files:,} files, {size(left)}, their new names; {there:,} have them already.",
        "Databases, and what cannot be linked, would be copied.",
        "Nothing was changed. Run again with --execute; old names stay.",
    ]
    return Result(ExitStatus.DONE, lines, data)


def copied(file: PlanFile, report: LocalCopyReport) -> Result:
    """The answer of `local copy --execute`."""
    data = {"executed": True, **asdict(report)}
    if report.complete and not (report.linked or report.copied):
        line = f"Nothing to do: all {report.before:,} files have their new names."
        return Result(ExitStatus.DONE, [line], data)
    done = f"Linked {report.linked:,} files and copied {report.copied:,}, {size(report.bytes)}"
    lines = [f"{done}; {report.before:,} were there before."]
    lines += reason_lines("of these users nothing was moved", report.users)
    lines += reason_lines("failed", report.errors)
    if report.complete:
        verify = program.command("migrate", "verify", "--plan", file.path, "--verdict", "FILE")
        return Result(ExitStatus.DONE, [*lines, f"Next: {verify}"], data)
    if report.stopped:
        lines.append(f"The run ended early: {report.stopped}.")
    lines.append(f"{report.left:,} files do not have their new names. Old names are untouched.")
    return Result(ExitStatus.ERROR if report.errors else ExitStatus.DIFFERENCES, lines, data)


def verified(found: Verdict, path: Path) -> Result:
    """The answer of `local verify`, with the signs of the bucket's."""
    lines = [
        f"  {problem.sign} {f'{problem.key!r}: ' if problem.key else ''}{problem.reason}"
        for problem in found.problems[:SHOWN]
    ]
    if found.problems_total > SHOWN:
        lines.append(f"  and {found.problems_total - SHOWN:,} more")
    lines += [
        f"  {sign} {found.counts[sign]:>9,}  {meaning}" for sign, meaning in SIGNS.items() if sign != ">"
    ]
    data = {"verdict": str(path), **found.model_dump(mode="json")}
    if not found.ok:
        lines.append(f"Not verified: {found.problems_total:,} problems. Verdict: {path}")
        return Result(ExitStatus.DIFFERENCES, lines, data)
    how = "; copies were read again" if found.deep else ""
    lines.append(
        f"Verified: {found.counts['=']:,} files, {size(found.bytes)}, are the same at their new paths{how}."
        f" Verdict: {path}"
    )
    return Result(ExitStatus.DONE, lines, data)


def deleted(report: RemovalReport, *, executed: bool) -> Result:
    """The answer of `local delete`."""
    return _removed(report, "old names", "Deleted" if executed else "Would delete", executed=executed)


def taken_back(report: RemovalReport, *, executed: bool) -> Result:
    """The answer of `local rollback`."""
    return _removed(report, "new names", "Took back" if executed else "Would take back", executed=executed)


def _removed(report: RemovalReport, names: str, verb: str, *, executed: bool) -> Result:
    data = {"executed": executed, **asdict(report)}
    lines = [f"{verb} {report.removed:,} {names}, {size(report.bytes)}; {report.before:,} were gone before."]
    if report.folders:
        lines.append(f"{report.folders:,} empty folders are gone.")
    if report.found:
        lines.append(f"{report.found:,} new names stay: this plan found them, or something else gave them.")
    lines += reason_lines("kept", report.kept)
    if not executed:
        lines.append("Nothing was changed. Run again with --execute.")
    return Result(ExitStatus.DIFFERENCES if report.kept else ExitStatus.DONE, lines, data)
