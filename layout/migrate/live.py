"""A live environment is live: what applications did at the new keys since the marker is right.

The marker's last-modified time says since when, and it is compared with times of the same bucket only. An
old object that is not newer was in the new layout when the marker was written, since `mark` wants a
verification that found everything there; if nothing is at its new key, somebody deleted it. An old object
that is newer came late, from a writer of the old layout that was still alive, and is copied.

A user may be live before the others are, so every question is about one key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from unicodedata import normalize

from layout.keys import parse_key
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.plan.rows import PlannedObject

__all__ = ["LiveSince", "gone_reason", "is_from_before", "written_since"]


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


def is_from_before(planned: PlannedObject, live_since: LiveSince) -> bool:
    """Whether the environment is live, and the old object no newer than that, so that `mark` found it copied.

    Not of what a rule sets aside: an earlier migration may have left it alone, and no application deletes backups.
    """
    since = live_since.at(planned.new_key)
    if since is None or parse_key(planned.new_key).template.name == "backup":
        return False
    return datetime.fromisoformat(planned.modified) <= datetime.fromisoformat(since)


def written_since(listed: ListedObject, live_since: LiveSince) -> bool:
    """Whether the environment is live, and an object in it was written since."""
    since = live_since.at(listed.key)
    if since is None:
        return False
    return datetime.fromisoformat(listed.modified) > datetime.fromisoformat(since)


def gone_reason(planned: PlannedObject) -> str:
    """Why an old object is not copied again, and what leads out, for people."""
    return (
        f"nothing is at {planned.new_key}, and the environment is live: either it was deleted there, or it was never"
        " copied (a rule left it alone, it was written here just before the marker, or nothing was moved before the"
        " marker); delete it here too only if it was deleted there, else upload it here again to have it copied"
    )
