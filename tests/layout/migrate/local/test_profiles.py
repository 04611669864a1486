"""A user's files go to one profile: their registry's, the bucket's plan's, or a new one if somebody says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from layout.environment import Environment
from layout.errors import DeletionRefusedError, PlanError, VerificationError
from layout.migrate.local.planning import open_tree
from layout.migrate.local.profiles import ProfileSource
from layout.migrate.plan.file import PlanFile, PlanMeta
from layout.migrate.plan.schema import UserState
from layout.migrate.report.verdict import Verdict
from tests.layout.migrate.local.tree_of_files import PROFILE, Migration, snapshot

OTHER = "0f0f0f0f"


def bucket_plan(
    folder: Path,
    profile: str = PROFILE,
    state: UserState = UserState.READY,
    *,
    user_id: str = "a",
    reason: str = "",
    environment: Environment = Environment.DEV,
) -> PlanFile:
    """The plan of a bucket's migration of one user."""
    meta = PlanMeta(
        plan_id="0" * 32,
        layout="flat",
        bucket="bucket",
        endpoint="https://r2.example",
        environment=environment,
        created_at="2026-01-01T00:00:00Z",
        finished_at="2026-01-01T00:00:00Z",
    )
    plan = PlanFile.open_or_create(folder / "bucket.sqlite", meta)
    with plan.transaction() as database:
        database.execute(
            "INSERT INTO users (owner, user_id, profile_id, origin, state, reason)"
            " VALUES ('a', ?, ?, 'reserved', ?, ?)",
            (user_id, profile, state, reason),
        )
    return plan


def without_registry(migration: Migration, source: ProfileSource) -> Migration:
    """The same tree, in which nothing tells the profile."""
    (migration.root / "a/profiles.json").unlink()
    return Migration(migration.root, migration.plan_path, source)


def test_local_files_go_to_the_profile_that_the_bucket_gave(migration: Migration, tmp_path: Path) -> None:
    """So that both are one user to the application. No registry is written: the bucket has it."""
    with bucket_plan(tmp_path, OTHER) as other:
        moving = without_registry(migration, ProfileSource(other))
        assert moving.plan() == {}
    assert moving.copy().complete
    assert (migration.root / "a/profiles" / OTHER / "raw_clips/1.mp4").is_file()
    assert not (migration.root / "a/profiles.json").exists()


def test_a_registry_that_names_another_profile_than_the_bucket_is_a_conflict(
    migration: Migration, tmp_path: Path
) -> None:
    """Nothing of the user moves."""
    with bucket_plan(tmp_path, OTHER) as other:
        reasons = Migration(migration.root, migration.plan_path, ProfileSource(other)).plan()
    assert set(reasons.values()) == {
        f"its profiles.json has the default profile {PROFILE!r}, and the bucket's plan has {OTHER!r}"
    }
    assert len(reasons) == 3


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"state": UserState.PLANNED}, "the bucket's plan has only reserved a profile: run its copy first"),
        ({"state": UserState.LATER}, "the bucket's plan is of other users: name the plan of this one"),
        (
            {"state": UserState.CONFLICT, "reason": "two registries"},
            "it is unclear in the bucket's plan: two registries",
        ),
        ({"user_id": "anna"}, "the bucket's plan gives it the user id 'anna': use the same rules"),
    ],
)
def test_a_profile_that_is_not_certain_in_the_bucket_is_not_used(
    migration: Migration, tmp_path: Path, facts: dict[str, str], reason: str
) -> None:
    """Even if new profiles are allowed."""
    with bucket_plan(tmp_path, **facts) as other:  # type: ignore[arg-type]
        moving = without_registry(migration, ProfileSource(other, new_profiles=True))
        assert set(moving.plan().values()) == {reason}


