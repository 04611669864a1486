"""What the journal notes of an old side that goes on changing while a copy follows it."""

from collections.abc import Iterable

from layout.migrate.bucket.reader import ListedObject
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.moves import Event
from layout.migrate.plan.rows import PlannedObject

__all__ = ["FollowingJournal"]


class FollowingJournal(Journal):
    """Writes into the tables of one plan what a listing of the old side showed."""

    def changed_old(
        self, one: PlannedObject, listed: ListedObject, own: ListedObject | None = None, *, live: bool = False
    ) -> None:
        """The old object is another version than planned: that one is to be copied, over this plan's own copy.

        `own` is a copy that was found at the new key, of a run that was cut off before it could note it. Where an
        application works at the new key already, `live`, nothing is replaced there.
        """
        facts: dict[str, object] = {"proof": None, "checked_in": None, "changed_in": None, "deleted_at": None}
        if live:
            facts |= {"replaces": None, "own_etag": None}
        elif own is not None:
            facts |= {"own_etag": own.etag, "new_etag": own.etag, "new_modified": own.modified}
            facts |= {"replaces": own.etag, "replaced_to": None}
        elif one.own_etag is not None:
            facts["replaces"] = one.own_etag
        self._move(Event.CHANGED_OLD, one, reason="", problem=None, **_version(listed), **facts)

    def changed_undecided(self, one: PlannedObject, listed: ListedObject) -> None:
        """The old object of which nothing is to be copied is another version than planned."""
        self._move(Event.CHANGED_UNDECIDED, one, **_version(listed))

    def freed(self, one: PlannedObject) -> None:
        """What stood in the way of a copy is gone."""
        self._move(Event.FREED, one, reason="", problem=None)

    def reconsidered(self, some: Iterable[PlannedObject]) -> None:
        """Objects that are to be placed again."""
        for one in some:
            self._move(Event.RECONSIDERED, one, collides=0, new_key=None)

    def returned(self, one: PlannedObject, listed: ListedObject) -> None:
        """There is an object again at an old key whose object had vanished; it is to be placed."""
        self._move(Event.RETURNED, one, reason="", problem=None, **_version(listed))

    def vanished(self, one: PlannedObject, reason: str) -> None:
        """The old object is gone, and this plan's copy of it too. Its new key is free for another."""
        nothing_there = {
            "new_key": None,
            "new_etag": None,
            "new_modified": None,
            "proof": None,
            "replaces": None,
        }
        self._move(Event.VANISHED, one, reason=reason, problem=None, collides=0, **nothing_there)


def _version(listed: ListedObject) -> dict[str, object]:
    shown = {"etag": listed.etag, "size": listed.size, "modified": listed.modified}
    return {**shown, "storage_class": listed.storage_class}
