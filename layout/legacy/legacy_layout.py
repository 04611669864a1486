"""What an old layout is: a name, and a mapping of its keys to the new layout and back.

A layout does not read the bucket. What it has to know besides the key comes from `Facts`, which the
migration gathers from its plan; so a mapping is a pure function and its tests are tables of keys.
"""

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from layout.environment import Environment
from layout.keys import Key

__all__ = ["Decision", "Facts", "LegacyLayout", "Phase", "Placement"]


class Decision(enum.StrEnum):
    """What is to become of one object."""

    MOVE = "move"
    """It belongs to the old layout and has a key in the new one."""
    KEEP = "keep"
    """It belongs to another layout or environment and stays where it is."""
    UNKNOWN = "unknown"
    """No rule says what it is. A person has to decide."""


class Phase(enum.IntEnum):
    """When an object is copied. A database names media files, so it never arrives before them."""

    MEDIA = 0
    DATABASE = 1


@dataclass(frozen=True)
class Facts:
    """What a mapping may ask for besides the key.

    Attributes:
        environment: The environment that the objects move into.
        profile_of: The profile that a user's objects go to, or None if this root segment is not a user's.
    """

    environment: Environment
    profile_of: Callable[[str], str | None]


@dataclass(frozen=True)
class Placement:
    """Where one object belongs.

    Attributes:
        decision: Move, keep or unknown.
        area: A short name for a group of keys, the same for every user: one row of the plan's table.
        rule: The name of the rule that decided; a plan keeps it.
        reason: Why the object does not move, in a form that can follow "because"; empty for a move.
        owner: Whose the object is: the owner reference; empty if no user owns it.
        new_key: The key in the new layout; only for a move.
        phase: When it is copied.
    """

    decision: Decision
    area: str
    rule: str
    reason: str = ""
    owner: str = ""
    new_key: Key | None = None
    phase: Phase = Phase.MEDIA


class LegacyLayout(ABC):
    """An old layout. Subclasses are frozen values without state."""

    name: ClassVar[str]
    description: ClassVar[str]

    @abstractmethod
    def user_shown_by(self, key: str) -> str | None:
        """The root segment that this key proves to be a user's, or None if it proves nothing."""

    @abstractmethod
    def place(self, key: str, facts: Facts) -> Placement:
        """Where the object at an old key belongs. Never raises for any key a bucket can hold."""

    @abstractmethod
    def old_key(self, new_key: Key, facts: Facts) -> str | None:
        """The old key of an object of the new layout, or None if the old layout had no place for it.

        The inverse of `place` up to Unicode normalisation: the new layout writes NFC.
        """
