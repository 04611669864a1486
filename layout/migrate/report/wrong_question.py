"""Answers that are no answers: of nothing, or of none of what was asked for, the question is to be looked at again.

A bucket of another account, a layout of another application, and an environment that nobody moves into all look
like a migration that has nothing left to do.
"""

from layout import program
from layout.errors import LayoutError, PlanError, VerificationError
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.moves import State
from layout.migrate.plan.totals import count_to_move, state_totals
from layout.migrate.report.verdict import Verdict

__all__ = ["nothing_found", "nothing_planned"]


def nothing_planned(plan: PlanFile) -> LayoutError | None:
    """What is odd about a plan of an empty bucket, or of one in which the layout knows not a single object."""
    bucket, layout, totals = plan.meta.bucket, plan.meta.layout, state_totals(plan)
    objects = sum(totals.values())
    if not objects:
        return PlanError(
            f"The bucket {bucket!r} is empty, so nothing was planned.",
            hint="Check R2_BUCKET and R2_ENDPOINT. An empty bucket needs no migration: an application may start on it.",
            bucket=bucket,
        )
    if totals[State.UNKNOWN] == objects:
        return PlanError(
            f"Not one of the {objects:,} objects of the bucket {bucket!r} is known to the layout {layout}.",
            hint="Check R2_BUCKET and the name of the layout; this shows what each layout finds:"
            f" {program.command('migrate', 'list')}",
            bucket=bucket,
        )
    return None


def nothing_found(plan: PlanFile, verdict: Verdict) -> LayoutError | None:
    """What is odd about a verification that met not a single object at its new key."""
    wanted = count_to_move(plan)
    if not wanted or verdict.compared or verdict.counts["!"] or verdict.counts["+"] < wanted:
        return None
    return VerificationError(
        f"Not one of the {wanted:,} new keys has an object in the bucket {verdict.bucket!r}.",
        hint="Copy first, or check R2_BUCKET and the plan:"
        f" {program.command('migrate', 'copy', '--plan', plan.path, '--execute')}",
        bucket=verdict.bucket,
    )
