"""The users that a plan is of: kept in the plan, compared with what its listing shows, and told to the marker."""

from difflib import get_close_matches

from layout.errors import PlanError
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.user_filter import UserFilter
from layout.migrate.user_group import UserGroup

__all__ = ["group_of", "keep_filter", "kept_filter", "require_known_users"]

SHOWN = 10


def keep_filter(plan: PlanFile, users: UserFilter) -> None:
    """Writes the users into a plan that has just begun, and recognises them in any other.

    Raises:
        PlanError: The plan is of other users.
    """
    kept = plan.meta.user_filter
    if kept is None or (not plan.meta.listed and plan.meta.listed_to is None):
        with plan.transaction():
            plan.note(user_filter=users)
    elif kept != users:
        raise PlanError(
            f"The plan {str(plan.path)!r} is of {kept.told}, not of {users.told}.",
            hint="The users are part of a plan: name another file with --plan to make a plan of others.",
        )


def kept_filter(plan: PlanFile) -> UserFilter:
    """The users that a plan is of."""
    return plan.meta.user_filter or UserFilter()


def require_known_users(plan: PlanFile) -> None:
    """Refuses names that the finished listing does not show to be users; other names may be tried on the same plan.

    Raises:
        PlanError: Names one, and the users whose names are near.
    """
    users = kept_filter(plan)
    for name in (*users.only, *users.without):
        if plan.row("SELECT owner FROM users WHERE owner = ?", name) is not None:
            continue
        known = [row["owner"] for row in plan.rows("SELECT owner FROM users ORDER BY owner")]
        near = get_close_matches(name, known, SHOWN)
        told = "Near it are" if near else "The users begin with" if known else "The bucket shows no users"
        names = f": {', '.join(map(repr, near or known[:SHOWN]))}" if known else ""
        with plan.transaction():
            plan.note(user_filter=None)
        raise PlanError(
            f"Nothing in the bucket {plan.meta.bucket!r} shows a user {name!r}.",
            hint=f"Run the command again with another name. {told}{names}.",
            bucket=plan.meta.bucket,
        )


def group_of(plan: PlanFile) -> UserGroup:
    """Whom a finished plan moves, by their ids in the new layout."""
    users = kept_filter(plan)
    if not users:
        return UserGroup()
    later = "=" if users.without else "<>"
    rows = plan.rows(f"SELECT user_id FROM users WHERE state {later} 'later'")
    return UserGroup(frozenset(row["user_id"] for row in rows), others=bool(users.without))