@pytest.mark.parametrize(
    ("with_bucket", "why"),
    [(False, "nothing says which profile it has"), (True, "the bucket's plan does not know the user")],
)
def test_no_profile_is_made_up(migration: Migration, tmp_path: Path, why: str, *, with_bucket: bool) -> None:
    """Unless an operator says that the bucket has nothing of the user."""
    with bucket_plan(tmp_path) as other:
        with other.transaction() as database:
            database.execute("DELETE FROM users")
        moving = without_registry(migration, ProfileSource(other if with_bucket else None))
        way = "name the plan of the bucket's migration with --bucket-plan"
        other_way = "or, if the bucket has nothing of this user, add --new-profiles"
        assert set(moving.plan().values()) == {f"{why}: {way}, {other_way}"}


def test_a_new_profile_has_its_two_files_and_they_go_when_it_is_taken_back(migration: Migration) -> None:
    """As `profiles.json` and `selected-profile.json`, which an application reads."""
    moving = without_registry(migration, ProfileSource(new_profiles=True))
    before = snapshot(moving.root)
    moving.plan()
    assert moving.copy().complete
    assert {path.name for path in (moving.root / "a").glob("*.json")} == {
        "profiles.json",
        "selected-profile.json",
    }
    assert moving.verify().ok
    assert moving.take_back().kept.total == 0
    assert snapshot(moving.root) == before


def test_a_registry_that_was_changed_after_the_plan_stops_its_user(migration: Migration) -> None:
    """Somebody gave the user a profile meanwhile."""
    moving = without_registry(migration, ProfileSource(new_profiles=True))
    moving.plan()
    (moving.root / "a/profiles.json").write_bytes(b'{"default": "x", "profiles": {"x": {"name": null}}}')
    report = moving.copy()
    assert "its profiles.json has the default profile 'x', and the plan has" in report.users.first["a"]
    assert not (moving.root / "a/profiles").exists()


def test_a_plan_of_another_environment_gives_no_profiles(migration: Migration, tmp_path: Path) -> None:
    """Its users are others."""
    with bucket_plan(tmp_path, environment=Environment.PROD) as other, pytest.raises(PlanError) as error:
        Migration(migration.root, migration.plan_path, ProfileSource(other)).plan()
    assert str(error.value) == (
        f"The plan {str(tmp_path / 'bucket.sqlite')!r} is about the layout 'flat' and the environment 'prod',"
        " not about 'flat' and 'dev'."
    )
    assert error.value.hint == "Check --env and --bucket-plan."


def test_a_plan_of_local_files_gives_no_profiles(migration: Migration, tmp_path: Path) -> None:
    """It may have made them up."""
    migration.plan()
    with PlanFile.open(migration.plan_path) as own, pytest.raises(PlanError) as error:
        Migration(migration.root, tmp_path / "second.sqlite", ProfileSource(own)).plan()
    assert (
        str(error.value) == f"The plan {str(migration.plan_path)!r} is about local files, not about a bucket."
    )
    assert error.value.hint == "Name the plan of the bucket's migration with --bucket-plan."


def test_a_plan_of_a_bucket_moves_no_local_files(tmp_path: Path) -> None:
    """Its keys are those of objects."""
    with bucket_plan(tmp_path) as plan, pytest.raises(PlanError) as error:
        open_tree(plan, None)
    assert str(error.value) == (
        f"The plan {str(tmp_path / 'bucket.sqlite')!r} is about the bucket 'bucket', not about local files."
    )
    assert error.value.hint == "Name the plan of the local files with --plan."


def test_a_plan_of_another_folder_is_refused(migration: Migration, tmp_path: Path) -> None:
    """Both are named."""
    migration.plan()
    with migration.opened() as plan, pytest.raises(PlanError) as error:
        open_tree(plan, tmp_path)
    assert str(error.value) == (
        f"The plan {str(migration.plan_path)!r} is about the files in {str(migration.root)!r},"
        f" not in {str(tmp_path)!r}."
    )
    assert error.value.hint == "Check --root, or name another plan file."


