"""A live environment is live: what applications did at the new keys since the marker is right.

The marker's last-modified time says since when, and it is compared with times of the same bucket only. An
old object that is not newer was in the new layout when the marker was written, since `mark` wants a
verification that found everything there; if nothing is at its new key, somebody deleted it. An old object
that is newer came late, from a writer of the old layout that was still alive, and is copied.

A user may be live before the others are, so every question is about one key.
"""

from datetime import datetime

from layout.documents.live_since import LiveSince
from layout.keys import parse_key
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.plan.rows import PlannedObject

__all__ = ["LiveSince", "gone_reason", "is_from_before", "written_since"]


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
