"""Reasons by key, of which only the first are kept: a run over ten million objects may have as many."""

from dataclasses import dataclass, field

__all__ = ["Reasons"]

KEPT = 1_000


@dataclass
class Reasons:
    """Why something did not happen.

    Attributes:
        total: How many keys.
        first: The reasons of the first thousand, by key.
    """

    total: int = 0
    first: dict[str, str] = field(default_factory=dict)

    def add(self, key: str, reason: str) -> None:
        """Counts a key, and keeps its reason while there is room."""
        self.total += 1
        if len(self.first) < KEPT:
            self.first[key] = reason

    def __bool__(self) -> bool:
        return self.total > 0
