"""What an old layout is: a name, and a mapping of its keys to the new layout and back.

A layout does not read the bucket. What it has to know besides the key comes from `Facts`, which the
migration gathers from its plan; so a mapping is a pure function and its tests are tables of keys.

A mapping speaks of owners. An owner reference is a text that says whose an object is: the user's id as the
old layout writes it, in NFC, wherever in the key it stands. The plan's table of users is keyed by it.
"""

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from layout.environment import Environment
from layout.errors import InvalidKeyError
from layout.keys import Key, environment_prefix, parse_key
from layout.legacy.documents import NO_DOCUMENTS, Documents

__all__ = [
    "DATABASE_ENDINGS",
    "Decision",
    "Evidence",
    "Facts",
    "LegacyLayout",
    "Naming",
    "Phase",
    "Placement",
    "is_new_key",
    "move",
    "phase_of",
    "unknown",
]

ENVIRONMENT_PREFIXES = tuple(environment_prefix(environment=environment) for environment in Environment)
DATABASE_ENDINGS = (".sqlite", ".db")
"""Of the names of databases: by them they are moved last, synced, and written by nobody else."""
_BESIDE_DATABASES = ("", "-wal", "-shm", "-journal")
_DATABASE_SUFFIXES = (
    *(ending + beside for ending in DATABASE_ENDINGS for beside in _BESIDE_DATABASES),
    ".sqlite.pre-migration",
)


class Decision(enum.StrEnum):
    """What is to become of one object."""

    MOVE = "move"
    """It belongs to the old layout and has a key in the new one."""
    KEEP = "keep"
    """Its key is one of the new layout, and it stays where it is."""
    IGNORE = "ignore"
    """A person has decided that it stays where it is. No layout says this by itself."""
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
        profile_of: The profile that an owner's objects go to, or None if nothing shows that the owner is a user.
        mapped: User ids of the new layout by owner reference, for those owners who get another id there.
        documents: What documents say, for a layout whose keys do not say whose they are.
    """

    environment: Environment
    profile_of: Callable[[str], str | None]
    mapped: Mapping[str, str] = field(default_factory=dict)
    documents: Documents = NO_DOCUMENTS

    def user_of(self, owner: str) -> str:
        """The user id of an owner in the new layout."""
        return self.mapped.get(owner, owner)

    def owner_of_user(self, user_id: str) -> str:
        """The owner reference of a user id of the new layout."""
        return next((owner for owner, user in self.mapped.items() if user == user_id), user_id)


@dataclass(frozen=True)
class Evidence:
    """What a key shows: that its owner is a user.

    Attributes:
        owner: The owner reference.
        name: The name in the key that shows it, the same for every user: `database.sqlite`, `raw_clips/`.
    """

    owner: str
    name: str


@dataclass(frozen=True)
class Naming:
    """How documents speak of an object that they do not name by its whole key.

    Attributes:
        group: Whose file it is among the documents, such as the id of a scene; empty if its key does not say.
        name: The last segment of its key.
        role: Which of the group's files it is, such as `audio`; empty if its key does not say.
        renamed: The name that documents know was thrown away; only its extension is left.
    """

    group: str
    name: str
    role: str
    renamed: bool


@dataclass(frozen=True)
class Placement:
    """Where one object belongs.

    Attributes:
        decision: Move, keep, ignore or unknown.
        area: A short name for a group of keys, the same for every user: one row of the plan's table.
        rule: The name of the rule that decided; a plan keeps it.
        reason: Why the object does not move, in a form that can follow "because"; for a move empty, or why an
            operator wants it.
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

    @property
    def has_profiles(self) -> bool:
        """Whether objects of a user move into a profile, which the migration then chooses and registers."""
        return True

    def place(self, key: str, facts: Facts) -> Placement:
        """Where the object at a key belongs. Never raises for any key a bucket can hold.

        A key of the new layout is kept, whichever environment it is of; the old layout places all others.
        """
        if is_new_key(key):
            area = f"{key.partition('/')[0]}/"
            return Placement(Decision.KEEP, area, "new-layout", "it is in the new layout already")
        return self.place_old(key, facts)

    @abstractmethod
    def owner_of(self, key: str) -> str | None:
        """Whose the object is if there is such a user: the owner reference, in NFC.

        None if the object is nobody's, whatever else the bucket holds.
        """

    def user_of(self, owner: str) -> str:
        """The id that an owner gets in the new layout: their own, as far as the layout goes."""
        return owner

    @abstractmethod
    def evidence_in(self, key: str) -> Evidence | None:
        """What this key alone shows about its owner, or None if it shows nothing.

        The owner is that of `owner_of`. A bucket says nowhere who its users are; they are those that at least
        one key shows.
        """

    def naming_of(self, key: str) -> Naming | None:  # noqa: ARG002 - for layouts that documents name
        """How documents may name the object at a key besides by the key; None if they do not."""
        return None

    @abstractmethod
    def place_old(self, key: str, facts: Facts) -> Placement:
        """Where the object at a key that is none of the new layout belongs.

        The answer depends on the key, on the environment, and on the profile of the key's owner.
        """

    @abstractmethod
    def old_key(self, new_key: Key, facts: Facts) -> str | None:
        """The old key of an object of the new layout, or None if the old layout had no place for it.

        The inverse of `place` up to Unicode normalisation: the new layout writes NFC.
        """

    def old_prefix(self, new_prefix: str, facts: Facts) -> str | None:  # noqa: ARG002 - of those who know more
        """The old prefix under which lie the old objects of everything under a new one, in the order of their new keys.

        More may lie there. None if nothing of the old layout belongs under the new prefix. The prefix is one of
        the games, or of one user, or below; a layout that says nothing else shows no old objects in listings.
        """
        return None


def is_new_key(key: str) -> bool:
    """Whether a key is one of the new layout: a row of the scheme parses it."""
    if not key.startswith(ENVIRONMENT_PREFIXES):
        return False
    try:
        parse_key(key)
    except InvalidKeyError:
        return False
    return True


def move(
    key: str, area: str, rule: str, build: Callable[[], Key], *, owner: str = "", phase: Phase = Phase.MEDIA
) -> Placement:
    """A move to the key that `build` makes; unknown, with the reason, if the new layout refuses that key."""
    try:
        new_key = build()
    except InvalidKeyError as error:
        if key.endswith("/"):
            return unknown(area, "folder-marker", "it marks a folder; the new layout has none", owner)
        return unknown(area, "inexpressible", f"the new layout cannot express its key: {error}", owner)
    return Placement(Decision.MOVE, area, rule, owner=owner, new_key=new_key, phase=phase)


def unknown(area: str, rule: str, reason: str, owner: str = "") -> Placement:
    """What a person has to decide, and why."""
    return Placement(Decision.UNKNOWN, area, rule, reason, owner)


def phase_of(path: str) -> Phase:
    """Databases, and the files that SQLite keeps beside them, come after the media that they name."""
    return Phase.DATABASE if path.endswith(_DATABASE_SUFFIXES) else Phase.MEDIA
