"""Making a plan: list the whole bucket, choose profiles, place every object, compare with what is there.

Each step can be repeated, and the listing resumes from the last key that it wrote down, so a plan that
crashed is finished by running the same command again. The bucket is only read.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from layout.errors import InvalidKeyError
from layout.keys import Key, profiles_key, selected_profile_key, user_prefix
from layout.legacy import Decision, Evidence, Facts, LegacyLayout, Placement
from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.comparing import compare_destinations
from layout.migrate.conflicts.evidence import gather_evidence
from layout.migrate.document_steps import DocumentSteps
from layout.migrate.equality import DEFAULT_READ_LIMIT, Reading
from layout.migrate.marking import live_since
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.filtering import keep_filter, kept_filter, require_known_users
from layout.migrate.plan.following_journal import FollowingJournal
from layout.migrate.plan.journal import ChosenUser, Journal, PlacedObject
from layout.migrate.plan.moves import Event
from layout.migrate.plan.old_side_rows import last_row, row_as_listed, still_unplaced, unknown_objects
from layout.migrate.plan.reference_rows import PlanDocuments
from layout.migrate.plan.rows import (
    PlannedObject,
    decisions,
    is_listed,
    is_user,
    profile_of,
    unplaced,
    users_without_profile,
)
from layout.migrate.plan.schema import UserState
from layout.migrate.plan.totals import count_objects
from layout.migrate.plan.user_filter import UserFilter
from layout.migrate.profile_files import choose_profile
from layout.migrate.report.progress import Progress
from layout.migrate.rules.kept import kept_rules, postponed_by
from layout.migrate.rules.ruled_layout import RuledLayout
from layout.times import utc_now

__all__ = [
    "find_collisions",
    "fingerprint",
    "make_plan",
    "note_page",
    "place_late",
    "place_objects",
]

BATCH = 5_000
USERS_BATCH = 200

_EVENTS = {
    Decision.MOVE: Event.PLACED,
    Decision.KEEP: Event.KEPT,
    Decision.IGNORE: Event.IGNORED,
    Decision.UNKNOWN: Event.NOT_KNOWN,
}


def make_plan(
    plan: PlanFile,
    bucket: BucketReader,
    layout: LegacyLayout,
    progress: Progress,
    read_limit: int = DEFAULT_READ_LIMIT,
    documents: DocumentSteps | None = None,
) -> bool:
    """Plans the migration of `layout` for the whole bucket; flat memory at any number of keys.

    Returns:
        False if the plan was finished before and nothing was done.

    Raises:
        PlanError: A user whom the plan is to be of, or not of, is none in this bucket; nothing was decided yet.
        StorageError: The bucket cannot be read; what was listed so far is kept.
    """
    if plan.meta.finished_at is not None:
        return False
    if plan.meta.user_filter is None:
        keep_filter(plan, UserFilter())
    ruled = RuledLayout(layout, kept_rules(plan))
    with progress.task("listing") as step:
        for page in _pages(plan, bucket):
            note_page(plan, ruled, page)
            step(len(page))
    with plan.transaction():
        plan.note(listed=True)
    require_known_users(plan)
    with progress.task("choosing profiles") as step:
        _choose_profiles(plan, bucket, ruled, partial(is_listed, plan), step)
    if documents is not None:
        documents.read()
    with progress.task("placing", count_objects(plan)) as step:
        place_objects(plan, ruled, step)
    find_collisions(plan, ruled)
    if documents is not None:
        documents.look_up(layout)
    reading = Reading(read_limit)
    compare_destinations(plan, bucket, reading, live_since(bucket, plan.meta.environment), progress)
    gather_evidence(plan, bucket, reading, progress)
    with plan.transaction():
        plan.note(read_objects=reading.objects, read_bytes=reading.bytes)
        plan.note(finished_at=utc_now(), fingerprint=fingerprint(plan))
    return True


def place_late(
    plan: PlanFile,
    bucket: BucketReader,
    layout: RuledLayout,
    found: list[ListedObject],
    again: list[PlannedObject],
) -> None:
    """Decides about objects that came after the plan was made, as it would have: all of it, or nothing.

    What they show about owners counts for what was unknown before.

    Args:
        plan: A finished plan.
        bucket: Where the registries of new users are.
        layout: That of the plan, with its rules.
        found: Objects that the plan does not know.
        again: Rows in the listed state, about which nothing is decided any more.

    Raises:
        StorageError: A registry cannot be read; the plan is as before.
    """
    last = last_row(plan)
    shown = _evidence(layout, [*found, *(row_as_listed(row) for row in again)])
    new_owners = {one.owner for one in shown if not is_user(plan, one.owner)}
    with plan.transaction():
        journal = FollowingJournal(plan)
        journal.listed(found, shown)
        if new_owners:
            with_owner = [row for row in unknown_objects(plan) if layout.owner_of(row.key) in new_owners]
            journal.reconsidered(with_owner)
            again = [*again, *with_owner]
            _choose_profiles(plan, bucket, layout, lambda key: bucket.head(key) is not None, lambda _: None)
        rows = [(row.id, row.key) for row in again] + unplaced(plan, last, len(found))
        facts = facts_of(plan)
        _place(plan, layout, facts, rows)
        if left := still_unplaced(plan, rows):
            journal.collided([_placed(row, layout.place(key, facts)) for row, key in left])
        if new_owners:
            journal.unclear_owners()


def _pages(plan: PlanFile, bucket: BucketReader) -> Iterator[list[ListedObject]]:
    if not plan.meta.listed:
        yield from bucket.pages(start_after=plan.meta.listed_to or "")


def note_page(plan: PlanFile, layout: LegacyLayout, page: list[ListedObject]) -> None:
    """One page and how far the listing has come, together or not at all."""
    if not page:
        return
    with plan.transaction():
        Journal(plan).listed(page, _evidence(layout, page))
        plan.note(listed_to=page[-1].key)


def _evidence(layout: LegacyLayout, items: Iterable[ListedObject]) -> set[Evidence]:
    return {found for item in items if (found := layout.evidence_in(item.key)) is not None}


def _choose_profiles(
    plan: PlanFile,
    bucket: BucketReader,
    layout: LegacyLayout,
    is_there: Callable[[Key], bool],
    step: "Progress.Step",
) -> None:
    while waiting := users_without_profile(plan, USERS_BATCH):
        chosen = [_chosen_user(plan, bucket, layout, is_there, owner) for owner in waiting]
        with plan.transaction():
            Journal(plan).chosen(chosen)
        step(len(chosen))


def _chosen_user(
    plan: PlanFile, bucket: BucketReader, layout: LegacyLayout, is_there: Callable[[Key], bool], owner: str
) -> ChosenUser:
    environment, wanted_id = plan.meta.environment, layout.user_of(owner)
    if not kept_filter(plan).includes(owner):
        return ChosenUser(owner, wanted_id, "", "-", "", UserState.LATER, "")
    try:
        prefix = user_prefix(wanted_id, environment=environment)
    except InvalidKeyError as error:
        return ChosenUser(owner, owner, "", "-", "", UserState.INVALID, str(error))
    if wanted_id != owner and layout.user_of(wanted_id) == wanted_id and is_user(plan, wanted_id):
        # Never a prefix of theirs: it is that of the other user, of whom nothing is unclear.
        problem = f"a rule gives the id {wanted_id!r} to {owner!r}, and there is a user of that name"
        return ChosenUser(owner, wanted_id, "", "-", "", UserState.INVALID, problem)
    registry = profiles_key(wanted_id, environment=environment)
    user_id = registry.fields["user"]
    chosen = choose_profile(
        bucket,
        user_id,
        environment,
        has_registry=is_there(registry),
        has_selection=is_there(selected_profile_key(wanted_id, environment=environment)),
    )
    state = UserState.CONFLICT if chosen.problem else UserState.PLANNED
    return ChosenUser(owner, user_id, prefix, chosen.profile_id, chosen.origin, state, chosen.problem)


def facts_of(plan: PlanFile) -> Facts:
    """What a layout may ask: profiles from the plan, the last answer remembered, since keys come in order."""
    last: list[tuple[str, str | None]] = [("", None)]

    def profile(owner: str) -> str | None:
        if last[0][0] != owner:
            last[0] = owner, profile_of(plan, owner)
        return last[0][1]

    return Facts(plan.meta.environment, profile, documents=PlanDocuments(plan))


def place_objects(plan: PlanFile, layout: RuledLayout, step: "Progress.Step") -> None:
    """A row whose new key another row has taken is left as it was, for `find_collisions`."""
    facts, last = facts_of(plan), 0
    while batch := unplaced(plan, last, BATCH):
        last = batch[-1][0]
        _place(plan, layout, facts, batch)
        step(len(batch))


def _place(plan: PlanFile, layout: RuledLayout, facts: Facts, rows: list[tuple[int, str]]) -> None:
    layout.matches.clear()
    postponed = postponed_by(plan, layout)
    placements = [(row, layout.place(key, facts), postponed(key)) for row, key in rows]
    placed = [_placed(row, placement, later=later) for row, placement, later in placements]
    users = {one.new_key.fields.get("user", "") for _, one, _ in placements if one.new_key is not None}
    with plan.transaction():
        if not layout.has_profiles:
            environment = plan.meta.environment
            prefixes = {user: user_prefix(user, environment=environment) for user in users if user}
            Journal(plan).users_without_profiles(prefixes)
        Journal(plan).placed(placed)
        Journal(plan).rules_matched(layout.matches)


def _placed(row: int, placement: Placement, *, later: bool = False) -> PlacedObject:
    if later and placement.decision in {Decision.MOVE, Decision.UNKNOWN}:
        reason = "the plan is of other users"
        return PlacedObject(
            row,
            Event.POSTPONED,
            placement.area,
            placement.rule,
            reason,
            placement.owner,
            None,
            placement.phase,
        )
    new_key = None if placement.new_key is None else str(placement.new_key)
    return PlacedObject(
        row,
        _EVENTS[placement.decision],
        placement.area,
        placement.rule,
        placement.reason,
        placement.owner,
        new_key,
        placement.phase,
    )


def find_collisions(plan: PlanFile, layout: LegacyLayout) -> None:
    """What was left in the listed state wanted a key that was taken: both sides become collisions."""
    facts, last = facts_of(plan), 0
    while batch := unplaced(plan, last, BATCH):
        last = batch[-1][0]
        with plan.transaction():
            Journal(plan).collided([_placed(row, layout.place(key, facts)) for row, key in batch])


def fingerprint(plan: PlanFile) -> str:
    """SHA-256 over every decision of the plan, its rules and its users."""
    digest = hashlib.sha256()
    if rules := kept_rules(plan).text:
        digest.update(rules.encode())
    if users := kept_filter(plan):
        digest.update(repr(users).encode("utf-8", "surrogatepass"))
    for decision in decisions(plan):
        digest.update(repr(decision).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
