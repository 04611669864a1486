"""Buckets that a migration could not finish, and reports that contradicted the bucket."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

import pytest

from tests.data.flat_bucket.names import game_key
from tests.scripts.migration import Operator, operator_of

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

OLD, NEW = b"O" * 4096, b"N" * 4096
CLIP, DATABASE = "a/raw_clips/1.mp4", "a/database.sqlite"


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Operator:
    """The operator of a bucket with one user, who has a database and a clip."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    operator.put(DATABASE, OLD)
    operator.put(CLIP, OLD)
    return operator


def go_live(operator: Operator) -> None:
    """Moves and marks everything; the old objects are still there."""
    assert operator.statuses("plan", "copy", "verify", "mark") == [0, 0, 0, 0]


def reasons(operator: Operator) -> list[str]:
    """What the last verification found wrong, each with its sign."""
    return [f"{problem['sign']} {problem['reason']}" for problem in operator.verdict()["problems"]]


def counts(operator: Operator) -> dict[str, int]:
    """The counts of the last verification that are not 0."""
    return {sign: count for sign, count in operator.verdict()["counts"].items() if count}


def test_an_old_object_that_was_put_back_is_deleted_again(operator: Operator) -> None:
    """The same plan sees that it is the same, and takes it away."""
    go_live(operator)
    assert operator.statuses("delete") == [0]
    operator.put(CLIP, OLD)
    status, out, _ = operator.run("delete")
    assert (status, f"{CLIP!r}: is still listed although it was deleted\n" in out) == (3, True)
    assert operator.statuses("verify", "delete") == [0, 0]
    assert operator.old_keys() == []


def test_another_object_that_was_put_back_fails_the_verification(operator: Operator) -> None:
    """Whether the application has the new object still, or has deleted it."""
    go_live(operator)
    assert operator.statuses("delete") == [0]
    operator.put(CLIP, NEW)
    assert operator.statuses("verify") == [3]
    assert reasons(operator) == ["* the old object was written again after the plan was made"]
    assert counts(operator) == {"=": 1, "*": 1}
    new_key = operator.new_key("raw_clips/1.mp4")
    operator.delete(new_key)
    assert operator.statuses("verify") == [3]
    assert reasons(operator) == [
        f"* the old object was written again after it was deleted, and nothing is at {new_key}"
    ]
    assert counts(operator) == {"=": 1, "*": 1}
    assert operator.body(CLIP) == NEW


def test_what_is_gone_on_both_sides_without_a_marker_is_missing(operator: Operator) -> None:
    """No application deleted it in a live environment if none is live."""
    go_live(operator)
    assert operator.statuses("delete") == [0]
    operator.delete(operator.new_key("raw_clips/1.mp4"))
    assert operator.statuses("verify") == [0]
    operator.delete("dev/layout.json")
    assert operator.statuses("verify") == [3]
    assert reasons(operator) == ["+ is missing at its new key, and the old object was deleted"]
    assert counts(operator) == {"=": 1, "+": 1}


def test_counts_of_what_an_application_has_written_and_deleted_are_never_negative(operator: Operator) -> None:
    """An old object is written after the new one, which the application had written, was deleted there."""
    go_live(operator)
    new_key = operator.new_key("raw_clips/1.mp4")
    operator.put(new_key, NEW)
    operator.new_plan()
    assert operator.statuses("plan", "copy", "verify") == [0, 0, 0]
    assert counts(operator) == {"=": 1, ">": 1}
    operator.put(CLIP, OLD)
    assert operator.statuses("verify") == [3]
    assert reasons(operator) == ["* the old object was written again after the plan was made"]
    assert counts(operator) == {"=": 1, "*": 1}
    operator.delete(new_key)
    assert operator.statuses("verify") == [3]
    assert counts(operator) == {"=": 1, "*": 1}


def test_only_what_is_equal_is_reported_as_equal(operator: Operator) -> None:
    """What the application has written since is no equal object, and has its own line."""
    go_live(operator)
    operator.put(operator.new_key("raw_clips/1.mp4"), NEW)
    status, out, _ = operator.run("verify")
    assert (status, "Verified: 1 objects, 4.0 KiB, are equal by size and ETag;" in out) == (0, True)
    assert counts(operator) == {"=": 1, ">": 1}


def test_a_problem_that_is_about_no_key_names_none(operator: Operator) -> None:
    """The profile files of a user, and the plan as a whole."""
    assert operator.statuses("plan") == [0]
    status, out, _ = operator.run("verify")
    assert status == 3
    assert "\n  ! user 'a': dev/users/a/profiles.json is missing\n" in out
    assert "\n  ! nothing was compared: no planned object is at its new key\n" in out


def test_after_a_rollback_by_hand_the_same_plan_moves_everything_again(operator: Operator) -> None:
    """`verify` sees what is gone, profile files included, and `copy` writes it."""
    go_live(operator)
    for key in operator.listed():
        if key.startswith("dev/"):
            operator.delete(key)
    assert operator.statuses("verify", "copy", "verify", "mark", "delete") == [3, 0, 0, 0, 0]
    assert operator.body(operator.new_key("raw_clips/1.mp4")) == OLD
    assert operator.old_keys() == []


