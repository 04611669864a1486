"""A life as a table: what may happen to a thing, in which states, and which state it has afterwards."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Life", "Move"]

EventT = TypeVar("EventT", bound=enum.StrEnum)
StateT = TypeVar("StateT", bound=enum.StrEnum)


@dataclass(frozen=True, slots=True)
class Move(Generic[EventT, StateT]):
    """One arrow: an event, the states before and after it, and when that happens in life."""

    event: EventT
    before: StateT
    after: StateT
    when: str


class Life(Generic[EventT, StateT]):
    """All moves of one kind of thing.

    Args:
        moves: The arrows.
    """

    def __init__(self, moves: tuple[Move[EventT, StateT], ...]) -> None:
        self._moves = moves
        self._after: dict[EventT, dict[StateT, StateT]] = {}
        for move in moves:
            self._after.setdefault(move.event, {})[move.before] = move.after

    def states_before(self, event: EventT) -> Mapping[StateT, StateT]:
        """The states in which an event may happen, each with the state after it."""
        return self._after[event]

    def markdown(self) -> str:
        """The table, a line for each move."""
        lines = ["| state | event | state after | when |", "|---|---|---|---|"]
        for move in self._moves:
            after = "" if move.after is move.before else f"`{move.after}`"
            lines.append(f"| `{move.before}` | {move.event} | {after} | {move.when} |")
        return "\n".join(lines) + "\n"
