"""A migration is taken back: the original bucket, with what was written since, and nothing overwritten."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.data.flat_bucket.names import game_key
from tests.scripts.migration import Operator, operator_of
from tests.soak.contents import contents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.soak.contents import Contents

MARKER = "dev/layout.json"


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Operator]:
    """The operator of a flat bucket: two users, a game, an object in parts, one that a rule sets aside."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    for user in ("anna", "bert"):
        operator.put(f"{user}/database.sqlite", f"database of {user}".encode(), Metadata={"db-version": "7"})
        operator.put(f"{user}/raw_clips/1.mp4", f"clip of {user}".encode(), CacheControl="max-age=60")
    operator.put(game_key(1), b"game", Metadata={"ref_count": "2"})
    operator.put_in_parts("anna/final_videos/long.mp4", b"in parts")
    operator.put("old archive.zip", b"archive")
    Path("r.toml").write_text(
        'objects = [{ key = "old archive.zip", action = "backup", reason = "nobody reads it" }]\n',
        encoding="utf-8",
    )
    yield operator
    cloudflare.s3.faults.clear()


def migrate(operator: Operator, *names: str) -> None:
    """Commands that must succeed, the plan with the rules."""
    for name in names:
        status, out, err = operator.run(name, *(("--rules", "r.toml") if name == "plan" else ()))
        assert status == 0, out + err


def without_trace(found: Contents) -> Contents:
    """A bucket without the marker, which tells what happened, and the locked backup."""
    return {
        key: version for key, version in found.items() if key != MARKER and not key.startswith("dev/backups/")
    }


def marker(operator: Operator) -> dict[str, Any]:
    """The marker's content."""
    found: dict[str, Any] = json.loads(operator.body(MARKER))
    return found


def roll_back(operator: Operator, *arguments: str) -> tuple[int, str]:
    """`rollback --execute`; status and output."""
    status, out, err = operator.run("rollback", *arguments)
    return status, out + err


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


def test_nothing_is_removed_before_the_marker_says_rolled_back(operator: Operator) -> None:
    """The new layout is in use until then; nor without the bucket's name."""
    migrate(operator, "plan", "copy", "verify", "mark")
    status, _, err = operator.remove_new()
    assert (status, err) == (
        1,
        (
            "Error: The marker 'dev/layout.json' says 'moved': nothing says that this migration was rolled back.\n"
            "Try: Roll it back first: without --delete-new, with --execute.\n"
        ),
    )
    assert roll_back(operator)[0] == 0
    status, _, err = operator.run("rollback", "--delete-new", "--bucket", "another")
    assert (status, err) == (
        1,
        (
            f"Error: The bucket of this plan is {operator.bucket!r}, and --bucket says 'another'.\n"
            "Try: Type the name of the bucket from which new objects are to be removed.\n"
        ),
    )


def test_nothing_is_removed_that_another_plan_counts_on(operator: Operator) -> None:
    """After a rollback somebody moves forward again: the first plan no longer takes away what the second one found."""
    migrate(operator, "plan", "copy", "verify", "mark")
    assert roll_back(operator)[0] == 0
    first = operator.plan
    operator.new_plan()
    migrate(operator, "plan", "copy")
    claim, second, before = marker(operator)["history"][-1], operator.plan, operator.listed()
    operator.plan = first
    status, _, err = operator.remove_new()
    assert (status, err) == (
        1,
        (
            f"Error: The environment 'dev' is being moved again by the plan {claim['plan_id']!r},"
            f" claimed by {claim['by']!r} at {claim['at']}: it counts on the new objects.\n"
            "Try: Go on with that plan, or roll it back and remove with it.\n"
        ),
    )
    assert operator.listed() == before
    operator.plan = second
    migrate(operator, "verify", "mark", "delete")


def test_options_of_the_removal_are_of_the_removal(operator: Operator) -> None:
    """A name without a removal, and a removal without a name, are usage errors."""
    migrate(operator, "plan", "copy")
    assert operator.run("rollback", "--bucket", operator.bucket) == (
        2,
        "",
        "Error: The option --bucket confirms a removal.\nTry: Add --delete-new, or leave it out.\n",
    )
    assert operator.run("rollback", "--delete-new") == (
        2,
        "",
        (
            "Error: The option --delete-new removes objects, and the bucket's name confirms it.\n"
            "Try: Add --bucket NAME.\n"
        ),
    )


def test_young_copies_keep_their_new_objects(operator: Operator) -> None:
    """Links to the new keys, and second thoughts, have some hours."""
    migrate(operator, "plan", "copy", "verify", "mark", "delete")
    assert roll_back(operator)[0] == 0
    status, out, _ = operator.run("rollback", "--delete-new", "--bucket", operator.bucket)
    assert status == 3
    assert "6 objects were kept: they were copied back less than 4:00:00 ago." in out


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


def test_a_removal_that_was_cut_off_before_its_journal_is_finished(operator: Operator) -> None:
    """What is gone at its new key, and as it was at its old one, is removed."""
    migrate(operator, "plan", "copy", "verify", "mark")
    assert roll_back(operator)[0] == 0
    gone = next(key for key in operator.listed() if "users/bert/" in key and key.endswith("1.mp4"))
    operator.delete(gone)
    status, out, _ = operator.remove_new()
    assert status == 3  # for the locked backup
    assert "; 1 were gone before." in out
    assert "was written again" not in out
    assert not [key for key in operator.listed() if "users/bert/" in key]


def test_an_object_that_was_there_in_another_spelling_is_not_removed(operator: Operator) -> None:
    """Two Unicode spellings of a key are one object, whichever a listing shows."""
    decomposed = "dev/users/jose\u0301/profiles/0a0a0a0a/raw_clips/1.mp4"
    operator.put(
        "dev/users/jos\u00e9/profiles.json", b'{"default": "0a0a0a0a", "profiles": {"0a0a0a0a": {}}}'
    )
    operator.put(decomposed, b"there before")
    migrate(operator, "plan", "copy", "verify", "mark")
    assert roll_back(operator)[0] == 0
    operator.remove_new()
    assert operator.body(decomposed) == b"there before"
