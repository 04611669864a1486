"""The rows of a plan as a copy that follows the old side asks for them. Nothing here changes the plan."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from layout.migrate.bucket.reader import ListedObject
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.life import words
from layout.migrate.plan.moves import BLOCKING, TO_MOVE, State
from layout.migrate.plan.rows import COLUMNS, PlannedObject, as_object, prefix_end

__all__ = [
    "KnownVersion",
    "boundaries",
    "conflicts_after",
    "count_expected",
    "count_vanished",
    "holds_only_kept",
    "known_versions",
    "last_row",
    "objects_in",
    "owners_to_copy",
    "planned_under",
    "row_as_listed",
    "still_unplaced",
    "undecided_wanting",
    "unknown_objects",
    "waiting_since",
]


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """Which version of an old object a plan knows: ETag, size and time as listed, and how far it has come."""

    row: int
    etag: str
    size: int
    modified: str
    state: str


def boundaries(plan: PlanFile, ranges: int) -> list[str]:
    """At most `ranges` - 1 keys of ASCII, in order, between which about equally many old objects lie."""
    old = " FROM objects WHERE state <> 'keep'"
    step = int(plan.value("SELECT count(*)" + old)) // ranges
    if not step:
        return []
    query = f"SELECT key{old} ORDER BY key LIMIT 1 OFFSET ?"
    keys = [str(plan.value(query, number * step)) for number in range(1, ranges)]
    return sorted({key for key in keys if key.isascii()})


def holds_only_kept(plan: PlanFile, prefix: str) -> bool:
    """Whether all that was listed under a prefix is of the new layout."""
    query = "SELECT NOT EXISTS (SELECT 1 FROM objects WHERE key >= ? AND key < ? AND state <> 'keep')"
    return bool(plan.value(query, prefix, prefix_end(prefix)))


def known_versions(plan: PlanFile, after: str, to: str | None) -> Iterator[tuple[str, KnownVersion]]:
    """The versions of the objects whose keys lie after one and not after another, by key; None: to the end."""
    query = "SELECT key, id, etag, size, modified, state FROM objects WHERE key > ?"
    bound, values = ("", (after,)) if to is None else (" AND key <= ?", (after, to))
    for row in plan.rows(f"{query}{bound} ORDER BY key", *values):
        key, *version = tuple(row)
        yield key, KnownVersion(*version)


def objects_in(plan: PlanFile, rows: Sequence[int]) -> list[PlannedObject]:
    """The objects of at most a thousand rows, by key."""
    query = f"SELECT {COLUMNS} FROM objects WHERE id IN ({', '.join('?' * len(rows))}) ORDER BY key"
    return [as_object(row) for row in plan.rows(query, *rows)]


def last_row(plan: PlanFile) -> int:
    """The number of the newest row; 0 if there is none."""
    return int(plan.value("SELECT coalesce(max(id), 0) FROM objects"))


def row_as_listed(one: PlannedObject) -> ListedObject:
    """The planned version of an old object, as a listing would show it."""
    return ListedObject(one.key, one.etag, one.size, one.modified, one.storage_class)


def still_unplaced(plan: PlanFile, rows: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Those of some rows that wanted a new key which is taken: nothing has been decided about them."""
    query = "SELECT state = 'listed' FROM objects WHERE id = ?"
    return [(row, key) for row, key in rows if plan.value(query, row)]


def count_expected(plan: PlanFile) -> int:
    """How many objects the old side should show because the plan moves them."""
    states = words(tuple(state for state in TO_MOVE if state is not State.DELETED))
    return int(plan.value(f"SELECT count(*) FROM objects WHERE state IN ({states})"))


def count_vanished(plan: PlanFile) -> int:
    """How many objects have vanished from the old side since the plan was made."""
    return int(plan.value("SELECT count(*) FROM objects WHERE state = 'vanished'"))


def waiting_since(plan: PlanFile) -> tuple[int, int, str | None]:
    """How many objects are to be copied, their bytes, and the oldest last-modified time of them."""
    query = "SELECT count(*), coalesce(sum(size), 0), min(modified) FROM objects WHERE state = 'copy'"
    objects, size, oldest = next(plan.rows(query))
    return objects, size, oldest


def owners_to_copy(plan: PlanFile) -> set[str]:
    """The owners of whom something is to be copied."""
    return {row["owner"] for row in plan.rows("SELECT DISTINCT owner FROM objects WHERE state = 'copy'")}


_BLOCKED = f"SELECT {COLUMNS} FROM objects WHERE state IN ({words(BLOCKING)})"


def unknown_objects(plan: PlanFile) -> Iterator[PlannedObject]:
    """The objects that nothing places, by key."""
    for row in plan.rows(f"{_BLOCKED} AND state = 'unknown' ORDER BY key"):
        yield as_object(row)


def undecided_wanting(plan: PlanFile, new_keys: Sequence[str]) -> list[PlannedObject]:
    """The objects that collided about one of at most a thousand new keys."""
    query = (
        f"{_BLOCKED} AND state = 'collision' AND new_key IN ({', '.join('?' * len(new_keys))}) ORDER BY key"
    )
    return [as_object(row) for row in plan.rows(query, *new_keys)]


def conflicts_after(plan: PlanFile, key: str, limit: int) -> list[PlannedObject]:
    """Objects whose new keys were taken, after an old key; without those whose users are unclear."""
    query = (
        f"{_BLOCKED} AND state = 'conflict' AND key > ? AND owner NOT IN"
        " (SELECT owner FROM users WHERE state IN ('conflict', 'invalid')) ORDER BY key LIMIT ?"
    )
    return [as_object(row) for row in plan.rows(query, key, limit)]


def planned_under(plan: PlanFile, prefix: str, after: int, limit: int) -> list[PlannedObject]:
    """Old objects that belong under a new prefix, which ends in `/`, after a row, by row; moved ones too."""
    query = (
        f"SELECT {COLUMNS} FROM objects WHERE new_key >= ? AND new_key < ? AND new_key <> key AND id > ?"
        " ORDER BY id LIMIT ?"
    )
    return [as_object(row) for row in plan.rows(query, prefix, prefix_end(prefix), after, limit)]
