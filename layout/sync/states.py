"""The states of a synced database, as a table: what may happen in which of them, and how each is left."""

import enum
from dataclasses import dataclass

from layout.errors import DatabaseConflictError
from layout.life import Life, Move

__all__ = ["SYNC_LIFE", "SYNC_MOVES", "DatabaseStatus", "SyncEvent", "SyncState"]


class SyncState(enum.StrEnum):
    """How a database of this machine stands to the bucket."""

    CLEAN = "clean"
    """Nothing waits for an upload."""
    IN_FLIGHT = "in flight"
    """An upload runs. Show nothing."""
    PENDING = "pending"
    """A change waits for its upload, which is tried again by itself. Show it quietly."""
    FAILED = "failed"
    """The bucket or this machine refuses the upload. Show it loudly; trying again works once the cause is gone."""
    CONFLICT = "conflict"
    """Another writer's version is in the bucket. Show it loudly: the change must be made again on a fresh copy."""


class SyncEvent(enum.StrEnum):
    """What can happen to it."""

    WRITTEN = "written"
    STARTED = "started"
    UPLOADED = "uploaded"
    OVERTAKEN = "overtaken"
    UNANSWERED = "unanswered"
    REFUSED = "refused"
    LOST = "lost"
    RELOADED = "reloaded"


_S, _E = SyncState, SyncEvent

SYNC_MOVES = (
    Move(_E.WRITTEN, _S.CLEAN, _S.PENDING, "a connection has committed a change"),
    Move(_E.WRITTEN, _S.PENDING, _S.PENDING, "the newest content is uploaded, once"),
    Move(_E.WRITTEN, _S.IN_FLIGHT, _S.IN_FLIGHT, "the newer content has its turn afterwards"),
    Move(_E.WRITTEN, _S.FAILED, _S.FAILED, "the upload is tried again at once"),
    Move(
        _E.WRITTEN,
        _S.CONFLICT,
        _S.CONFLICT,
        "a connection that was open before: its change loses too, and is kept",
    ),
    Move(_E.STARTED, _S.CLEAN, _S.IN_FLIGHT, "somebody asked; equal content is not sent"),
    Move(_E.STARTED, _S.PENDING, _S.IN_FLIGHT, "its turn: at most one upload a second"),
    Move(_E.STARTED, _S.FAILED, _S.IN_FLIGHT, "after a pause, at a new change, or when somebody asks"),
    Move(_E.STARTED, _S.CONFLICT, _S.IN_FLIGHT, "a connection that was open before has written"),
    Move(_E.UPLOADED, _S.IN_FLIGHT, _S.CLEAN, "the bucket confirmed this very content, or had it"),
    Move(_E.OVERTAKEN, _S.IN_FLIGHT, _S.PENDING, "the bucket confirmed it, and it was changed meanwhile"),
    Move(_E.UNANSWERED, _S.IN_FLIGHT, _S.PENDING, "no answer, too busy, or a writer held the database"),
    Move(_E.REFUSED, _S.IN_FLIGHT, _S.FAILED, "no permission, no profile, a damaged file, a full disk"),
    Move(_E.LOST, _S.IN_FLIGHT, _S.CONFLICT, "the bucket has another version; this one is in the backups"),
    Move(
        _E.LOST,
        _S.CLEAN,
        _S.CONFLICT,
        "at an access: it lost, and a connection still has the local copy open",
    ),
    Move(_E.LOST, _S.PENDING, _S.CONFLICT, "the same"),
    Move(_E.LOST, _S.FAILED, _S.CONFLICT, "the same"),
    Move(_E.LOST, _S.CONFLICT, _S.CONFLICT, "the same, again"),
    Move(_E.RELOADED, _S.CLEAN, _S.CLEAN, "the bucket was asked, and a newer version taken"),
    Move(_E.RELOADED, _S.PENDING, _S.CLEAN, "the next access has uploaded it itself"),
    Move(_E.RELOADED, _S.FAILED, _S.CLEAN, "the same"),
    Move(_E.RELOADED, _S.CONFLICT, _S.CLEAN, "the next access has taken the bucket's version"),
)

SYNC_LIFE = Life(SYNC_MOVES)


@dataclass(frozen=True)
class DatabaseStatus:
    """How one database stands.

    Attributes:
        user_id: The owner.
        profile_id: The owner's profile.
        name: Path in the profile.
        state: Its state.
        version: Number of the bucket's version that the local copy began with; None if nothing is known.
        error: Why the last attempt did not end in an upload; None if it did.
        conflict: The last change that was refused and set aside since the process started. It stays after the
            state is left, so that whoever comes later can be told.
    """

    user_id: str
    profile_id: str
    name: str
    state: SyncState
    version: int | None = None
    error: Exception | None = None
    conflict: DatabaseConflictError | None = None
