"""What `delete` answers."""

from dataclasses import asdict
from datetime import timedelta

from layout.console import Result
from layout.exit_status import ExitStatus
from layout.migrate.deleting import DeleteReport
from layout.migrate.report.amounts import size
from layout.migrate.report.reasons import Reasons
from layout.migrate.report.show.text import reason_lines, upload_lines

__all__ = ["deleted"]


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
    lines += reason_lines("kept", report.refused)
    lines += reason_lines("not deleted by the bucket", report.errors)
    lines += reason_lines("left at old keys", report.left)
    lines += upload_lines(uploads)
    if report.way == "small batch":
        lines.append(
            "This store deletes without a condition, so objects went fifty at a time, each time after a look. What was"
            " written between a look and its delete is lost: at such a store, stop the writers."
        )
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
