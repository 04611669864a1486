"""What stops the copy, with all that a suggestion has to know of it. Nothing here changes the plan."""

from collections.abc import Iterator
from dataclasses import dataclass

from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.moves import BLOCKING, State
from layout.migrate.plan.rows import prefix_end
from layout.migrate.plan.schema import UserState, words

__all__ = [
    "BlockedObject",
    "StoppedUser",
    "blocked_objects",
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
        " coalesce(new_key, '') AS new_key, users.state AS user_state, coalesce(users.profile_id, '') AS profile"
        " FROM objects LEFT JOIN users ON objects.owner = users.owner"
        f" WHERE objects.state IN ({words(BLOCKING)}) ORDER BY key"
    )
    for row in plan.rows(query):
        found = dict(row)
        found["state"] = State(found["state"])
        found["user_state"] = None if found["user_state"] is None else UserState(found["user_state"])
        yield BlockedObject(**found)


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
