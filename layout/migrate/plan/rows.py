"""Questions that several commands ask a plan."""

from collections.abc import Iterator
from dataclasses import dataclass

from layout.errors import PlanBlockedError
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.schema import Action, State

__all__ = [
    "AreaTotal",
    "BlockedRow",
    "area_totals",
    "blocked_rows",
    "prefix_end",
    "progress_totals",
    "refuse_if_blocked",
]

SHOWN = 50


@dataclass(frozen=True)
class AreaTotal:
    """One row of the plan's table: how many objects and bytes of an area get an action."""

    area: str
    action: Action
    objects: int
    bytes: int


@dataclass(frozen=True)
class BlockedRow:
    """An object that stops the copy, and why."""

    key: str
    action: Action
    reason: str


def area_totals(plan: PlanFile) -> list[AreaTotal]:
    """Objects and bytes of each area by action, areas in the order of their names."""
    rows = plan.rows(
        "SELECT area, action, count(*) AS objects, sum(size) AS bytes FROM objects"
        " GROUP BY area, action ORDER BY area, action"
    )
    return [AreaTotal(row["area"], Action(row["action"]), row["objects"], row["bytes"]) for row in rows]


def progress_totals(plan: PlanFile) -> dict[State, int]:
    """How many of the objects to move are in each state."""
    rows = plan.rows(
        "SELECT state, count(*) AS objects FROM objects WHERE action IN ('copy', 'done') GROUP BY state"
    )
    return dict.fromkeys(State, 0) | {State(row["state"]): row["objects"] for row in rows}


def blocked_rows(plan: PlanFile, limit: int = -1) -> Iterator[BlockedRow]:
    """The objects that stop the copy, in the order of their keys; `limit` below 0 means all."""
    rows = plan.rows(
        "SELECT key, action, reason FROM objects WHERE action IN ('unknown', 'conflict', 'collision')"
        " ORDER BY key LIMIT ?",
        limit,
    )
    for row in rows:
        yield BlockedRow(row["key"], Action(row["action"]), row["reason"])


def count_blocked(plan: PlanFile) -> int:
    """How many objects stop the copy."""
    return int(
        plan.value("SELECT count(*) FROM objects WHERE action IN ('unknown', 'conflict', 'collision')")
    )


def refuse_if_blocked(plan: PlanFile) -> None:
    """Stops a command that moves data while a person has to decide something.

    Raises:
        PlanBlockedError: Lists up to 50 of the objects, with their reasons.
    """
    blocked = count_blocked(plan)
    if not blocked:
        return
    lines = [f"  {row.action:9} {row.key!r}: {row.reason}" for row in blocked_rows(plan, SHOWN)]
    if blocked > SHOWN:
        lines.append(f"  and {blocked - SHOWN:,} more")
    raise PlanBlockedError(
        f"{blocked:,} of the planned objects stop the copy:\n" + "\n".join(lines),
        hint="Move or delete these objects, or what is at their new keys, then make a new plan.",
        bucket=plan.meta.bucket,
    )


def prefix_end(prefix: str) -> str:
    """The first text after every key that starts with `prefix`, which ends in `/`."""
    return prefix[:-1] + chr(ord("/") + 1)
