"""Making a plan: list the whole bucket, choose profiles, place every object, compare with what is there.

Each step can be repeated, and the listing resumes from the last key that it wrote down, so a plan that
crashed is finished by running the same command again. The bucket is only read.
"""

import hashlib
from collections.abc import Iterator

from layout.errors import InvalidKeyError
from layout.keys import profiles_key, selected_profile_key, user_prefix
from layout.legacy import Decision, Facts, LegacyLayout, Placement
from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.comparing import compare_destinations
from layout.migrate.plan.file import PlanFile, utc_now
from layout.migrate.plan.schema import Action, UserState
from layout.migrate.profile_files import choose_profile
from layout.migrate.report.progress import Progress

__all__ = ["make_plan"]

BATCH = 5_000
USERS_BATCH = 200

_ACTIONS = {Decision.MOVE: Action.COPY, Decision.KEEP: Action.KEEP, Decision.UNKNOWN: Action.UNKNOWN}


def make_plan(plan: PlanFile, bucket: BucketReader, layout: LegacyLayout, progress: Progress) -> bool:
    """Plans the migration of `layout` for the whole bucket; flat memory at any number of keys.

    Returns:
        False if the plan was finished before and nothing was done.

    Raises:
        StorageError: The bucket cannot be read; what was listed so far is kept.
    """
    if plan.meta.finished_at is not None:
        return False
    with progress.task("listing") as step:
        for page in _pages(plan, bucket):
            _note_page(plan, layout, page)
            step(len(page))
    with plan.transaction():
        plan.note(listed=True)
    with progress.task("choosing profiles") as step:
        _choose_profiles(plan, bucket, step)
    with progress.task("placing", plan.value("SELECT count(*) FROM objects")) as step:
        _place_objects(plan, layout, step)
    _find_collisions(plan, layout)
    compare_destinations(plan, bucket)
    with plan.transaction():
        plan.note(finished_at=utc_now(), fingerprint=_fingerprint(plan))
    return True


def _pages(plan: PlanFile, bucket: BucketReader) -> Iterator[list[ListedObject]]:
    if not plan.meta.listed:
        yield from bucket.pages(start_after=plan.meta.listed_to or "")


def _note_page(plan: PlanFile, layout: LegacyLayout, page: list[ListedObject]) -> None:
    """One page and how far the listing has come, together or not at all."""
    if not page:
        return
    shown = {found.owner for item in page if (found := layout.evidence_in(item.key)) is not None}
    with plan.transaction() as database:
        database.executemany(
            "INSERT OR REPLACE INTO objects (key, etag, size, modified) VALUES (?, ?, ?, ?)",
            ((item.key, item.etag, item.size, item.modified) for item in page),
        )
        database.executemany("INSERT OR IGNORE INTO users (owner) VALUES (?)", ((owner,) for owner in shown))
        plan.note(listed_to=page[-1].key)


def _choose_profiles(plan: PlanFile, bucket: BucketReader, step: "Progress.Step") -> None:
    while True:
        waiting = list(
            plan.rows("SELECT owner FROM users WHERE profile_id = '' ORDER BY owner LIMIT ?", USERS_BATCH)
        )
        if not waiting:
            return
        chosen = [_user_row(plan, bucket, row["owner"]) for row in waiting]
        with plan.transaction() as database:
            database.executemany(
                "UPDATE users SET user_id = ?, prefix = ?, profile_id = ?, origin = ?, state = ?, reason = ?"
                " WHERE owner = ?",
                chosen,
            )
        step(len(chosen))


def _user_row(plan: PlanFile, bucket: BucketReader, owner: str) -> tuple[str, ...]:
    """Values of one row of `users`, its key last."""
    environment = plan.meta.environment
    try:
        prefix = user_prefix(owner, environment=environment)
    except InvalidKeyError as error:
        return owner, "", "-", "", UserState.INVALID, str(error), owner
    registry = profiles_key(owner, environment=environment)
    user_id = registry.fields["user"]
    chosen = choose_profile(
        bucket,
        user_id,
        environment,
        has_registry=_is_listed(plan, registry),
        has_selection=_is_listed(plan, selected_profile_key(owner, environment=environment)),
    )
    state = UserState.CONFLICT if chosen.problem else UserState.PLANNED
    return user_id, prefix, chosen.profile_id, chosen.origin, state, chosen.problem, owner


def _is_listed(plan: PlanFile, key: str) -> bool:
    return bool(plan.value("SELECT EXISTS (SELECT 1 FROM objects WHERE key = ?)", str(key)))


def facts_of(plan: PlanFile) -> Facts:
    """What a layout may ask: profiles from the plan, the last answer remembered, since keys come in order."""
    last: list[tuple[str, str | None]] = [("", None)]

    def profile_of(owner: str) -> str | None:
        if last[0][0] != owner:
            row = plan.database.execute("SELECT profile_id FROM users WHERE owner = ?", (owner,)).fetchone()
            last[0] = owner, row["profile_id"] if row else None
        return last[0][1]

    return Facts(plan.meta.environment, profile_of)


_PLACE = (
    "UPDATE OR IGNORE objects"
    " SET action = ?, area = ?, rule = ?, reason = ?, owner = ?, new_key = ?, phase = ? WHERE id = ?"
)


def _place_objects(plan: PlanFile, layout: LegacyLayout, step: "Progress.Step") -> None:
    """A row whose new key another row has taken is left as it was, for `_find_collisions`."""
    facts, last = facts_of(plan), 0
    while True:
        batch = list(
            plan.rows(
                "SELECT id, key FROM objects WHERE id > ? AND action = 'listed' ORDER BY id LIMIT ?",
                last,
                BATCH,
            )
        )
        if not batch:
            return
        last = batch[-1]["id"]
        placed = [_placed(row["id"], layout.place(row["key"], facts)) for row in batch]
        with plan.transaction() as database:
            database.executemany(_PLACE, placed)
        step(len(batch))


def _placed(row_id: int, placement: Placement) -> tuple[object, ...]:
    new_key = None if placement.new_key is None else str(placement.new_key)
    action = _ACTIONS[placement.decision]
    return (
        action,
        placement.area,
        placement.rule,
        placement.reason,
        placement.owner,
        new_key,
        placement.phase,
        row_id,
    )


def _find_collisions(plan: PlanFile, layout: LegacyLayout) -> None:
    """What was left in the listed state wanted a key that was taken: both sides become collisions."""
    facts = facts_of(plan)
    with plan.transaction() as database:
        for row in list(plan.rows("SELECT id, key FROM objects WHERE action = 'listed'")):
            placement = layout.place(row["key"], facts)
            database.execute(_PLACE, (Action.COLLISION, *_placed(row["id"], placement)[1:]))
        database.execute(
            "UPDATE objects SET action = 'collision' WHERE action = 'copy'"
            " AND new_key IN (SELECT new_key FROM objects WHERE action = 'collision')"
        )
        database.execute(
            "UPDATE objects SET reason = 'several objects would get the key ' || new_key"
            " WHERE action = 'collision'"
        )


def _fingerprint(plan: PlanFile) -> str:
    digest = hashlib.sha256()
    for row in plan.rows("SELECT key, etag, size, action, new_key FROM objects ORDER BY key"):
        digest.update(repr(tuple(row)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
