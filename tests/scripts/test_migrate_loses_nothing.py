"""Situations in which a migration lost data while every command ended with 0."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.data.flat_bucket.names import game_key
from tests.scripts.migration import Operator, operator_of

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

OLD, NEW = b"O" * 4096, b"N" * 4096
OLD_CLIP = game_key(1)
CLIP = f"dev/{OLD_CLIP}"


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Operator:
    """The operator of an empty bucket."""
    return operator_of(cloudflare, bucket, monkeypatch, tmp_path)


def test_a_database_written_again_at_its_size_is_not_called_the_same(operator: Operator) -> None:
    """The remedy for a late write is a new plan: it reads the bodies, and stops."""
    operator.put_in_parts("anna/database.sqlite", OLD)
    assert operator.statuses("plan", "copy") == [0, 0]
    operator.put_in_parts("anna/database.sqlite", NEW)
    assert operator.statuses("verify") == [3]
    operator.new_plan()
    status, out, _ = operator.run("plan")
    new_key = operator.new_key("database.sqlite")
    reason = f"the object at {new_key} has another SHA-256 than the old one"
    assert (status, f"  conflict  'anna/database.sqlite': {reason}\n" in out) == (3, True)
    # Once to compare them, and once for what a conflict shows of databases.
    assert "  Both bodies of a pair were read 2 times, 16.0 KiB in all.\n" in out
    assert operator.statuses("copy", "verify", "mark", "delete") == [3, 3, 1, 1]
    assert operator.body("anna/database.sqlite") == NEW


def test_another_object_that_came_to_the_free_key_is_not_called_copied(operator: Operator) -> None:
    """The condition of the copy failed, and size and headers tell nothing."""
    operator.put_in_parts(OLD_CLIP, OLD)
    assert operator.statuses("plan") == [0]
    operator.put(CLIP, NEW)
    status, out, _ = operator.run("copy")
    reason = f"the object at {CLIP} has another SHA-256 than the old one"
    assert (status, f"  {OLD_CLIP!r}: {reason}\n" in out) == (3, True)
    assert operator.statuses("verify", "mark", "delete") == [3, 1, 1]
    assert (operator.body(OLD_CLIP), operator.body(CLIP)) == (OLD, NEW)


@pytest.mark.parametrize("how", [(), ("--deep",)])
def test_another_object_that_was_there_before_the_plan_is_a_conflict_with_a_way_out(
    operator: Operator, how: tuple[str, ...]
) -> None:
    """Not `done`; whoever deletes the one that loses gets on with a new plan."""
    operator.put_in_parts(OLD_CLIP, OLD)
    operator.put(CLIP, NEW)
    assert operator.statuses("plan", "copy") == [3, 3]
    operator.delete(CLIP)
    operator.new_plan()
    assert operator.statuses("plan", "copy") == [0, 0]
    assert operator.run("verify", *how)[0] == 0
    assert operator.statuses("mark", "delete") == [0, 0]
    assert operator.body(CLIP) == OLD


def test_what_an_earlier_plan_copied_in_parts_is_taken_over(operator: Operator) -> None:
    """A new plan knows nothing of the earlier copy, reads both bodies, and goes on."""
    operator.put_in_parts(OLD_CLIP, OLD, Metadata={"ref_count": "1"})
    assert operator.statuses("plan", "copy") == [0, 0]
    operator.new_plan()
    assert operator.statuses("plan") == [0]
    assert operator.take_over() == 0
    assert operator.statuses("verify", "mark", "delete") == [0, 0, 0]
    assert (operator.body(CLIP), operator.metadata(CLIP)) == (OLD, {"ref_count": "1"})


def test_metadata_that_changed_after_the_copy_is_seen_by_verify(operator: Operator) -> None:
    """The ETag is the same; the listing shows another time, so headers and metadata are looked at."""
    operator.put(OLD_CLIP, OLD, Metadata={"ref_count": "1"})
    assert operator.statuses("plan", "copy") == [0, 0]
    operator.put(OLD_CLIP, OLD, Metadata={"ref_count": "2"})
    assert operator.statuses("verify", "mark", "delete") == [3, 1, 1]
    (problem,) = operator.verdict()["problems"]
    assert problem == {
        "sign": "*",
        "key": OLD_CLIP,
        "new_key": CLIP,
        "reason": "the old object was written again after the plan was made: the object at"
        f" {CLIP} has the same bytes, but other headers or user metadata",
    }
    assert operator.metadata(OLD_CLIP) == {"ref_count": "2"}


@pytest.mark.parametrize("how", [(), ("--deep",)])
def test_metadata_that_changed_after_the_verification_is_seen_by_delete(
    operator: Operator, how: tuple[str, ...]
) -> None:
    """The old object stays, with the reason."""
    operator.put(OLD_CLIP, OLD, Metadata={"ref_count": "1"})
    operator.put(game_key(2), OLD)
    assert operator.statuses("plan", "copy") == [0, 0]
    assert operator.run("verify", *how)[0] == 0
    assert operator.statuses("mark") == [0]
    operator.put(OLD_CLIP, OLD, Metadata={"ref_count": "2"})
    status, out, _ = operator.run("delete")
    assert status == 3
    assert out == (
        "Deleted 1 old objects, 4.0 KiB; 0 were gone before.\n"
        "1 kept:\n"
        f"  {OLD_CLIP!r}: the object at {CLIP} has the same bytes, but other headers or user metadata\n"
    )
    assert operator.metadata(OLD_CLIP) == {"ref_count": "2"}


def test_an_object_that_was_only_touched_moves_on(operator: Operator) -> None:
    """The same bytes, headers and metadata written again are no reason to stop."""
    operator.put(OLD_CLIP, OLD, Metadata={"ref_count": "1"})
    assert operator.statuses("plan", "copy") == [0, 0]
    operator.put(OLD_CLIP, OLD, Metadata={"ref_count": "1"})
    assert operator.statuses("verify", "mark", "delete") == [0, 0, 0]
    assert operator.metadata(CLIP) == {"ref_count": "1"}


def live(operator: Operator) -> None:
    """An environment in use: everything was moved and marked, nothing is deleted yet."""
    operator.put("a/database.sqlite", b"database")
    operator.put("a/raw_clips/1.mp4", OLD)
    assert operator.statuses("plan", "copy", "verify", "mark") == [0, 0, 0, 0]


def test_what_a_user_deleted_in_a_live_environment_does_not_come_back(operator: Operator) -> None:
    """Neither with the same plan after another verification, nor with a new one; the reason leads out."""
    live(operator)
    clip = operator.new_key("raw_clips/1.mp4")
    operator.delete(clip)
    reason = (
        f"nothing is at {clip}, and the environment is live: either it was deleted there, or it was never"
        " copied (a rule left it alone, it was written here just before the marker, or nothing was moved before the"
        " marker); delete it here too only if it was deleted there, else upload it here again to have it copied"
    )
    assert operator.statuses("verify") == [3]
    assert operator.verdict()["problems"][0]["reason"] == reason
    for _ in range(2):
        status, out, err = operator.run("copy")
        assert (status, out) == (3, "")
        assert err == (
            f"Error: 1 of the planned objects stop the copy:\n  removed   'a/raw_clips/1.mp4': {reason}\n"
            "Try: Decide about them in a rule file; this suggests one:"
            f" scripts/migrate.py plan flat --plan {operator.plan} --suggest FILE\n"
        )
        operator.new_plan()
        assert operator.statuses("plan") == [3]
    assert clip not in operator.listed()

    operator.delete("a/raw_clips/1.mp4")
    operator.new_plan()
    assert operator.statuses("plan", "copy", "verify", "delete") == [0, 0, 0, 0]
    assert operator.old_keys() == []


def test_what_comes_late_is_copied_into_a_live_environment(operator: Operator) -> None:
    """Also while the application has gone on with its database, which no plan touches any more."""
    live(operator)
    database = operator.new_key("database.sqlite")
    operator.put(database, b"the application has gone on")
    operator.put("a/raw_clips/late.mp4", NEW)
    first = operator.plan
    operator.new_plan()
    status, out, _ = operator.run("plan")
    assert (status, "superseded" in out) == (0, True)
    assert operator.statuses("copy", "verify", "delete") == [0, 0, 3]
    assert operator.body(operator.new_key("raw_clips/late.mp4")) == NEW
    assert operator.old_keys() == ["a/database.sqlite"]

    operator.plan = first
    assert operator.statuses("verify", "delete") == [0, 0]
    assert operator.body(database) == b"the application has gone on"
    assert operator.old_keys() == []


def test_uploads_that_are_open_are_named_by_plan_verify_and_delete(operator: Operator) -> None:
    """They are no objects yet; what they become is written after everything was moved and deleted."""
    operator.put(OLD_CLIP, OLD)
    operator.client.create_multipart_upload(Bucket=operator.bucket, Key="a/uploads/late.mp4")
    operator.client.create_multipart_upload(Bucket=operator.bucket, Key=f"dev/{game_key(2)}")
    begun = operator.client.list_multipart_uploads(Bucket=operator.bucket)["Uploads"][0]["Initiated"]
    shown = f"{begun:%Y-%m-%dT%H:%M:%S}.{begun.microsecond // 1000:03d}Z"
    named = (
        "1 uploads to old keys are open, and their objects come when they are completed:\n"
        f"  'a/uploads/late.mp4': begun at {shown}\n"
    )
    for name, says in [("plan", True), ("copy", False), ("verify", True), ("mark", False), ("delete", True)]:
        status, out, _ = operator.run(name)
        assert (name, status, named in out) == (name, 0, says)


def test_an_environment_into_which_nothing_moves_can_be_marked(operator: Operator) -> None:
    """Everything in the bucket is in the new layout already."""
    operator.put(f"prod/{game_key(1)}", OLD)
    assert operator.statuses("plan", "copy", "verify", "mark", "delete") == [0, 0, 0, 0, 0]
    assert operator.listed() == ["dev/layout.json", f"prod/{game_key(1)}"]


def test_profiles_that_a_live_application_changed_do_not_fail_a_verification(operator: Operator) -> None:
    """A user may take another default profile; before the marker it would lead away from what was moved."""
    registry = b'{"default": "next", "profiles": {"next": {"name": null}}}'
    operator.put("a/raw_clips/1.mp4", OLD)
    assert operator.statuses("plan", "copy") == [0, 0]
    written = operator.body("dev/users/a/profiles.json")
    operator.put("dev/users/a/profiles.json", registry)
    assert operator.statuses("verify") == [3]
    operator.put("dev/users/a/profiles.json", written)
    assert operator.statuses("verify", "mark") == [0, 0]
    # The time of a HEAD has whole seconds: only a later second is surely after the marker.
    head = operator.client.head_object(Bucket=operator.bucket, Key="dev/layout.json")
    marked = head["LastModified"]
    while head["LastModified"] <= marked:
        operator.put("dev/users/a/profiles.json", registry)
        head = operator.client.head_object(Bucket=operator.bucket, Key="dev/users/a/profiles.json")
    assert operator.statuses("verify", "delete") == [0, 0]
