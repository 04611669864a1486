"""An old layout as it lies on a disk: what an application keeps beside the files, and what has no place there."""

import re
from pathlib import PurePosixPath
from typing import ClassVar

from layout.environment import Environment
from layout.keys import Key, profile_prefix
from layout.legacy import Decision, Evidence, Facts, LegacyLayout, Placement, unknown
from layout.scheme.variables import Owner

__all__ = ["SYNC_MARKER", "LocalLayout"]

SYNC_MARKER = "sync-marker"
"""What a plan calls the rule that keeps the markers of synchronisation."""

_MARKERS = re.compile(r"\.sync_(?:pending|conflict|failed)(?:\.[^/]+)?")
"""Files at a user's root that say that a database has changes that the bucket has not, of one scope or of all.

The new layout has them at the same place: a scope is a profile, or `user`.
"""


_PROFILES = PurePosixPath(profile_prefix("u", "p", environment=Environment.DEV)).parent.name
"""The folder of a user in which the new layout keeps the profiles."""


class LocalLayout(LegacyLayout):
    """A layout of a bucket, for the tree that mirrors it."""

    name: ClassVar[str] = "local"
    description: ClassVar[str] = "an old layout as it lies on a disk"

    def __init__(self, layout: LegacyLayout) -> None:
        self.layout = layout

    def owner_of(self, key: str) -> str | None:
        """As the layout says."""
        return self.layout.owner_of(key)

    def evidence_in(self, key: str) -> Evidence | None:
        """As the layout says."""
        return self.layout.evidence_in(key)

    def place_old(self, key: str, facts: Facts) -> Placement:
        """As the layout says, but for markers, the folder of the profiles, and what is of no user."""
        user, _, path = key.partition("/")
        if user and _MARKERS.fullmatch(path):
            reason = "it is of the user, and has the same place in the new layout"
            return Placement(Decision.KEEP, "{user}/.sync_*", SYNC_MARKER, reason)
        if path.startswith(f"{_PROFILES}/"):
            return unknown(f"{{user}}/{_PROFILES}/", "no-new-path", "the new layout has no such path")
        if "\\" in key:
            reason = "its name holds a backslash, or bytes that are no UTF-8, which are shown as escapes"
            return unknown("(names)", "escaped-name", reason)
        placement = self.layout.place_old(key, facts)
        if placement.new_key is not None and placement.new_key.template.owner is not Owner.USER:
            reason = "it is of no user, so the new layout has no place for it on a disk"
            return unknown(placement.area, "no-local-place", reason)
        return placement

    def old_key(self, new_key: Key, facts: Facts) -> str | None:
        """As the layout says."""
        return self.layout.old_key(new_key, facts)
