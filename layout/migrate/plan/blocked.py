"""What stops the copy, with all that a suggestion has to know of it. Nothing here changes the plan."""

from collections.abc import Iterator
from dataclasses import dataclass

from layout.migrate.bucket.reader import ListedObject
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.life import words
from layout.migrate.plan.moves import BLOCKING, State
from layout.migrate.plan.rows import prefix_end
from layout.migrate.plan.schema import UserState

__all__ = [
    "BlockedObject",
    "Contested",
    "StoppedUser",
    "blocked_objects",
    "contested_without_evidence",
    "has_keys_under",
    "holds_only_unknown",
    "stopped_users",
]


@dataclass(frozen=True, slots=True)
class BlockedObject:
    """One object that stops the copy.

    Attributes:
        key: Its old key.
        size: Bytes.
        etag: As listed.
        modified: Last-modified time, as listed.
        state: Why it stops, in a word.
        reason: Why it stops.
        owner: The owner reference; empty if it is nobody's.
        new_key: Its new key; empty if it has none.
        user_state: Of its owner; None if it is nobody's.
        profile: That its owner's objects go to; empty if it is nobody's.
        sides: What is known of both sides of a conflict, as JSON; empty if nothing is.
    """

    key: str
    size: int
    etag: str
    modified: str
    state: State
    reason: str
    owner: str
    new_key: str
    user_state: UserState | None
    profile: str
    sides: str


@dataclass(frozen=True)
class StoppedUser:
    """A user of whom nothing moves: owner reference, state, and why."""

    owner: str
    state: UserState
    reason: str


def blocked_objects(plan: PlanFile) -> Iterator[BlockedObject]:
    """All objects that stop the copy, by key."""
    query = (
        "SELECT key, size, etag, modified, objects.state AS state, objects.reason AS reason, objects.owner AS owner,"
        " coalesce(new_key, '') AS new_key, users.state AS user_state, coalesce(users.profile_id, '') AS profile,"
        " coalesce(conflict_evidence.sides, '') AS sides"
        " FROM objects LEFT JOIN users ON objects.owner = users.owner"
        " LEFT JOIN conflict_evidence ON conflict_evidence.object = objects.id"
        f" WHERE objects.state IN ({words(BLOCKING)}) ORDER BY key"
    )
    for row in plan.rows(query):
        found = dict(row)
        found["state"] = State(found["state"])
        found["user_state"] = None if found["user_state"] is None else UserState(found["user_state"])
        yield BlockedObject(**found)


@dataclass(frozen=True, slots=True)
class Contested:
    """A conflict: its row, the two objects as they were listed, and when the old one would be copied."""

    row: int
    phase: int
    old: ListedObject
    new: ListedObject


def contested_without_evidence(plan: PlanFile, after: int, limit: int) -> list[Contested]:
    """Conflicts about an object at the new key of which the plan keeps no evidence, by row."""
    query = (
        "SELECT objects.id, objects.phase, objects.key, objects.etag, objects.size, objects.modified,"
        " existing.key, existing.etag, existing.size, existing.modified"
        " FROM objects JOIN objects AS existing ON existing.key = objects.new_key"
        " LEFT JOIN conflict_evidence ON conflict_evidence.object = objects.id"
        " WHERE objects.state = 'conflict' AND conflict_evidence.object IS NULL AND objects.id > ?"
        " ORDER BY objects.id LIMIT ?"
    )
    rows = (tuple(row) for row in plan.rows(query, after, limit))
    return [Contested(row[0], row[1], ListedObject(*row[2:6]), ListedObject(*row[6:])) for row in rows]


def stopped_users(plan: PlanFile) -> Iterator[StoppedUser]:
    """The users of whom nothing moves, by owner reference."""
    states = words((UserState.INVALID, UserState.CONFLICT))
    for row in plan.rows(f"SELECT owner, state, reason FROM users WHERE state IN ({states}) ORDER BY owner"):
        yield StoppedUser(row["owner"], UserState(row["state"]), row["reason"])


_UNDER = " FROM objects WHERE key >= ? AND key < ?"


def holds_only_unknown(plan: PlanFile, prefix: str) -> bool:
    """Whether all that lies under a prefix, at least two objects, is unknown and nobody's, or in the new layout."""
    query = f"SELECT count(*), sum(state = 'unknown' AND owner = ''){_UNDER} AND state <> 'keep'"
    objects, unknown = plan.database.execute(query, (prefix, prefix_end(prefix))).fetchone()
    return bool(1 < objects == unknown)


def has_keys_under(plan: PlanFile, prefix: str) -> bool:
    """Whether an object was listed under a prefix."""
    return bool(plan.value(f"SELECT EXISTS (SELECT 1{_UNDER})", prefix, prefix_end(prefix)))
