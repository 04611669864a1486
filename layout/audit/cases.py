"""What an audit finds, case by case, before anybody judges it."""

import enum
from dataclasses import dataclass, field

__all__ = ["KEPT", "Case", "Cases", "Kind"]

KEPT = 200
"""So many cases of a kind are shown with their keys; all are counted."""


class Kind(enum.StrEnum):
    """The kinds of findings, worst first."""

    MISSING_OBJECT = "missing-object"
    """Something names an object that is not there."""
    DAMAGED_DATABASE = "damaged-database"
    """A database cannot be read."""
    DAMAGED_DOCUMENT = "damaged-document"
    """A document of the scheme cannot be read."""
    NO_REGISTRY = "no-registry"
    """A user has files of profiles, and no profiles.json."""
    UNREGISTERED_PROFILE = "unregistered-profile"
    """Objects of a profile that the user's profiles.json does not name."""
    EMPTY_PROFILE = "empty-profile"
    """A profile that profiles.json names has no objects."""
    UNKNOWN_KEY = "unknown-key"
    """A key that the scheme does not know."""
    DELETED_PROFILE = "deleted-profile"
    """Objects of a profile that was deleted."""
    UNREFERENCED_OBJECT = "unreferenced-object"
    """An object that nothing names."""
    OPEN_UPLOAD = "open-upload"
    """A multipart upload that has begun and not ended."""
    OVERDUE = "overdue"
    """Objects that should have expired."""
    WRONG_TYPE = "wrong-type"
    """The content type is not the one that the scheme names."""
    NO_VERSION = "no-version"
    """A database without the version in its metadata."""


@dataclass(frozen=True, slots=True)
class Case:
    """One of a kind.

    Attributes:
        key: The object or prefix that it is about.
        reason: What is to be said of it; may be empty.
        user: Whose it is, or empty.
        owner: The profile or project, or empty.
        objects: How many objects it is about.
        bytes: Their size.
    """

    key: str
    reason: str = ""
    user: str = ""
    owner: str = ""
    objects: int = 1
    bytes: int = 0


@dataclass
class Cases:
    """All of one kind in one environment, of which the first are kept.

    Attributes:
        total: How many cases.
        objects: How many objects they are about.
        bytes: Their size.
        first: Those that are kept.
    """

    total: int = 0
    objects: int = 0
    bytes: int = 0
    first: list[Case] = field(default_factory=list)

    def add(self, case: Case) -> None:
        """Counts a case, and keeps it while there is room."""
        self.total += 1
        self.objects += case.objects
        self.bytes += case.bytes
        if len(self.first) < KEPT:
            self.first.append(case)
