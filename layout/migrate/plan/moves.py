"""The life of an object as a table: what may happen to it, and in which state it is afterwards.

`layout.migrate.plan.journal` builds its statements from this table and guards each by the states before, so
what is not in the table cannot happen. docs/migration.md shows the table.
"""

import enum

from layout.life import Move
from layout.migrate.plan.life import PlanLife

__all__ = [
    "BLOCKING",
    "LIFE",
    "MOVES",
    "TO_MOVE",
    "Event",
    "Proof",
    "State",
]


class Proof(enum.StrEnum):
    """By what two objects are known to be the same one."""

    ETAG = "etag"
    """Equal ETags of objects that were not uploaded in parts, which are MD5 hashes of their bodies."""
    COPY = "copy"
    """The new object has the ETag that this plan's own copy was answered, made on the planned ETag."""
    BODIES = "bodies"
    """Both bodies were read and have one SHA-256."""
    LINK = "link"
    """Both names are of one file (files of a local tree only)."""


class State(enum.StrEnum):
    """How far an object has come."""

    LISTED = "listed"
    """It was seen; nothing has been decided: the plan is not finished."""
    KEEP = "keep"
    """It belongs to the new layout, or to another environment."""
    IGNORE = "ignore"
    """A rule of the operator leaves it where it is."""
    LATER = "later"
    """The plan is of other users: it waits for another plan."""
    UNKNOWN = "unknown"
    """No rule says what it is."""
    COLLISION = "collision"
    """Several objects would get the same new key."""
    CONFLICT = "conflict"
    """Something else is at its new key, or its user's profile is another one than planned."""
    REMOVED = "removed"
    """It is from before the environment went live, and somebody deleted the object at its new key."""
    SUPERSEDED = "superseded"
    """It is from before the environment went live, and the application has written the new object since."""
    COPY = "copy"
    """It is to be copied to its new key, which is free."""
    DONE = "done"
    """The same object was at its new key when the plan was made."""
    COPIED = "copied"
    """This plan copied it."""
    VERIFIED = "verified"
    """A verification found the same object at its new key."""
    DELETED = "deleted"
    """The old object is gone."""
    VANISHED = "vanished"
    """The old application deleted it while the copy followed; this plan's copy is gone too."""


BLOCKING = (State.UNKNOWN, State.CONFLICT, State.COLLISION, State.REMOVED)
"""What stops the copy until a person decides."""

TO_MOVE = (State.COPY, State.DONE, State.COPIED, State.VERIFIED, State.DELETED)
"""What the plan moves, however far it has come."""


class Event(enum.StrEnum):
    """What can happen to an object."""

    PLACED = "placed"
    KEPT = "kept"
    IGNORED = "ignored"
    POSTPONED = "postponed"
    NOT_KNOWN = "not known"
    COLLIDED = "collided"
    OWNER_UNCLEAR = "owner unclear"
    FOUND = "found"
    TAKEN = "taken"
    COPIED = "copied"
    FAILED = "failed"
    SOURCE_TAKEN = "source taken"
    DESTINATION_TAKEN = "destination taken"
    OVERTAKEN = "overtaken"
    GONE = "gone"
    SAME = "same"
    RENEWED = "renewed"
    CHANGED_LIVE = "changed live"
    DIFFERENT = "different"
    MISSING = "missing"
    DELETED = "deleted"
    NOT_DELETED = "not deleted"
    CHANGED_OLD = "changed old"
    CHANGED_UNDECIDED = "changed undecided"
    FREED = "freed"
    RECONSIDERED = "reconsidered"
    VANISHED = "vanished"
    RETURNED = "returned"


_WRITTEN_AGAIN = "follow: the old object was written again"
_TOUCHED = "follow: the old one was touched, and is still the same"
_GONE = "follow: the old object is gone, and so is this plan's copy"

_FOLLOWING = (
    *(
        Move(Event.CHANGED_OLD, before, State.COPY, _WRITTEN_AGAIN)
        for before in (
            State.COPY,
            State.DONE,
            State.COPIED,
            State.VERIFIED,
            State.CONFLICT,
            State.REMOVED,
            State.SUPERSEDED,
            State.DELETED,
        )
    ),
    *(
        Move(Event.CHANGED_UNDECIDED, state, state, f"{_WRITTEN_AGAIN}, which decides nothing")
        for state in (State.UNKNOWN, State.COLLISION, State.CONFLICT, State.IGNORE)
    ),
    *(Move(Event.RENEWED, state, state, _TOUCHED) for state in (State.DONE, State.COPIED)),
    Move(Event.FREED, State.CONFLICT, State.COPY, "follow: what was at its new key, or unclear, is no more"),
    Move(Event.RECONSIDERED, State.UNKNOWN, State.LISTED, "follow: its owner is shown to be a user now"),
    Move(
        Event.RECONSIDERED, State.COLLISION, State.LISTED, "follow: another that wanted its new key is gone"
    ),
    *(
        Move(Event.VANISHED, before, State.VANISHED, _GONE)
        for before in (
            State.COPY,
            State.DONE,
            State.COPIED,
            State.VERIFIED,
            State.UNKNOWN,
            State.COLLISION,
            State.CONFLICT,
            State.IGNORE,
            State.REMOVED,
            State.SUPERSEDED,
        )
    ),
    Move(Event.RETURNED, State.VANISHED, State.LISTED, "follow: there is an object at its old key again"),
)

