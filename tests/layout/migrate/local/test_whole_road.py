"""Whatever a tree holds: what was there is moved, kept or reported, and taking it back gives the same tree."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layout.errors import PlanBlockedError
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.moves import BLOCKING, TO_MOVE, State
from layout.migrate.plan.totals import state_totals
from tests.layout.migrate.local.tree_of_files import Migration, snapshot, write_tree

USERS = st.sampled_from(["a", "ab", "3f2c9a6e-0000-4000-8000-000000000000", "åsa"])
NAMES = st.sampled_from(
    [
        "database.sqlite",
        "database.sqlite-wal",
        "database.sqlite-shm",
        "raw_clips/1.mp4",
        "raw_clips/Диагональный_пас.mp4",
        "raw_clips/...mp4",
        "final_videos/posters/x.jpg",
        "working_videos/working_1_0a1b2c3d.mp4",
        "archive/1.json",
        "detections/1.mp4/frame_1.json",
        "notes.txt",
        ".sync_pending",
        ".sync_conflict.user",
        "profiles.txt",
    ]
)
OWNED = st.dictionaries(st.tuples(USERS, NAMES).map("/".join), st.binary(max_size=40), max_size=12)
STRAYS = st.dictionaries(
    st.sampled_from(
        ["stray.txt", "logs/today.log", "dev/users/a/profiles.json", "a/profiles/bad/../x"]
    ).filter(lambda path: ".." not in path),
    st.binary(max_size=4),
    max_size=1,
)
ANY_TREE = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@ANY_TREE
@given(owned=OWNED, strays=STRAYS)
def test_every_file_is_moved_or_kept_or_reported(owned: dict[str, bytes], strays: dict[str, bytes]) -> None:
    """A plan accounts for each, and one that is stopped changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        migration = Migration(Path(folder, "user_data"), Path(folder, "plan.sqlite"))
        write_tree(migration.root, owned | strays)
        before = snapshot(migration.root)
        blocked = migration.plan()
        with PlanFile.open(migration.plan_path) as plan:
            totals = state_totals(plan)
        moved, kept = sum(totals[state] for state in TO_MOVE), totals[State.KEEP]
        assert moved + kept + len(blocked) == len(before)
        assert len(blocked) == sum(totals[state] for state in BLOCKING)
        assert snapshot(migration.root) == before
        if not blocked:
            return
        try:
            migration.copy()
        except PlanBlockedError:
            assert snapshot(migration.root) == before
        else:
            raise AssertionError("a plan that is stopped was carried out")


@ANY_TREE
@given(owned=OWNED)
def test_taking_it_back_gives_the_same_tree(owned: dict[str, bytes]) -> None:
    """Content, mode and time of every file."""
    with tempfile.TemporaryDirectory() as folder:
        migration = Migration(Path(folder, "user_data"), Path(folder, "plan.sqlite"))
        write_tree(migration.root, owned)
        before = snapshot(migration.root)
        if migration.plan():
            return
        assert migration.copy().complete
        migration.verify()
        assert not migration.take_back().kept
        assert snapshot(migration.root) == before


@ANY_TREE
@given(owned=OWNED)
def test_after_delete_each_file_is_where_the_plan_says_and_nothing_else_changed(
    owned: dict[str, bytes],
) -> None:
    """With its content, mode and time."""
    with tempfile.TemporaryDirectory() as folder:
        migration = Migration(Path(folder, "user_data"), Path(folder, "plan.sqlite"))
        write_tree(migration.root, owned)
        before = snapshot(migration.root)
        if migration.plan() or not migration.copy().complete:
            return
        verdict = migration.verify(deep=True)
        if not verdict.ok:
            assert not verdict.compared
            return
        migration.delete(verdict)
        with PlanFile.open(migration.plan_path) as plan:
            rows = list(plan.rows("SELECT key, new_key FROM objects WHERE state = 'deleted'"))
        moved = {
            row["key"]: str(migration.tree.new_path(row["new_key"]).relative_to(migration.tree.root))
            for row in rows
        }
        after = snapshot(migration.root)
        written = {path for path in after if path.endswith(("/profiles.json", "/selected-profile.json"))}
        assert {moved.get(path, path): facts for path, facts in before.items()} == {
            path: facts for path, facts in after.items() if path not in written
        }