def test_profile_files_that_were_deleted_before_the_marker_are_written_again(operator: Operator) -> None:
    """Also if nothing else is to be copied."""
    assert operator.statuses("plan", "copy") == [0, 0]
    written = operator.body("dev/users/a/profiles.json")
    operator.delete("dev/users/a/profiles.json")
    assert operator.statuses("verify", "copy", "verify", "mark") == [3, 0, 0, 0]
    assert operator.body("dev/users/a/profiles.json") == written


REGISTRY = b'{"default": "next", "profiles": {"next": {"name": null}}}'
NFC_NAME = "zo\u00eb"
NFD_NAME = normalize("NFD", NFC_NAME)


def far_from_each_other(operator: Operator) -> None:
    """The user's keys and those of another one are a page of a listing apart, so that HEADs look at them."""
    for number in range(1_001):
        operator.put(f"prod/{game_key(number)}", b"")
    operator.put("z/database.sqlite", OLD)


def test_what_only_a_head_shows_is_deleted_once_the_application_has_gone_on(operator: Operator) -> None:
    """The time of a HEAD has whole seconds, which is no sign that the old object was written again."""
    far_from_each_other(operator)
    go_live(operator)
    (new_key,) = [key for key in operator.listed() if key.startswith("dev/users/z/profiles/")]
    operator.put(new_key, NEW)
    assert operator.statuses("verify", "delete") == [0, 0]
    assert operator.body(new_key) == NEW
    assert operator.client.list_objects_v2(Bucket=operator.bucket, Prefix="z/")["KeyCount"] == 0


def test_what_only_a_head_shows_is_kept_if_its_metadata_changed(operator: Operator) -> None:
    """Looking closer does not make it the object that was verified."""
    far_from_each_other(operator)
    go_live(operator)
    (new_key,) = [key for key in operator.listed() if key.startswith("dev/users/z/profiles/")]
    operator.put(new_key, NEW)
    assert operator.statuses("verify") == [0]
    operator.put("z/database.sqlite", OLD, Metadata={"device": "2"})
    status, out, _ = operator.run("delete")
    reason = "its headers or user metadata may have been written again after it was planned"
    assert (status, f"  'z/database.sqlite': {reason}\n" in out) == (3, True)
    assert operator.metadata("z/database.sqlite") == {"device": "2"}


def test_profiles_that_changed_in_the_second_of_the_marker_are_the_applications(operator: Operator) -> None:
    """A listing tells what is later within the second."""
    go_live(operator)
    operator.put("dev/users/a/profiles.json", REGISTRY)
    assert operator.statuses("verify") == [0]


def test_a_registry_in_another_unicode_spelling_is_the_users(operator: Operator) -> None:
    """The plan takes its profile, and does not reserve one that the copy then refuses, plan after plan."""
    operator.put(f"{NFC_NAME}/database.sqlite", OLD)
    operator.put(f"dev/users/{NFD_NAME}/profiles.json", REGISTRY)
    assert operator.statuses("plan", "copy", "verify", "mark", "delete") == [0, 0, 0, 0, 0]
    assert operator.body(f"dev/users/{NFC_NAME}/profiles/next/database.sqlite") == OLD


@pytest.mark.parametrize(("body", "action"), [(OLD, "done"), (NEW, "superseded")])
def test_an_object_in_another_unicode_spelling_is_not_called_removed(
    operator: Operator, body: bytes, action: str
) -> None:
    """It is at its new key, and a new plan compares the two."""
    operator.put(f"a/raw_clips/{NFC_NAME}.mp4", OLD)
    go_live(operator)
    operator.put(operator.new_key(f"raw_clips/{NFC_NAME}.mp4").replace(NFC_NAME, NFD_NAME), body)
    operator.new_plan()
    assert operator.statuses("plan", "copy") == [0, 0]
    explained = json.loads(operator.run("explain", f"a/raw_clips/{NFC_NAME}.mp4", "--json")[1])
    assert explained["action"] == action


def test_a_verdict_of_another_copy_of_the_plan_is_refused(operator: Operator) -> None:
    """Two jobs verify with a plan file each: both are verification 1, and only the earlier one passed."""
    assert operator.statuses("plan", "copy") == [0, 0]
    first, second = operator.plan, "second.sqlite"
    shutil.copy(first, second)
    assert operator.statuses("verify") == [0]
    operator.put(CLIP, NEW)
    operator.plan = second
    assert operator.statuses("verify") == [3]
    shutil.copy(f"{first}.json", f"{second}.json")
    for name in ("mark", "delete"):
        assert operator.run(name) == (
            1,
            "",
            (
                "Error: The verdict is of verification 1 of another copy of the plan file.\n"
                f"Try: Verify again: scripts/migrate.py verify --plan {second} --verdict FILE\n"
            ),
        )
    assert operator.marker()["phase"] == "moving"
