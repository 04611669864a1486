"""Since when applications work at the keys of an environment, as its marker says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from unicodedata import normalize

from layout.documents.marker import Marker, MarkerPhase
from layout.keys import parse_key

__all__ = ["LiveSince", "live_since_of"]


@dataclass(frozen=True)
class LiveSince:
    """Since when applications work at new keys: last-modified times of the marker, ISO 8601.

    True if they do at any. It is the bucket's time, like those of all objects that it is compared with.

    Attributes:
        others: Since when at the keys of all users but those in `users`, and at shared keys; None if they do not.
        users: The same for users, by their ids in the new layout.
    """

    others: str | None = None
    users: Mapping[str, str | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.others is not None or any(since is not None for since in self.users.values())

    def at(self, new_key: str) -> str | None:
        """Since when applications work at a key of the new layout; None if they do not."""
        if not self.users:
            return self.others
        user = parse_key(normalize("NFC", new_key)).fields.get("user")
        return self.others if user is None else self.of(user)

    def of(self, user: str) -> str | None:
        """Since when applications work at a user's keys, the user by their id in the new layout."""
        return self.users.get(user, self.others)


def live_since_of(marker: Marker | None, written: str) -> LiveSince:
    """What a marker says: never while everything is `moving` or was `rolled back`.

    Args:
        marker: The environment's; None if there is none.
        written: Its last-modified time in the bucket, ISO 8601.
    """
    if marker is None or marker.phase is MarkerPhase.ROLLED_BACK:
        return LiveSince()
    users: dict[str, str | None] = dict.fromkeys(marker.waiting_users or ())
    users |= {moved.user: moved.since or written for moved in marker.moved_users}
    others_are = marker.phase is MarkerPhase.MOVED or marker.waiting_users is not None
    return LiveSince((marker.moved_since or written) if others_are else None, users)
