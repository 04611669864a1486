"""Making a plan of a local tree: as for a bucket, but new paths are looked at on the disk. The tree is only read."""

import uuid
from itertools import islice
from pathlib import Path

from layout.errors import InvalidKeyError, LayoutError, PlanError
from layout.keys import user_prefix
from layout.legacy import LEGACY_LAYOUTS
from layout.migrate.local.local_layout import SYNC_MARKER, LocalLayout
from layout.migrate.local.open_databases import database_of
from layout.migrate.local.placing_files import is_one_file, same_bytes
from layout.migrate.local.profiles import ProfileSource
from layout.migrate.local.tree import LocalTree, look, reason_of
from layout.migrate.plan.file import PlanFile, PlanMeta
from layout.migrate.plan.filtering import keep_filter
from layout.migrate.plan.journal import ChosenUser, Journal
from layout.migrate.plan.local_rows import keys_by_rule
from layout.migrate.plan.moves import TO_MOVE, Proof
from layout.migrate.plan.rows import PlannedObject, planned_at, users_without_profile, waiting
from layout.migrate.plan.schema import UserState
from layout.migrate.plan.totals import count_objects
from layout.migrate.plan.user_filter import UserFilter
from layout.migrate.planning import find_collisions, fingerprint, note_page, place_objects
from layout.migrate.report.progress import Progress
from layout.migrate.rules.kept import kept_rules
from layout.migrate.rules.ruled_layout import RuledLayout
from layout.times import utc_now

__all__ = ["make_local_plan", "new_meta", "open_tree", "sync_markers"]

BATCH = 1_000


def new_meta(tree: LocalTree, layout: str) -> PlanMeta:
    """Facts of a plan of this tree that begins now."""
    return PlanMeta(
        plan_id=uuid.uuid4().hex,
        layout=layout,
        bucket=str(tree.root),
        endpoint=tree.root.as_uri(),
        environment=tree.environment,
        created_at=utc_now(),
    )


def open_tree(plan: PlanFile, root: Path | None) -> LocalTree:
    """The tree that a plan is of.

    Args:
        plan: The plan.
        root: The folder that the operator named; None: that of the plan.

    Raises:
        PlanError: The plan is of a bucket, or of another tree.
        LocalPathError: The folder is gone.
    """
    if not plan.meta.endpoint.startswith("file:"):
        raise PlanError(
            f"The plan {str(plan.path)!r} is about the bucket {plan.meta.bucket!r}, not about local files.",
            hint="Name the plan of the local files with --plan.",
        )
    tree = LocalTree(Path(plan.meta.bucket) if root is None else root, plan.meta.environment)
    if str(tree.root) != plan.meta.bucket:
        raise PlanError(
            f"The plan {str(plan.path)!r} is about the files in {plan.meta.bucket!r}, not in {str(tree.root)!r}.",
            hint="Check --root, or name another plan file.",
        )
    return tree


def make_local_plan(plan: PlanFile, tree: LocalTree, source: ProfileSource, progress: Progress) -> bool:
    """Plans the migration of a whole tree; flat memory at any number of files.

    Returns:
        False if the plan was finished before and nothing was done.

    Raises:
        LocalPathError: A folder cannot be read; nothing is planned.
    """
    if plan.meta.finished_at is not None:
        return False
    source.require(plan)
    keep_filter(plan, UserFilter())
    ruled = RuledLayout(LocalLayout(LEGACY_LAYOUTS[plan.meta.layout]), kept_rules(plan))
    if not plan.meta.listed:
        # The whole listing or nothing of it: a tree that changed in between would be two halves of two trees.
        with progress.task("listing") as step, plan.transaction():
            files = tree.files()
            while page := list(islice(files, BATCH)):
                note_page(plan, ruled, page)
                step(len(page))
            plan.note(listed=True)
    _choose_profiles(plan, tree, ruled, source)
    with progress.task("placing", count_objects(plan)) as step:
        place_objects(plan, ruled, step)
    find_collisions(plan, ruled)
    with progress.task("comparing") as step:
        _compare(plan, tree, step)
    with plan.transaction():
        plan.note(finished_at=utc_now(), fingerprint=fingerprint(plan))
    return True


def sync_markers(plan: PlanFile) -> list[str]:
    """Paths of the markers that say that a user has changes which are not in the bucket."""
    return keys_by_rule(plan, SYNC_MARKER)


def _choose_profiles(plan: PlanFile, tree: LocalTree, layout: RuledLayout, source: ProfileSource) -> None:
    while waiting_users := users_without_profile(plan, BATCH):
        chosen = [_chosen_user(tree, layout, source, owner) for owner in waiting_users]
        with plan.transaction():
            Journal(plan).chosen(chosen)


def _chosen_user(tree: LocalTree, layout: RuledLayout, source: ProfileSource, owner: str) -> ChosenUser:
    user_id = layout.user_of(owner)
    try:
        prefix = user_prefix(user_id, environment=tree.environment)
    except InvalidKeyError as error:
        return ChosenUser(owner, owner, "", "-", "", UserState.INVALID, str(error))
    chosen = source.choose(tree, owner, user_id)
    state = UserState.CONFLICT if chosen.problem else UserState.PLANNED
    return ChosenUser(owner, user_id, prefix, chosen.profile_id, chosen.origin, state, chosen.problem)


def _compare(plan: PlanFile, tree: LocalTree, step: "Progress.Step") -> None:
    """What stops a file, and what is at its new path already."""
    with plan.transaction():
        Journal(plan).unclear_owners()
    last = ""
    while rows := waiting(plan, last, BATCH):
        last = rows[-1].new_key
        with plan.transaction():
            for row in rows:
                _compare_one(plan, tree, row)
        step(len(rows))


def _compare_one(plan: PlanFile, tree: LocalTree, row: PlannedObject) -> None:
    journal, old = Journal(plan), tree.old_path(row.key)
    if look(old) is None:
        journal.taken(row, _why_no_file(old))
        return
    database = database_of(row.key)
    if database is not None and database != row.key:
        owner = planned_at(plan, database)
        if owner is None or owner.state not in TO_MOVE:
            journal.taken(row, f"its database {database!r} is not there, or does not move")
            return
    try:
        new = tree.new_path(row.new_key)
        found = look(new, row.key)
        if found is not None and is_one_file(old, new):
            journal.found(row, found, Proof.LINK)
        elif found is not None and found.size == row.size and same_bytes(old, new):
            journal.found(row, found, Proof.BODIES)
        elif new.exists():
            journal.taken(row, f"another file is at {tree.shown(new)}")
    except LayoutError as error:
        journal.taken(row, str(error))
    except OSError as error:
        journal.taken(row, f"it cannot be compared: {reason_of(error)}")


def _why_no_file(path: Path) -> str:
    if path.is_symlink():
        return "it is a symbolic link, which is not followed"
    if path.exists():
        return "it is no file: a pipe, a socket or a device"
    return "it vanished while the plan was made"
