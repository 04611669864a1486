"""What `copy` answers."""

from dataclasses import asdict

from layout import program
from layout.console import Result
from layout.exit_status import ExitStatus
from layout.keys import environment_prefix
from layout.migrate.copying import CopyReport
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.schema import UserState
from layout.migrate.plan.totals import count_there, count_users, left_to_copy
from layout.migrate.report.amounts import size
from layout.migrate.report.show.text import reason_lines

__all__ = ["copied", "planned_copy"]


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
    lines += reason_lines("of these users nothing was copied", report.users)
    lines += reason_lines("not copied, since they are not as planned", report.changed)
    lines += reason_lines("failed", report.errors)
    if report.complete:
        verify = program.command("migrate", "verify", "--plan", file.path, "--verdict", "FILE")
        lines.append(f"Next: {verify}")
        return Result(ExitStatus.DONE, lines, data)
    lines.append(f"{report.left:,} objects are not copied. Old keys are untouched.")
    return Result(ExitStatus.ERROR if report.errors else ExitStatus.DIFFERENCES, lines, data)
