"""A group of users that moves together: what a marker says once they are in the new layout, or taken back."""

from dataclasses import dataclass
from typing import Any

from layout.documents.marker import HistoryEntry, MarkerPhase
from layout.migrate.live import LiveSince

__all__ = ["NOW", "UserGroup", "group_of_entry", "live_facts", "phase_of_live"]

NOW = ""
"""Since the version of the marker that is being written: its time is not known before it is there."""


@dataclass(frozen=True)
class UserGroup:
    """Users by their ids in the new layout, or all but these. Without arguments: everybody.

    Attributes:
        users: The ids.
        others: False: the group is `users`. True: all but them, with what belongs to no user.
    """

    users: frozenset[str] = frozenset()
    others: bool = True

    @property
    def is_everybody(self) -> bool:
        """Whether nobody is left out."""
        return self.others and not self.users

    def overlaps(self, other: "UserGroup") -> bool:
        """Whether somebody, or what belongs to no user, is of both groups."""
        if self.others and other.others:
            return True
        if self.others:
            return not other.users <= self.users
        return bool(self.users - other.users if other.others else self.users & other.users)

    def is_live(self, live: LiveSince) -> bool:
        """Whether applications work at the new keys of the whole group."""
        if not self.others:
            return all(live.of(user) is not None for user in self.users)
        waiting = {user for user, since in live.users.items() if since is None}
        return live.others is not None and waiting <= self.users

    def added_to(self, live: LiveSince) -> LiveSince:
        """Since when applications work where, with this group from now on; who did before keeps their time."""
        if not self.others:
            users = {user: NOW if (since := live.of(user)) is None else since for user in self.users}
            return LiveSince(live.others, {**live.users, **users})
        if live.others is None:
            return LiveSince(NOW, {**dict.fromkeys(self.users), **live.users})
        return LiveSince(
            live.others,
            {
                user: NOW if since is None and user not in self.users else since
                for user, since in live.users.items()
            },
        )

    def taken_from(self, live: LiveSince) -> LiveSince:
        """Since when applications work where, without this group."""
        if self.others:
            kept = {user: since for user in self.users if (since := live.of(user)) is not None}
            return LiveSince(None, kept)
        kept = {
            user: since for user, since in live.users.items() if user not in self.users and since is not None
        }
        if live.others is None:
            return LiveSince(None, kept)
        waiting = {user for user, since in live.users.items() if since is None} | self.users
        return LiveSince(live.others, {**kept, **dict.fromkeys(waiting)})


def group_of_entry(entry: HistoryEntry) -> UserGroup:
    """Whom an act of a migration was about."""
    if entry.users is not None:
        return UserGroup(frozenset(entry.users), others=False)
    return UserGroup(frozenset(entry.except_users or ()))


def phase_of_live(live: LiveSince) -> MarkerPhase:
    """Moved if applications work everywhere."""
    return MarkerPhase.MOVED if UserGroup().is_live(live) else MarkerPhase.MOVING


def live_facts(live: LiveSince) -> dict[str, Any]:
    """The same as the fields of a marker."""
    waiting = sorted(user for user, since in live.users.items() if since is None)
    moved = [
        {"user": user, **({"since": since} if since else {})}
        for user, since in sorted(live.users.items())
        if since is not None
    ]
    return {
        "moved_since": live.others or None,
        "moved_users": moved or None,
        "waiting_users": waiting if waiting and live.others is not None else None,
    }
