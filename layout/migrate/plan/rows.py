"""The rows of a plan, as the commands ask for them. Nothing here changes the plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from sqlite3 import Row

from layout.migrate.bucket.reader import ListedObject
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.life import words
from layout.migrate.plan.moves import BLOCKING, TO_MOVE, Proof, State
from layout.migrate.plan.schema import UserState

__all__ = [
    "COLUMNS",
    "PlannedObject",
    "PlannedUser",
    "TakenKey",
    "as_object",
    "decisions",
    "expected_at",
    "is_destination",
    "is_listed",
    "is_user",
    "left_to_copy_in",
    "planned_at",
    "planned_for",
    "prefix_end",
    "profile_of",
    "replaces_any",
    "taken_in_another_spelling",
    "taken_keys",
    "to_copy_in",
    "unmet",
    "unplaced",
    "users_after",
    "users_without_profile",
    "verified_after",
    "waiting",
]


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """One object that the plan moves.

    Attributes:
        id: Its row.
        key: Its old key.
        etag: ETag of the old object as planned.
        size: Bytes, of both.
        modified: Last-modified time of the old object as planned, ISO 8601.
        state: How far it has come.
        new_key: Its new key.
        new_etag: ETag at the new key when the object was last seen there; None before.
        new_modified: Last-modified time at the new key then.
        proof: By what that version was known to be the same object; None if nothing is known.
        checked_in: Number of the last verification that looked at it.
        changed_in: Number of the last verification that found its new object written or deleted by a live application.
        storage_class: Of the old object as planned: `STANDARD` or `STANDARD_IA`.
        problem: What is wrong with it, as far as it is known.
        replaces: ETag of the object at the new key that the copy may replace; None: the key must be free.
        replaced_to: Key of the backup that is made of it before; None: none is made.
        own_etag: ETag that this plan's own copy had at the new key: what it may replace or remove; None: nothing.
    """

    id: int
    key: str
    etag: str
    size: int
    modified: str
    state: State
    new_key: str
    new_etag: str | None
    new_modified: str | None
    proof: Proof | None
    checked_in: int | None
    changed_in: int | None
    problem: str | None
    storage_class: str
    replaces: str | None
    replaced_to: str | None
    own_etag: str | None


COLUMNS = (
    "objects.id, objects.key, objects.etag, objects.size, objects.modified, objects.state, objects.new_key,"
    " objects.new_etag, objects.new_modified, objects.proof, objects.checked_in,"
    " objects.changed_in, objects.problem, objects.storage_class, objects.replaces,"
    " objects.replaced_to, objects.own_etag"
)
"""What a question about objects selects."""


def as_object(row: Row) -> PlannedObject:
    """The object of a row that begins with `COLUMNS`."""
    values = tuple(row)
    return PlannedObject(
        id=values[0],
        key=values[1],
        etag=values[2],
        size=values[3],
        modified=values[4],
        state=State(values[5]),
        new_key=values[6] or "",
        new_etag=values[7],
        new_modified=values[8],
        proof=None if values[9] is None else Proof(values[9]),
        checked_in=values[10],
        changed_in=values[11],
        problem=values[12],
        storage_class=values[13],
        replaces=values[14],
        replaced_to=values[15],
        own_etag=values[16],
    )


@dataclass(frozen=True)
class PlannedUser:
    """One row of `users`."""

    owner: str
    user_id: str
    prefix: str
    profile_id: str
    origin: str
    state: UserState


def _user(row: Row) -> PlannedUser:
    owner, user_id, prefix, profile_id, origin, state = row
    return PlannedUser(owner, user_id, prefix, profile_id, origin, UserState(state))


# Which rows have a new key that no other row has: the condition of the index `destinations`.
_HAS_DESTINATION = "objects.new_key IS NOT NULL AND objects.collides = 0"


def is_listed(plan: PlanFile, key: str) -> bool:
    """Whether an object was listed at this key, which is in NFC, in whichever Unicode spelling."""
    query = "SELECT EXISTS (SELECT 1 FROM objects WHERE key = ?) OR EXISTS (SELECT 1 FROM spellings WHERE name = ?)"
    return bool(plan.value(query, str(key), str(key)))


def unplaced(plan: PlanFile, after: int, limit: int) -> list[tuple[int, str]]:
    """Rows and keys of objects about which nothing has been decided, in the order of the listing."""
    query = "SELECT id, key FROM objects WHERE id > ? AND state = 'listed' ORDER BY id LIMIT ?"
    return [(row["id"], row["key"]) for row in plan.rows(query, after, limit)]


def decisions(plan: PlanFile) -> Iterator[tuple[object, ...]]:
    """What the plan says of each object, in the order of their keys."""
    for row in plan.rows(
        "SELECT key, etag, size, modified, state, new_key, replaces FROM objects ORDER BY key"
    ):
        yield tuple(row)


@dataclass(frozen=True, slots=True)
class TakenKey:
    """An object to copy whose new key is taken, and what was listed there."""

    planned: PlannedObject
    found: ListedObject


def taken_keys(plan: PlanFile, prefix: str, after: str, limit: int) -> list[TakenKey]:
    """Objects to copy whose new keys are taken, by new key; `prefix` is that of the environment."""
    # CROSS JOIN keeps the order: new keys from `after` on, each looked up; so all pages together are one pass.
    query = (
        f"SELECT {COLUMNS}, existing.key, existing.etag, existing.size, existing.modified"
        " FROM objects CROSS JOIN objects AS existing"
        " WHERE existing.key >= ? AND existing.key < ? AND objects.new_key = existing.key"
        f" AND {_HAS_DESTINATION} AND objects.state = 'copy' AND objects.new_key > ?"
        " ORDER BY objects.new_key LIMIT ?"
    )
    rows = plan.rows(query, prefix, prefix_end(prefix), after, limit)
    return [TakenKey(as_object(row), ListedObject(*tuple(row)[-4:])) for row in rows]


def taken_in_another_spelling(plan: PlanFile, after: str, limit: int) -> list[TakenKey]:
    """Those whose new keys were listed in another Unicode spelling than NFC, by new key."""
    query = (
        f"SELECT {COLUMNS}, existing.key, existing.etag, existing.size, existing.modified"
        " FROM spellings CROSS JOIN objects CROSS JOIN objects AS existing"
        " WHERE spellings.name > ? AND objects.new_key = spellings.name AND existing.key = spellings.key"
        f" AND {_HAS_DESTINATION} AND objects.state = 'copy' ORDER BY spellings.name LIMIT ?"
    )
    return [
        TakenKey(as_object(row), ListedObject(*tuple(row)[-4:])) for row in plan.rows(query, after, limit)
    ]


def users_without_profile(plan: PlanFile, limit: int) -> list[str]:
    """Owners for whom no profile has been chosen yet."""
    query = "SELECT owner FROM users WHERE profile_id = '' ORDER BY owner LIMIT ?"
    return [row["owner"] for row in plan.rows(query, limit)]


def profile_of(plan: PlanFile, owner: str) -> str | None:
    """The profile that an owner's objects go to; None if the owner is no user."""
    row = plan.row("SELECT profile_id FROM users WHERE owner = ?", owner)
    return row["profile_id"] if row else None


