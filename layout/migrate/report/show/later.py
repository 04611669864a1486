"""What commands say of the objects that wait for another plan, since this one is of other users."""

from dataclasses import replace

from layout.console import Result
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.filtering import kept_filter
from layout.migrate.plan.moves import State
from layout.migrate.plan.totals import state_totals

__all__ = ["later_lines", "with_later"]


def later_lines(plan: PlanFile) -> list[str]:
    """One line, or none if the plan is of all users."""
    users = kept_filter(plan)
    count = state_totals(plan)[State.LATER]
    return [f"{count:,} objects wait for another plan: this one is of {users.told}."] if users else []


def with_later(plan: PlanFile, result: Result) -> Result:
    """An answer, and how many objects wait."""
    data = result.data | {"later": state_totals(plan)[State.LATER]}
    return replace(result, lines=[*result.lines, *later_lines(plan)], data=data)
