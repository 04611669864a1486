"""Questions that a migration of local files asks a plan, or the plan of the bucket that the files mirror."""

from dataclasses import dataclass

from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.life import words
from layout.migrate.plan.moves import State
from layout.migrate.plan.rows import COLUMNS, PlannedObject, as_object
from layout.migrate.plan.schema import UserState

__all__ = ["PlannedProfile", "count_found", "keys_by_rule", "own_copies_after", "planned_profile"]


@dataclass(frozen=True)
class PlannedProfile:
    """What a plan says about one user, certain or not."""

    user_id: str
    profile_id: str
    origin: str
    state: UserState
    reason: str


def planned_profile(plan: PlanFile, owner: str) -> PlannedProfile | None:
    """The profile that a plan gives an owner; None if the owner is no user of its bucket."""
    row = plan.row("SELECT user_id, profile_id, origin, state, reason FROM users WHERE owner = ?", owner)
    if row is None:
        return None
    user_id, profile_id, origin, state, reason = row
    return PlannedProfile(user_id, profile_id, origin, UserState(state), reason)


def keys_by_rule(plan: PlanFile, rule: str) -> list[str]:
    """Old keys that a rule of the layout decided about, in their order."""
    return [row["key"] for row in plan.rows("SELECT key FROM objects WHERE rule = ? ORDER BY key", rule)]


def count_found(plan: PlanFile) -> int:
    """How many objects are at their new keys that this plan has not copied itself."""
    states = words((State.DONE, State.COPIED, State.VERIFIED))
    return int(plan.value(f"SELECT count(*) FROM objects WHERE own_etag IS NULL AND state IN ({states})"))


def own_copies_after(plan: PlanFile, row: int, limit: int) -> list[PlannedObject]:
    """Objects that this plan copied and whose old ones it has not deleted, by row."""
    query = (
        f"SELECT {COLUMNS} FROM objects WHERE own_etag IS NOT NULL"
        f" AND state IN ({words((State.COPIED, State.VERIFIED))}) AND id > ? ORDER BY id LIMIT ?"
    )
    return [as_object(found) for found in plan.rows(query, row, limit)]
