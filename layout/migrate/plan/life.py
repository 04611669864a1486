"""The life of a plan's rows.

Statements are built from the moves and guard each by the states before, so what is not in the table cannot happen.
"""

import enum
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from layout.errors import PlanError
from layout.life import Life, Move

if TYPE_CHECKING:
    from layout.migrate.plan.file import PlanFile

__all__ = ["PlanLife", "words"]

EventT = TypeVar("EventT", bound=enum.StrEnum)
StateT = TypeVar("StateT", bound=enum.StrEnum)


def words(values: type[enum.StrEnum] | tuple[enum.StrEnum, ...]) -> str:
    """A list for SQL's `IN`."""
    return ", ".join(f"'{value}'" for value in values)


class PlanLife(Life[EventT, StateT]):
    """All moves of the rows of one table of a plan, and the statements that make them.

    Args:
        table: The table, which has the columns `id` and `state`.
        moves: The arrows.
        way_out: What to do about a row that is in another state than a run has read.
    """

    def __init__(self, table: str, moves: tuple[Move[EventT, StateT], ...], way_out: str) -> None:
        super().__init__(moves)
        self._table = table
        self._way_out = way_out
        self._statements: dict[tuple[EventT, tuple[str, ...]], str] = {}

    def new_state(self, event: EventT) -> str:
        """The assignment of the state after an event, for SQL's `SET`."""
        arrows = " ".join(
            f"WHEN '{before}' THEN '{after}'" for before, after in self.states_before(event).items()
        )
        return f"state = CASE {self._table}.state {arrows} END"

    def guard(self, event: EventT) -> str:
        """The condition that an event may happen, for SQL's `WHERE`."""
        return f"{self._table}.state IN ({words(tuple(self.states_before(event)))})"

    def move(self, plan: "PlanFile", event: EventT, row: int, key: str, facts: Mapping[str, object]) -> None:
        """Notes what happened to a row, with the columns that it changes besides.

        Raises:
            PlanError: The row is in another state than the event wants.
        """
        changed = plan.database.execute(self._statement(event, tuple(facts)), (*facts.values(), row))
        if changed.rowcount != 1:
            raise self.another_state(plan, event, repr(key), "the object is")

    def _statement(self, event: EventT, names: tuple[str, ...]) -> str:
        """Made once: rows come by the million, and building it costs more than running it."""
        if (event, names) not in self._statements:
            columns = "".join(f", {name} = ?" for name in names)
            self._statements[event, names] = (
                f"UPDATE {self._table} SET {self.new_state(event)}{columns} WHERE id = ? AND {self.guard(event)}"
            )
        return self._statements[event, names]

    def another_state(self, plan: "PlanFile", event: EventT, what: str, which: str) -> PlanError:
        """The error that an event cannot be noted of something."""
        return PlanError(
            f"The plan {str(plan.path)!r} cannot note {event.value!r} of {what}:"
            f" {which} in another state than this run has read.",
            hint=self._way_out,
        )
