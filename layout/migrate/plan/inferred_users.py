"""Whom a plan takes for users, and why: nothing in a bucket says it, so a person should read it before a copy."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from layout.migrate.plan.file import PlanFile

__all__ = ["InferredUser", "inferred_users"]


@dataclass(frozen=True)
class InferredUser:
    """One user.

    Attributes:
        owner: The owner reference in the old layout.
        shown_by: The names that show that the owner is a user, sorted: `database.sqlite`, `raw_clips/`.
    """

    owner: str
    shown_by: tuple[str, ...]


def inferred_users(plan: PlanFile, limit: int = -1) -> Iterator[InferredUser]:
    """The users that the plan is of, those with the fewest names first: they are the likeliest to be none.

    `limit` below 0 means all.
    """
    rows = plan.rows(
        "SELECT owner, json_group_array(name) AS names FROM evidence WHERE owner NOT IN"
        " (SELECT owner FROM users WHERE state = 'later') GROUP BY owner ORDER BY count(*), owner LIMIT ?",
        limit,
    )
    for row in rows:
        yield InferredUser(row["owner"], tuple(sorted(json.loads(row["names"]))))