def test_after_delete_nothing_can_be_taken_back(migration: Migration) -> None:
    """The new names are the only ones."""
    migration.plan()
    migration.copy()
    migration.delete(migration.verify())
    with pytest.raises(DeletionRefusedError) as error:
        migration.take_back()
    assert str(error.value) == (
        "3 old files were deleted, so what is at their new paths is all that there is of them."
    )
    assert error.value.hint == "Nothing was changed. Go on in the new layout."


def test_a_verdict_from_before_the_way_back_deletes_nothing(migration: Migration) -> None:
    """A second migration with the same plan needs a verification of its own."""
    migration.plan()
    migration.copy()
    verdict = migration.verify()
    migration.take_back()
    assert migration.copy().complete
    with pytest.raises(VerificationError):
        migration.delete(verdict)
    second: Verdict = migration.verify()
    assert migration.delete(second).removed == 3


def test_what_was_at_its_new_path_before_the_plan_is_not_taken_back(migration: Migration) -> None:
    """It is none of the plan's; the answer counts it."""
    new = migration.root / "a/profiles" / PROFILE / "raw_clips/1.mp4"
    new.parent.mkdir(parents=True)
    os.link(migration.root / "a/raw_clips/1.mp4", new)
    migration.plan()
    migration.copy()
    report = migration.take_back()
    assert (report.found, report.removed) == (1, 2)
    assert new.exists()


def test_an_old_name_stays_if_its_new_file_was_written_since(migration: Migration) -> None:
    """The application has started: what it has not touched may go."""
    migration.plan()
    migration.copy()
    verdict = migration.verify()
    (migration.root / "a/profiles" / PROFILE / "database.sqlite").write_bytes(b"newer")
    report = migration.delete(verdict)
    assert set(report.kept.first.values()) == {"the new file was written since the verification"}
    assert (migration.root / "a/database.sqlite").exists()
    assert not (migration.root / "a/raw_clips").exists()


def test_a_new_file_that_was_written_since_is_not_taken_back(migration: Migration) -> None:
    """Nobody but a person knows which of the two is right."""
    migration.plan()
    migration.copy()
    new = migration.root / "a/profiles" / PROFILE / "database.sqlite"
    new.write_bytes(b"newer")
    report = migration.take_back()
    assert report.kept.first["a/database.sqlite"] == (
        "the new file was written since it was put there: compare the two, and keep the right one"
    )
    assert new.read_bytes() == b"newer"


@pytest.mark.parametrize(
    ("change", "sign", "reason"),
    [
        ("new", "*", "the new file was written since it was put there"),
        ("old", "*", "the old file was written after the plan was made"),
        ("gone", "+", "is missing at its new path"),
        ("source", "!", "the old file is gone, and this plan has not deleted it"),
    ],
)
def test_a_verification_finds_each_difference(
    migration: Migration, change: str, sign: str, reason: str
) -> None:
    """By the old path of the file."""
    migration.plan()
    migration.copy()
    old = migration.root / "a/database.sqlite"
    new = migration.root / "a/profiles" / PROFILE / "database.sqlite"
    if change in {"new", "old"}:
        (new if change == "new" else old).write_bytes(b"other")
    else:
        (new if change == "gone" else old).unlink()
    verdict = migration.verify()
    assert [(one.sign, one.key, one.reason) for one in verdict.problems] == [
        (sign, "a/database.sqlite", reason)
    ]


def test_a_deep_verification_reads_copies_again(migration: Migration) -> None:
    """Bytes that changed under the same size and time are found."""
    migration.plan()
    migration.copy()
    new = migration.root / "a/profiles" / PROFILE / "database.sqlite"
    state, content = new.stat(), bytearray(new.read_bytes())
    content[-1] ^= 1
    with new.open("r+b") as file:
        file.write(content)
    os.utime(new, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert migration.verify().ok
    assert [one.reason for one in migration.verify(deep=True).problems] == ["the two files have other bytes"]
