"""What `references` answers, and what other commands add about documents."""

from dataclasses import asdict, replace
from typing import Any

from layout import program
from layout.console import Result
from layout.errors import PlanError
from layout.exit_status import ExitStatus
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.reference_rows import count_unreferenced, reference_totals
from layout.migrate.plan.reference_states import ReferenceState
from layout.migrate.plan.totals import count_to_move
from layout.migrate.report.reasons import Reasons
from layout.migrate.report.show.text import reason_lines

__all__ = ["references_left", "rewritten", "with_references", "with_restored"]

_MEANING = {
    ReferenceState.REWRITE: "name objects that move, and are to get their new keys",
    ReferenceState.WRITTEN: "have their new keys by this plan",
    ReferenceState.RESTORED: "have their old values again",
    ReferenceState.LEFT: "have another value than this plan wrote",
    ReferenceState.THERE: "name new keys already",
    ReferenceState.STAYS: "name objects that stay where they are",
    ReferenceState.EXTERNAL: "are URLs of other sites",
    ReferenceState.DANGLING: "name nothing that is in the bucket",
    ReferenceState.SEVERAL: "fit several objects, of which none is chosen",
    ReferenceState.FOUND: "were not looked up",
    ReferenceState.GONE: "are no more",
}
_OPEN = (ReferenceState.REWRITE, ReferenceState.SEVERAL, ReferenceState.FOUND)


def _lines(plan: PlanFile) -> list[str]:
    totals = reference_totals(plan)
    lines = [f"References in the database {plan.meta.documents!r}: {sum(totals.values()):,}"]
    lines += [f"  {totals[state]:,} {words}" for state, words in _MEANING.items() if totals[state]]
    return [
        *lines,
        f"  {count_unreferenced(plan):,} of {count_to_move(plan):,} objects that move are named by none.",
    ]


def _data(plan: PlanFile) -> dict[str, Any]:
    totals = {str(state): number for state, number in reference_totals(plan).items()}
    return {"references": totals, "unreferenced": count_unreferenced(plan)}


def with_references(plan: PlanFile, result: Result) -> Result:
    """The answer of `plan` with both directions; all of either on one side is no answer."""
    if plan.meta.documents is None:
        return result
    lines, data = [*result.lines, "", *_lines(plan)], {**result.data, **_data(plan)}
    trouble = result.trouble or _wrong_question(plan)
    status = ExitStatus.ERROR if trouble else result.status
    return replace(result, lines=lines, data=data, trouble=trouble, status=status)


def _wrong_question(plan: PlanFile) -> PlanError | None:
    totals, objects = reference_totals(plan), count_to_move(plan)
    found = sum(totals.values()) - totals[ReferenceState.EXTERNAL]
    hint = "Check the address of MongoDB, --database and R2_BUCKET: do they belong together?"
    if found and totals[ReferenceState.DANGLING] == found:
        return PlanError(
            f"Not one of the {found:,} references names an object of {plan.meta.bucket!r}.", hint=hint
        )
    if objects and count_unreferenced(plan) >= objects:
        return PlanError(f"Not one of the {objects:,} objects that move is named by a document.", hint=hint)
    return None


def references_left(plan: PlanFile) -> Result:
    """The answer of a dry run, by what the plan knows."""
    lines = [*_lines(plan), "Nothing was written. Run again with --execute."]
    totals = reference_totals(plan)
    status = ExitStatus.DIFFERENCES if totals[ReferenceState.SEVERAL] else ExitStatus.DONE
    return Result(status, lines, {"executed": False, **_data(plan)})


def rewritten(plan: PlanFile, written: int, changed: Reasons) -> Result:
    """The answer of `references --execute`."""
    totals = reference_totals(plan)
    lines = [f"Wrote {written:,} references.", *_lines(plan)]
    lines += reason_lines("were left, since somebody wrote them meanwhile", changed)
    if totals[ReferenceState.REWRITE]:
        verify = program.command("migrate", "verify", "--plan", plan.path, "--verdict", "FILE")
        lines.append(f"Those that are left wait for their objects: {verify}. Then run the command again.")
    left = changed or any(totals[state] for state in _OPEN)
    data = {"executed": True, "written": written, "changed": asdict(changed), **_data(plan)}
    return Result(ExitStatus.DIFFERENCES if left else ExitStatus.DONE, lines, data)


def with_restored(result: Result, restored: int, changed: Reasons) -> Result:
    """The answer of `rollback` with what it did to documents."""
    lines = [*result.lines, f"Restored {restored:,} references."]
    lines += reason_lines("were left, since somebody wrote them since", changed)
    data = {**result.data, "restored": restored, "references_left": asdict(changed)}
    status = result.status or (ExitStatus.DIFFERENCES if changed else ExitStatus.DONE)
    return replace(result, lines=lines, data=data, status=status)
