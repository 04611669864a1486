"""What `copy --follow` tells: a line a pass, and at its end how both sides stand."""

import json
import time
from dataclasses import asdict

from layout import program
from layout.console import Result, say
from layout.exit_status import ExitStatus
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.totals import blocked_rows, count_there
from layout.migrate.report.amounts import size
from layout.migrate.report.pass_report import PassReport
from layout.migrate.report.reasons import KEPT
from layout.migrate.report.show.text import SHOWN, reason_lines

__all__ = ["Passes", "looked"]


class Passes:
    """Tells each pass when it has ended.

    Args:
        plan: What is followed.
        as_json: A pass is an object on a line of its own instead of a sentence.
    """

    def __init__(self, plan: PlanFile, *, as_json: bool) -> None:
        self._plan = plan
        self._as_json = as_json
        self._began = time.monotonic()
        self._last = PassReport(0)
        self._undecided = 0
        self._totals = {"copied": 0, "bytes": 0, "removed": 0}

    def told(self, report: PassReport) -> None:
        """Says what a pass found and did; objects that wait for a person are named when their number has changed."""
        self._last = report
        done = {"copied": report.copy.copied, "bytes": report.copy.bytes, "removed": report.removed}
        self._totals = {name: total + done[name] for name, total in self._totals.items()}
        if self._as_json:
            say(json.dumps(_pass_data(report)))
            return
        say(_pass_line(report))
        for line in reason_lines("failed", report.copy.errors):
            say(line)
        if report.undecided != self._undecided:
            self._undecided = report.undecided
            for line in _undecided_lines(self._plan, report):
                say(line)

    def result(self) -> Result:
        """How both sides stand after the last pass."""
        last, seconds = self._last, time.monotonic() - self._began
        there = count_there(self._plan)
        data = {
            "executed": True,
            "equal": last.equal,
            "passes": last.number,
            "seconds": round(seconds, 3),
            **self._totals,
            "there": there,
            "left": last.left,
            "undecided": [asdict(row) for row in blocked_rows(self._plan, KEPT)],
            "undecided_total": last.undecided,
            "kept": asdict(last.kept),
            "users": asdict(last.copy.users),
            "errors": asdict(last.copy.errors),
        }
        done = (
            f"copied {self._totals['copied']:,} objects, {size(self._totals['bytes'])};"
            f" removed {self._totals['removed']:,} copies."
        )
        if last.equal:
            verify = program.command("migrate", "verify", "--plan", self._plan.path, "--verdict", "FILE")
            lines = [
                f"Both sides agree after {last.number:,} passes, {seconds:.1f} s: {done}",
                f"Next: {verify}",
            ]
            return Result(ExitStatus.DONE, lines, data, one_line=True)
        lines = [f"Both sides do not agree after {last.number:,} passes, {seconds:.1f} s: {done}"]
        lines += _undecided_lines(self._plan, last)
        lines += reason_lines("of these users nothing is copied", last.copy.users)
        lines += reason_lines("are gone from the old side, and stay at their new keys", last.kept)
        lines += reason_lines("failed", last.copy.errors)
        if last.left:
            lines.append(f"{last.left:,} objects are not copied. Old keys are untouched.")
        status = ExitStatus.ERROR if last.copy.errors else ExitStatus.DIFFERENCES
        return Result(status, lines, data, one_line=True)


def looked(plan: PlanFile, report: PassReport) -> Result:
    """The answer of `copy --follow` without `--execute`."""
    lines = [
        f"Looked at {report.looked_at:,} old objects in {report.seconds:.1f} s: {_behind(report)}.",
        f"{report.written:,} were written and {report.gone:,} are gone since the plan knew them.",
        *_undecided_lines(plan, report),
        "Nothing was copied. Run again with --execute to follow the old side; old keys stay.",
    ]
    return Result(ExitStatus.DONE, lines, {"executed": False, **_pass_data(report)})


def _pass_line(report: PassReport) -> str:
    head = f"Pass {report.number}: {report.looked_at:,} old objects in {report.seconds:.1f} s"
    if report.failure:
        return f"{head}, not to the end: {report.failure}"
    again = f", {report.copy.changed.total:,} not as listed any more" if report.copy.changed else ""
    undecided = f" {report.undecided:,} wait for a person." if report.undecided else ""
    return (
        f"{head}, {_behind(report)}; copied {report.copy.copied:,}, removed {report.removed:,}{again}."
        f" {report.left:,} left.{undecided}"
    )


def _behind(report: PassReport) -> str:
    behind = report.behind
    if not behind.objects:
        return "nothing behind"
    oldest = "" if behind.oldest_seconds is None else f", the oldest {_span(behind.oldest_seconds)} ago"
    return f"behind by {behind.objects:,} objects, {size(behind.bytes)}{oldest}"


def _span(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _undecided_lines(plan: PlanFile, report: PassReport) -> list[str]:
    if not report.undecided:
        return []
    lines = [f"{report.undecided:,} objects wait for a person:"]
    lines += [f"  {row.action:9} {row.key!r}: {row.reason}" for row in blocked_rows(plan, SHOWN)]
    return lines + ([f"  and {report.undecided - SHOWN:,} more"] if report.undecided > SHOWN else [])


def _pass_data(report: PassReport) -> dict[str, object]:
    return {
        "pass": report.number,
        "seconds": round(report.seconds, 3),
        "looked_at": report.looked_at,
        "written": report.written,
        "gone": report.gone,
        "behind": asdict(report.behind),
        "copied": report.copy.copied,
        "bytes": report.copy.bytes,
        "removed": report.removed,
        "changed": report.copy.changed.total,
        "errors": asdict(report.copy.errors),
        "left": report.left,
        "undecided": report.undecided,
        "kept": asdict(report.kept),
        "failure": report.failure,
        "equal": report.equal,
    }
