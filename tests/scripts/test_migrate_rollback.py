"""A migration is taken back: the original bucket, with what was written since, and nothing overwritten."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.data.flat_bucket.names import game_key
from tests.scripts.migration import Operator, operator_of
from tests.scripts.rolling_back import fill, marker, migrate, roll_back, without_trace
from tests.soak.contents import contents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_cloudflare.cloudflare import LocalCloudflare


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Operator]:
    """The operator of a flat bucket."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    fill(operator)
    yield operator
    cloudflare.s3.faults.clear()


@pytest.mark.parametrize(
    "done",
    [
        ("plan", "copy"),
        ("plan", "copy", "verify"),
        ("plan", "copy", "verify", "mark"),
        ("plan", "copy", "verify", "mark", "delete"),
    ],
    ids=lambda done: str(done[-1]),
)
def test_migrate_then_rollback_gives_the_original_bucket(
    cloudflare: LocalCloudflare, bucket: str, operator: Operator, done: tuple[str, ...]
) -> None:
    """After each step: bytes, headers and metadata; and a second migration goes to the end."""
    before = contents(cloudflare, bucket)
    migrate(operator, *done)
    status, told = roll_back(operator)
    assert status == 0, told
    assert marker(operator)["phase"] == "rolled back"
    assert contents(cloudflare, bucket).items() >= before.items()
    assert roll_back(operator)[0] == 0
    status, out, err = operator.remove_new()
    assert status == 3, err
    assert "a backup is locked, and goes by itself 30 days after it was made" in out
    assert without_trace(contents(cloudflare, bucket)) == before

    operator.new_plan()
    migrate(operator, "plan", "copy", "verify", "mark", "delete")
    assert marker(operator)["phase"] == "moved"
    assert operator.old_keys() == []


def test_what_was_written_since_goes_back(
    cloudflare: LocalCloudflare, bucket: str, operator: Operator
) -> None:
    """New objects get an old key; changed ones replace the version that the plan moved, of which a backup is made."""
    before = contents(cloudflare, bucket)
    migrate(operator, "plan", "copy", "verify", "mark")
    keys = [key for key in operator.listed() if "/profiles/" in key and "users/anna/" in key]
    profile = keys[0].partition("/profiles/")[2].partition("/")[0]
    new = f"dev/users/anna/profiles/{profile}"
    operator.put(f"{new}/database.sqlite", b"newer database", Metadata={"db-version": "8"})
    operator.put(f"{new}/raw_clips/2.mp4", b"a new clip")
    status, told = roll_back(operator)
    assert status == 0, told
    assert operator.body("anna/database.sqlite") == b"newer database"
    assert operator.metadata("anna/database.sqlite") == {"db-version": "8"}
    assert operator.body("anna/raw_clips/2.mp4") == b"a new clip"
    aside = [key for key in operator.listed() if key.startswith("dev/backups/replaced/")]
    assert [operator.body(key) for key in aside] == [b"database of anna"]
    changed = {"anna/database.sqlite", "anna/raw_clips/2.mp4"}
    now = contents(cloudflare, bucket)
    assert {key: now[key] for key in before if key not in changed} == {
        key: version for key, version in before.items() if key not in changed
    }


def test_another_object_at_an_old_key_is_never_overwritten(operator: Operator) -> None:
    """Whoever wrote it: both objects stay, the rest goes back, and the status says so."""
    migrate(operator, "plan", "copy", "verify", "mark", "delete")
    operator.put("anna/raw_clips/1.mp4", b"somebody else's")
    status, told = roll_back(operator)
    assert status == 3
    assert "1 stay at their new keys, since another object is at the old one:" in told
    assert operator.body("anna/raw_clips/1.mp4") == b"somebody else's"
    assert operator.body("bert/raw_clips/1.mp4") == b"clip of bert"
    operator.remove_new()
    left = [key for key in operator.listed() if "/profiles/" in key and "raw_clips" in key]
    assert len(left) == 1
    assert operator.body(left[0]) == b"clip of anna"


