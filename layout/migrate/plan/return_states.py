"""The life of an object of the new layout that a rollback looks at, as a table, like `layout.migrate.plan.moves`."""

import enum

from layout.life import Move
from layout.migrate.plan.life import PlanLife

__all__ = ["RETURN_LIFE", "RETURN_MOVES", "ReturnEvent", "ReturnState"]


class ReturnState(enum.StrEnum):
    """How far the way back has come."""

    RETURN = "return"
    """It is to be copied to its old key."""
    THERE = "there"
    """The same object is at its old key."""
    RETURNED = "returned"
    """This plan copied it back."""
    VERIFIED = "verified"
    """The rollback found the same object at its old key, after everything was copied back."""
    REMOVED = "removed"
    """The new object is gone."""
    NO_PLACE = "no place"
    """The old layout has no place for it: it stays at its new key."""
    REFUSED = "refused"
    """Another object than the plan knows is at its old key: both stay."""
    OLDER = "older"
    """It was at its new key before the plan was made, and nothing of this plan: it stays."""


class ReturnEvent(enum.StrEnum):
    """What can happen to it."""

    RETURNED = "returned"
    FAILED = "failed"
    TAKEN = "taken"
    SAME = "same"
    DIFFERENT = "different"
    REMOVED = "removed"
    KEPT = "kept"


_S, _E = ReturnState, ReturnEvent

RETURN_MOVES = (
    Move(_E.RETURNED, _S.RETURN, _S.RETURNED, "rollback: the bucket confirmed the copy"),
    Move(_E.FAILED, _S.RETURN, _S.RETURN, "rollback: no answer, or the new object was written again"),
    Move(_E.TAKEN, _S.RETURN, _S.REFUSED, "rollback: another object came to the old key"),
    Move(_E.SAME, _S.THERE, _S.VERIFIED, "rollback: still the same object at both keys"),
    Move(_E.SAME, _S.RETURNED, _S.VERIFIED, "rollback: the same object at both keys"),
    Move(_E.DIFFERENT, _S.THERE, _S.RETURN, "rollback: no longer the same"),
    Move(_E.DIFFERENT, _S.RETURNED, _S.RETURN, "rollback: no longer the same"),
    Move(_E.DIFFERENT, _S.VERIFIED, _S.RETURN, "remove: no longer the same"),
    Move(_E.REMOVED, _S.VERIFIED, _S.REMOVED, "remove: the bucket confirmed it"),
    Move(_E.KEPT, _S.VERIFIED, _S.VERIFIED, "remove: the bucket refused this key"),
)
"""Each run of a rollback lists the environment again and puts what it finds into one of the states that have no
arrow to them, RETURN or THERE, unless it was removed."""

RETURN_LIFE = PlanLife("returns", RETURN_MOVES, "Run the rollback again: it looks at everything anew.")