MOVES = (
    Move(Event.PLACED, State.LISTED, State.COPY, "plan: the layout or a rule gives it a new key"),
    Move(Event.KEPT, State.LISTED, State.KEEP, "plan: its key is one of the new layout"),
    Move(Event.IGNORED, State.LISTED, State.IGNORE, "plan: a rule leaves it where it is"),
    Move(Event.POSTPONED, State.LISTED, State.LATER, "plan: it is of none of the users that the plan is of"),
    Move(Event.NOT_KNOWN, State.LISTED, State.UNKNOWN, "plan: the layout does not know it"),
    Move(Event.COLLIDED, State.LISTED, State.COLLISION, "plan: another object has its new key already"),
    Move(Event.COLLIDED, State.COPY, State.COLLISION, "plan: a later object wants its new key too"),
    Move(Event.OWNER_UNCLEAR, State.COPY, State.CONFLICT, "plan, copy: its user's profile files are unclear"),
    Move(Event.FOUND, State.COPY, State.DONE, "plan: the same object is at its new key"),
    Move(Event.TAKEN, State.COPY, State.CONFLICT, "plan, copy: another object is at its new key"),
    Move(Event.SOURCE_TAKEN, State.COPY, State.COPY, "plan: a rule has it replace what is at its new key"),
    Move(
        Event.DESTINATION_TAKEN,
        State.COPY,
        State.COPY,
        "plan: a rule sets it aside for what is at its new key",
    ),
    Move(Event.COPIED, State.COPY, State.COPIED, "copy: the bucket confirmed it"),
    Move(Event.FAILED, State.COPY, State.COPY, "copy: no answer, or the old object is not as planned"),
    Move(Event.OVERTAKEN, State.COPY, State.SUPERSEDED, "plan: live, and the new object was written since"),
    Move(Event.GONE, State.COPY, State.REMOVED, "plan, copy, verify: live, and nothing is at its new key"),
    Move(Event.GONE, State.DONE, State.REMOVED, "verify: live, and what the plan found is gone"),
    Move(Event.GONE, State.COPIED, State.REMOVED, "verify: live, and the copy is gone"),
    Move(Event.GONE, State.VERIFIED, State.REMOVED, "verify: live, and the copy is gone"),
    Move(Event.SAME, State.COPY, State.VERIFIED, "verify: the same object, put there by somebody else"),
    Move(Event.SAME, State.DONE, State.VERIFIED, "verify: the same object, as found by the plan"),
    Move(Event.SAME, State.COPIED, State.VERIFIED, "verify: the same object, as copied"),
    Move(Event.SAME, State.VERIFIED, State.VERIFIED, "verify: still the same object"),
    Move(Event.SAME, State.DELETED, State.DELETED, "verify: the new object, after the old one was deleted"),
    Move(
        Event.RENEWED,
        State.VERIFIED,
        State.VERIFIED,
        "verify: the old one was touched, and is still the same",
    ),
    Move(Event.RENEWED, State.DELETED, State.VERIFIED, "verify: the old one was put back, and is the same"),
    Move(
        Event.CHANGED_LIVE,
        State.SUPERSEDED,
        State.SUPERSEDED,
        "verify: written at the new key, as the plan found",
    ),
    Move(Event.CHANGED_LIVE, State.DONE, State.VERIFIED, "verify: live, and written at the new key since"),
    Move(Event.CHANGED_LIVE, State.COPIED, State.VERIFIED, "verify: live, and written at the new key since"),
    Move(
        Event.CHANGED_LIVE, State.VERIFIED, State.VERIFIED, "verify: live, and written at the new key since"
    ),
    Move(Event.CHANGED_LIVE, State.DELETED, State.DELETED, "verify: live, and written or deleted since"),
    Move(Event.DIFFERENT, State.COPY, State.COPY, "verify: another object came to a free key"),
    Move(Event.DIFFERENT, State.DONE, State.COPIED, "verify: what the plan found was replaced"),
    Move(Event.DIFFERENT, State.COPIED, State.COPIED, "verify: the copy was replaced, or the old object"),
    Move(Event.DIFFERENT, State.VERIFIED, State.COPIED, "verify: no longer the same"),
    Move(Event.DIFFERENT, State.DELETED, State.DELETED, "verify: replaced after the old one was deleted"),
    Move(Event.MISSING, State.COPY, State.COPY, "verify: not copied yet"),
    Move(Event.MISSING, State.DONE, State.COPY, "verify: what the plan found is gone: copy it"),
    Move(Event.MISSING, State.COPIED, State.COPY, "verify: the copy is gone: copy it again"),
    Move(Event.MISSING, State.VERIFIED, State.COPY, "verify: the copy is gone: copy it again"),
    Move(Event.DELETED, State.VERIFIED, State.DELETED, "delete: the bucket confirmed it"),
    Move(Event.NOT_DELETED, State.VERIFIED, State.VERIFIED, "delete: the bucket refused this key"),
    *_FOLLOWING,
)

LIFE = PlanLife("objects", MOVES, "Make a new plan.")