def test_what_the_old_layout_has_no_place_for_stays_and_is_named(operator: Operator) -> None:
    """A second profile of the new layout: its files stay, also when the rest is removed."""
    migrate(operator, "plan", "copy", "verify", "mark")
    other = "dev/users/anna/profiles/another1/raw_clips/1.mp4"
    operator.put(other, b"of another profile")
    status, told = roll_back(operator)
    assert status == 3
    assert f"  '{other}': the old layout has no place for it" in told.splitlines()
    operator.remove_new()
    assert operator.body(other) == b"of another profile"
    assert "dev/users/anna/profiles.json" in operator.listed()
    assert "dev/users/bert/profiles.json" not in operator.listed()


def test_what_was_deleted_since_keeps_its_old_object(operator: Operator) -> None:
    """It is named; deleting it at the old key, too, is for a person."""
    migrate(operator, "plan", "copy", "verify", "mark")
    gone = next(key for key in operator.listed() if "users/bert/" in key and key.endswith("1.mp4"))
    operator.delete(gone)
    status, told = roll_back(operator)
    assert status == 0
    assert (
        f"  'bert/raw_clips/1.mp4': nothing is at {gone} any more; the one at the old key stays"
        in told.splitlines()
    )
    assert operator.body("bert/raw_clips/1.mp4") == b"clip of bert"


def test_a_dry_run_changes_nothing(cloudflare: LocalCloudflare, bucket: str, operator: Operator) -> None:
    """It counts what would be done, in the bucket and in the plan."""
    migrate(operator, "plan", "copy", "verify", "mark", "delete")
    before, plan = contents(cloudflare, bucket), Path(operator.plan).read_bytes()
    status, out, _ = operator.run("rollback", dry=True)
    assert (status, out.splitlines()) == (
        0,
        [
            "Would copy back 7 objects, 75 B; 0 are at their old keys already.",
            "Nothing was written. Stop the application, then run again with --execute.",
        ],
    )
    assert contents(cloudflare, bucket) == before
    assert Path(operator.plan).read_bytes() == plan


def test_an_object_that_was_in_the_new_layout_before_stays(operator: Operator) -> None:
    """What the plan found there already is not this migration's to remove."""
    operator.put(f"dev/{game_key(1)}", b"game", Metadata={"ref_count": "2"})
    operator.put(f"dev/{game_key(2)}", b"another game")
    migrate(operator, "plan", "copy", "verify", "mark", "delete")
    assert roll_back(operator)[0] == 0
    operator.remove_new()
    assert {f"dev/{game_key(1)}", f"dev/{game_key(2)}", game_key(1)} <= set(operator.listed())


@pytest.mark.parametrize("action", FaultAction)
def test_a_rollback_survives_every_fault(
    cloudflare: LocalCloudflare, bucket: str, operator: Operator, action: FaultAction
) -> None:
    """It is complete, or says that it is not and is finished by the next run."""
    before = contents(cloudflare, bucket)
    migrate(operator, "plan", "copy", "verify", "mark", "delete")
    for command in (partial(operator.run, "rollback"), operator.remove_new):
        cloudflare.s3.faults.add(FaultRule(action, first=2, every=3, times=6, status=503, seconds=0.1))
        command()
        cloudflare.s3.faults.clear()
        status, out, err = command()
        assert status in (0, 3), out + err
        present = set(contents(cloudflare, bucket).values())
        assert set(before.values()) <= present
    assert without_trace(contents(cloudflare, bucket)) == before


def test_a_rollback_of_one_user_is_of_that_user_alone(
    cloudflare: LocalCloudflare, bucket: str, operator: Operator
) -> None:
    """A canary is taken back, and the others stay as they were."""
    before = contents(cloudflare, bucket)
    assert operator.run("plan", "--only-user", "anna")[0] == 0
    migrate(operator, "copy", "verify", "mark", "delete")
    canary = operator.plan
    operator.new_plan()
    assert operator.run("plan", "--rules", "r.toml")[0] == 0
    migrate(operator, "copy", "verify", "mark", "delete")
    moved = {key for key in operator.listed() if "users/bert/" in key}
    operator.plan = canary
    status, told = roll_back(operator)
    assert status == 0, told
    assert operator.remove_new()[0] == 0
    now = contents(cloudflare, bucket)
    assert {key: now[key] for key in now if key.startswith("anna/")} == {
        key: before[key] for key in before if key.startswith("anna/")
    }
    assert moved <= set(now)
    assert not [key for key in now if "users/anna/" in key]
