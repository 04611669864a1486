"""What `rollback` answers."""

from dataclasses import asdict
from datetime import timedelta

from layout import program
from layout.console import Result
from layout.exit_status import ExitStatus
from layout.keys import marker_key
from layout.migrate.plan.file import PlanFile
from layout.migrate.removing import RemovalReport
from layout.migrate.report.amounts import size
from layout.migrate.report.show.text import reason_lines
from layout.migrate.rolling_back import RollbackReport

__all__ = ["removed", "rolled_back"]


def rolled_back(plan: PlanFile, report: RollbackReport, *, executed: bool) -> Result:
    """The answer of `rollback`."""
    data = {"executed": executed, **asdict(report)}
    key = str(marker_key(environment=plan.meta.environment))
    lines = []
    if executed and report.marker:
        lines.append(f"The marker {key} says that the migration was rolled back.")
    verb = "Copied back" if executed else "Would copy back"
    lines.append(
        f"{verb} {report.returned:,} objects, {size(report.bytes)};"
        f" {report.there:,} are at their old keys already."
    )
    if report.older:
        lines.append(f"{report.older:,} objects were in the new layout before this plan was made, and stay.")
    lines += reason_lines("were deleted at their new keys since", report.gone)
    lines += reason_lines("stay at their new keys, for want of an old one", report.no_place)
    lines += reason_lines("stay at their new keys, since another object is at the old one", report.refused)
    lines += reason_lines("not copied back", report.errors)
    left = report.errors or report.refused or report.no_place
    if not executed:
        lines.append("Nothing was written. Stop the application, then run again with --execute.")
        return Result(ExitStatus.DIFFERENCES if left else ExitStatus.DONE, lines, data)
    if report.errors:
        lines.append("Run the command again for the rest. New keys are untouched.")
        return Result(ExitStatus.ERROR, lines, data)
    command = ("migrate", "rollback", "--plan", plan.path, "--delete-new", "--bucket", plan.meta.bucket)
    lines.append(f"Verified: {report.verified:,} objects are the same at both keys. New keys are untouched.")
    lines.append(f"The old application may start. Once it runs: {program.command(*command, '--execute')}")
    return Result(ExitStatus.DIFFERENCES if left else ExitStatus.DONE, lines, data)


def removed(report: RemovalReport, *, executed: bool, min_age: timedelta) -> Result:
    """The answer of `rollback --delete-new`."""
    data = {"executed": executed, **asdict(report)}
    verb = "Removed" if executed else "Would remove"
    lines = [
        f"{verb} {report.removed:,} new objects, {size(report.bytes)}; {report.before:,} were gone before.",
        f"{verb} the profile files of {report.profiles:,} users.",
    ]
    if report.young:
        lines.append(f"{report.young:,} objects were kept: they were copied back less than {min_age} ago.")
    lines += reason_lines("kept", report.kept)
    lines += reason_lines("not deleted by the bucket", report.errors)
    if not executed:
        lines.append("Nothing was removed. Run again with --execute.")
    status = ExitStatus.DIFFERENCES if report.kept or report.young else ExitStatus.DONE
    return Result(ExitStatus.ERROR if report.errors else status, lines, data)
