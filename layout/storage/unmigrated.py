"""What shows that a user's files are in an old layout still."""

from __future__ import annotations

from collections.abc import Iterable

from layout import program
from layout.documents.marker import Marker, MarkerPhase
from layout.environment import Environment
from layout.errors import MarkerError
from layout.keys import user_prefix
from layout.legacy import LEGACY_LAYOUTS, Facts

__all__ = ["evidence", "is_through", "old_prefixes", "unmigrated"]


def old_prefixes(user_id: str, environment: Environment) -> dict[str, str]:
    """Where an old layout would keep the files of this user, by the name of the layout."""
    # Whichever profile they would go to: only the prefix is asked for.
    facts = Facts(environment, lambda _: "any")
    found = {
        name: layout.old_prefix(user_prefix(user_id, environment=environment), facts)
        for name, layout in LEGACY_LAYOUTS.items()
    }
    return {name: prefix for name, prefix in found.items() if prefix is not None}


def is_through(marker: Marker | None, layout: str) -> bool:
    """Whether a migration from this layout into the environment has moved everybody whom it was about."""
    if marker is None or marker.phase is not MarkerPhase.MOVED:
        return False
    return any(entry.layout == layout for entry in marker.history)


def evidence(layout: str, keys: Iterable[str]) -> str | None:
    """The first of these keys that shows that its owner is a user of the old layout; None if none does."""
    return next((key for key in keys if LEGACY_LAYOUTS[layout].evidence_in(key) is not None), None)


def unmigrated(user_id: str, layout: str, key: str) -> MarkerError:
    """The error for a user of whom this key shows that they were not moved."""
    return MarkerError(
        f"The user {user_id!r} has files in the layout {layout!r} that were not moved, {key!r} among them:"
        " no profile is made for them before.",
        hint=f"Move them first: {program.command('migrate')}",
        key=key,
    )