def is_user(plan: PlanFile, owner: str) -> bool:
    """Whether the bucket shows a user whose owner reference this is."""
    return bool(plan.value("SELECT EXISTS (SELECT 1 FROM users WHERE owner = ?)", owner))


def users_after(plan: PlanFile, owner: str, limit: int) -> list[PlannedUser]:
    """Users after an owner, by owner; without those who cannot be users of the new layout, or wait for another plan."""
    query = (
        "SELECT owner, user_id, prefix, profile_id, origin, state FROM users"
        " WHERE owner > ? AND state NOT IN ('invalid', 'later') ORDER BY owner LIMIT ?"
    )
    return [_user(row) for row in plan.rows(query, owner, limit)]


_IN_GROUP = f" FROM objects WHERE {_HAS_DESTINATION} AND new_key >= ? AND new_key < ? AND phase = ?"


def left_to_copy_in(
    plan: PlanFile, prefix: str, phase: int, states: tuple[State, ...] = (State.COPY, *BLOCKING)
) -> int:
    """How many objects under a new prefix are not copied, by default those that stop the copy included."""
    waiting = f" AND state IN ({words(states)})"
    return int(plan.value("SELECT count(*)" + _IN_GROUP + waiting, prefix, prefix_end(prefix), phase))


def to_copy_in(plan: PlanFile, prefix: str, phase: int, after: str, limit: int) -> list[PlannedObject]:
    """Objects to copy under a new prefix, after a new key, by new key."""
    query = f"SELECT {COLUMNS}{_IN_GROUP} AND state = 'copy' AND new_key > ? ORDER BY new_key LIMIT ?"
    rows = plan.rows(query, prefix, prefix_end(prefix), phase, after, limit)
    return [as_object(row) for row in rows]


