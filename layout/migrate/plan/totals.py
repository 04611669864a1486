"""How much of a plan is in which state, and what stops it. Nothing here changes the plan."""

from collections.abc import Iterator
from dataclasses import dataclass

from layout import program
from layout.errors import PlanBlockedError
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.life import words
from layout.migrate.plan.moves import BLOCKING, TO_MOVE, State
from layout.migrate.plan.schema import UserState

__all__ = [
    "AreaTotal",
    "BlockedRow",
    "area_totals",
    "blocked_rows",
    "count_blocked",
    "count_in_parts",
    "count_objects",
    "count_other_classes",
    "count_there",
    "count_to_move",
    "count_users",
    "count_verified",
    "left_to_copy",
    "refuse_if_blocked",
    "state_totals",
]

SHOWN = 50


@dataclass(frozen=True)
class AreaTotal:
    """One row of the plan's table: how many objects and bytes of an area are in a state."""

    area: str
    action: State
    objects: int
    bytes: int


@dataclass(frozen=True)
class BlockedRow:
    """An object that stops the copy, why, and the JSON of what is known of both sides of a conflict, else empty."""

    key: str
    action: State
    reason: str
    sides: str


def count_objects(plan: PlanFile) -> int:
    """How many objects the plan accounts for."""
    return int(plan.value("SELECT count(*) FROM objects"))


def count_to_move(plan: PlanFile) -> int:
    """How many objects the plan moves, however far they have come."""
    return int(plan.value(f"SELECT count(*) FROM objects WHERE state IN ({words(TO_MOVE)})"))


def count_other_classes(plan: PlanFile) -> int:
    """How many objects that the plan moves are of another storage class than `STANDARD`."""
    query = f"SELECT count(*) FROM objects WHERE storage_class <> 'STANDARD' AND state IN ({words(TO_MOVE)})"
    return int(plan.value(query))


def count_in_parts(plan: PlanFile, size: int) -> int:
    """How many objects that the plan moves were uploaded in parts, or are larger than so many bytes."""
    in_parts = "(size > ? OR instr(etag, '-') > 0)"
    return int(
        plan.value(f"SELECT count(*) FROM objects WHERE {in_parts} AND state IN ({words(TO_MOVE)})", size)
    )


def count_users(plan: PlanFile, state: UserState | None = None) -> int:
    """How many users the plan is of, or how many of those that it infers are in a state."""
    if state is None:
        return int(plan.value("SELECT count(*) FROM users WHERE state <> 'later'"))
    return int(plan.value("SELECT count(*) FROM users WHERE state = ?", state))


def left_to_copy(plan: PlanFile) -> tuple[int, int]:
    """How many objects are to be copied, and their bytes."""
    query = "SELECT count(*), coalesce(sum(size), 0) FROM objects WHERE state = 'copy'"
    objects, size = next(plan.rows(query))
    return objects, size


def count_there(plan: PlanFile) -> int:
    """How many objects are at their new keys, or were when their old ones were deleted."""
    return count_to_move(plan) - left_to_copy(plan)[0]


def count_verified(plan: PlanFile) -> int:
    """How many objects the last verification found right and nobody deleted since."""
    query = "SELECT count(*) FROM objects WHERE state = 'verified' AND checked_in = ?"
    return int(plan.value(query, plan.meta.verification))


def area_totals(plan: PlanFile) -> list[AreaTotal]:
    """Objects and bytes of each area by state, areas in the order of their names."""
    rows = plan.rows(
        "SELECT area, state, count(*) AS objects, sum(size) AS bytes FROM objects"
        " GROUP BY area, state ORDER BY area, state"
    )
    return [AreaTotal(row["area"], State(row["state"]), row["objects"], row["bytes"]) for row in rows]


def state_totals(plan: PlanFile) -> dict[State, int]:
    """How many objects are in each state."""
    rows = plan.rows("SELECT state, count(*) AS objects FROM objects GROUP BY state")
    return dict.fromkeys(State, 0) | {State(row["state"]): row["objects"] for row in rows}


def blocked_rows(plan: PlanFile, limit: int = -1) -> Iterator[BlockedRow]:
    """The objects that stop the copy, in the order of their keys; `limit` below 0 means all."""
    query = (
        "SELECT key, state, reason, coalesce(sides, '') FROM objects LEFT JOIN conflict_evidence ON object = id"
        f" WHERE state IN ({words(BLOCKING)}) ORDER BY key LIMIT ?"
    )
    for key, state, reason, sides in plan.rows(query, limit):
        yield BlockedRow(key, State(state), reason, sides)


def count_blocked(plan: PlanFile) -> int:
    """How many objects stop the copy."""
    return int(plan.value(f"SELECT count(*) FROM objects WHERE state IN ({words(BLOCKING)})"))


def refuse_if_blocked(plan: PlanFile, hint: str = "") -> None:
    """Stops a command that moves data while a person has to decide something.

    Args:
        plan: The plan.
        hint: What to do about it; unless given, a rule file is suggested.

    Raises:
        PlanBlockedError: Lists up to 50 of the objects, with their reasons.
    """
    blocked = count_blocked(plan)
    if not blocked:
        return
    suggest = program.command("migrate", "plan", plan.meta.layout, "--plan", plan.path, "--suggest", "FILE")
    lines = [f"  {row.action:9} {row.key!r}: {row.reason}" for row in blocked_rows(plan, SHOWN)]
    if blocked > SHOWN:
        lines.append(f"  and {blocked - SHOWN:,} more")
    raise PlanBlockedError(
        f"{blocked:,} of the planned objects stop the copy:\n" + "\n".join(lines),
        hint=hint or f"Decide about them in a rule file; this suggests one: {suggest}",
        bucket=plan.meta.bucket,
    )