def replaces_any(plan: PlanFile) -> bool:
    """Whether the plan replaces an object."""
    return bool(
        plan.value("SELECT EXISTS (SELECT 1 FROM objects WHERE state = 'copy' AND replaces IS NOT NULL)")
    )


def planned_for(plan: PlanFile, new_key: str) -> PlannedObject | None:
    """The object that belongs at a new key."""
    query = f"SELECT {COLUMNS} FROM objects WHERE new_key = ? AND {_HAS_DESTINATION}"
    row = plan.row(query, new_key)
    return None if row is None else as_object(row)


def planned_at(plan: PlanFile, key: str) -> PlannedObject | None:
    """The object that was listed at an old key; its new key is empty unless it moves."""
    row = plan.row(f"SELECT {COLUMNS} FROM objects WHERE key = ?", key)
    return None if row is None else as_object(row)


def expected_at(plan: PlanFile, key: str) -> PlannedObject | None:
    """The object that may be at an old key as far as the plan knows; None also of one that had vanished."""
    row = planned_at(plan, key)
    return None if row is None or row.state is State.VANISHED else row


def unmet(plan: PlanFile, run: int, after: str, limit: int) -> list[PlannedObject]:
    """Objects that verification `run` has not met at their new keys, after a new key, by new key."""
    query = (
        f"SELECT {COLUMNS} FROM objects WHERE state IN ({words(TO_MOVE)}) AND checked_in IS NOT ?"
        f" AND {_HAS_DESTINATION} AND new_key > ? ORDER BY new_key LIMIT ?"
    )
    return [as_object(row) for row in plan.rows(query, run, after, limit)]


def waiting(plan: PlanFile, after: str, limit: int) -> list[PlannedObject]:
    """Objects to copy, after a new key, by new key."""
    query = (
        f"SELECT {COLUMNS} FROM objects WHERE state = 'copy' AND {_HAS_DESTINATION} AND new_key > ?"
        " ORDER BY new_key LIMIT ?"
    )
    return [as_object(row) for row in plan.rows(query, after, limit)]


_VERIFIED = " FROM objects WHERE state = 'verified' AND checked_in = ?"


def verified_after(plan: PlanFile, row: int, limit: int) -> list[PlannedObject]:
    """Objects that the last verification found right and nobody deleted since, by row."""
    query = f"SELECT {COLUMNS}{_VERIFIED} AND id > ? ORDER BY id LIMIT ?"
    return [as_object(found) for found in plan.rows(query, plan.meta.verification, row, limit)]


def is_destination(plan: PlanFile, key: str) -> bool:
    """Whether an object moves to this key."""
    query = f"SELECT EXISTS (SELECT 1 FROM objects WHERE new_key = ? AND {_HAS_DESTINATION})"
    return bool(plan.value(query, key))


def prefix_end(prefix: str) -> str:
    """The first text after every key that starts with `prefix`, which ends in `/`."""
    return prefix[:-1] + chr(ord("/") + 1)
