"""What copying promises: each object once, nothing overwritten, nothing lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from layout.errors import PlanBlockedError
from layout.migrate import BucketWriter, CopyLimits, PlanFile, copy_objects
from layout.migrate.copy_batch import copy_batch
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from tests.layout.migrate.conftest import Flat

HEADERS = {
    "ContentType": "video/mp4",
    "CacheControl": "max-age=60",
    "ContentDisposition": 'attachment; filename="x.mp4"',
    "Metadata": {"db-version": "7", "original_filename": "x y.mp4"},
}


def profile(plan: PlanFile, user: str = "a") -> str:
    """The user's planned profile id."""
    return str(plan.value("SELECT profile_id FROM users WHERE owner = ?", user))


def states(plan: PlanFile) -> dict[str, str]:
    """State of the journal by old key."""
    return {row["key"]: row["state"] for row in plan.rows("SELECT key, state FROM objects ORDER BY key")}


def test_copies_keep_body_headers_and_metadata(flat: Flat) -> None:
    """The new object answers like the old one, and the old one stays."""
    flat.put("a/raw_clips/1.mp4", b"body", **HEADERS)
    with flat.plan() as plan:
        report = copy_objects(plan, flat.writer, flat.quiet)
        new_key = f"dev/users/a/profiles/{profile(plan)}/raw_clips/1.mp4"
    assert (report.copied, report.bytes, report.complete) == (1, 4, True)
    old, new = flat.reader.head("a/raw_clips/1.mp4"), flat.reader.head(new_key)
    assert old is not None
    assert new is not None
    assert (new.etag, new.described) == (old.etag, old.described)
    assert new.described["x-amz-meta-db-version"] == "7"
    assert flat.body(new_key) == flat.body("a/raw_clips/1.mp4") == b"body"


def test_every_user_gets_both_profile_files(flat: Flat) -> None:
    """They are exactly what the requirement draws, and name the profile of the new keys."""
    flat.put("a/database.sqlite")
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        name = profile(plan)
    assert json.loads(flat.body("dev/users/a/profiles.json")) == {
        "default": name,
        "profiles": {name: {"name": None}},
    }
    assert json.loads(flat.body("dev/users/a/selected-profile.json")) == {"profileId": name}
    head = flat.reader.head("dev/users/a/profiles.json")
    assert head is not None
    assert head.described["content-type"] == "application/json"


def test_rerun_copies_each_object_once(flat: Flat) -> None:
    """A second run does nothing: every object keeps the time of its first copy."""
    for key in ["a/database.sqlite", "a/raw_clips/1.mp4", game_key(1)]:
        flat.put(key)
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        before = flat.contents()
        report = copy_objects(plan, flat.writer, flat.quiet)
    assert (report.copied, report.before, report.complete) == (0, 3, True)
    assert flat.contents() == before


def test_a_run_that_was_cut_off_before_its_journal_finds_its_copies(flat: Flat) -> None:
    """Objects copied but not written down are recognised, not copied again."""
    for number in range(20):
        flat.put(f"a/raw_clips/{number}.mp4")
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        before = flat.contents()
        with plan.transaction() as database:
            database.execute("UPDATE objects SET state = 'copy', new_etag = NULL, new_modified = NULL")
            database.execute("UPDATE users SET state = 'planned'")
        report = copy_objects(plan, flat.writer, flat.quiet)
        assert set(states(plan).values()) == {"copied"}
    assert (report.copied, report.complete) == (20, True)
    assert flat.contents() == before


def test_an_existing_destination_is_never_overwritten(flat: Flat) -> None:
    """What appears at a new key after planning stays, and becomes a conflict; the rest is copied."""
    flat.put(game_key(1), b"old")
    flat.put(game_key(2), b"old")
    with flat.plan() as plan:
        etag = flat.put(f"dev/{game_key(1)}", b"another")
        report = copy_objects(plan, flat.writer, flat.quiet)
        modified = flat.contents()[f"dev/{game_key(1)}"][2]
        reason = f"another object is at dev/{game_key(1)}: 7 bytes, ETag {etag}, of {modified}"
        assert report.changed.first == {game_key(1): reason}
        assert (report.copied, report.complete) == (1, False)
        assert flat.body(f"dev/{game_key(1)}") == b"another"
        with pytest.raises(PlanBlockedError):
            copy_objects(plan, flat.writer, flat.quiet)


def test_equal_bytes_with_other_metadata_that_came_meanwhile_are_a_conflict(flat: Flat) -> None:
    """Only a copy that kept everything counts as one that an earlier run made."""
    flat.put(game_key(1), b"same", Metadata={"ref_count": "2"})
    flat.put(game_key(2), b"same")
    with flat.plan() as plan:
        flat.put(f"dev/{game_key(1)}", b"same")
        flat.put(f"dev/{game_key(2)}", b"same")
        report = copy_objects(plan, flat.writer, flat.quiet)
    reason = f"the object at dev/{game_key(1)} has the same bytes, but other headers or user metadata"
    assert report.changed.first == {game_key(1): reason}
    assert (report.copied, report.complete) == (1, False)


def test_a_user_whose_profile_was_made_meanwhile_is_a_conflict(flat: Flat) -> None:
    """If another id won, nothing of that user is copied, and the other users are."""
    for user in "ab":
        flat.put(f"{user}/database.sqlite")
    with flat.plan() as plan:
        flat.put("dev/users/a/profiles.json", b'{"default": "won", "profiles": {"won": {"name": null}}}')
        planned = profile(plan)
        report = copy_objects(plan, flat.writer, flat.quiet)
    reason = f"dev/users/a/profiles.json has the default profile 'won', and the plan has {planned!r}"
    assert report.users.first == {"a": reason}
    assert (report.copied, report.complete) == (1, False)
    assert not [key for key in flat.contents() if key.startswith(f"dev/users/a/profiles/{planned}")]


def test_a_user_in_conflict_stays_one_in_the_next_run(flat: Flat) -> None:
    """Also if all that they own was there before; and a person who puts the files right ends it."""
    flat.put("dev/users/a/profiles.json", b'{"default": "p", "profiles": {"p": {"name": null}}}')
    for key in ("a/database.sqlite", "dev/users/a/profiles/p/database.sqlite"):
        flat.put(key, b"database")
    with flat.plan() as plan:
        flat.put("dev/users/a/profiles.json", b'{"default": "q", "profiles": {"q": {"name": null}}}')
        reason = "dev/users/a/profiles.json has the default profile 'q', and the plan has 'p'"
        for _ in range(2):
            report = copy_objects(plan, flat.writer, flat.quiet)
            assert (report.users.first, report.complete) == ({"a": reason}, False)
        flat.put("dev/users/a/profiles.json", b'{"default": "p", "profiles": {"p": {"name": null}}}')
        assert copy_objects(plan, flat.writer, flat.quiet).complete


def test_unknown_objects_stop_the_copy(flat: Flat) -> None:
    """Nothing is written while a person has to decide something."""
    flat.put("a/database.sqlite")
    flat.put("stray.txt")
    with flat.plan() as plan:
        before = flat.contents()
        with pytest.raises(PlanBlockedError, match="1 of the planned objects stop the copy"):
            copy_objects(plan, flat.writer, flat.quiet)
    assert flat.contents() == before


def test_a_source_that_changed_is_reported_and_a_new_plan_takes_it(flat: Flat) -> None:
    """The copy of a newer content does not count as the planned object; the old key stays."""
    flat.put(game_key(1), b"planned")
    flat.put(game_key(2), b"planned")
    with flat.plan() as plan:
        flat.put(game_key(1), b"newer")
        report = copy_objects(plan, flat.writer, flat.quiet)
        assert report.changed.first == {game_key(1): "the object was written again after it was planned"}
        assert states(plan)[game_key(1)] == "copy"
        assert (report.copied, report.left) == (1, 1)
        first = plan.meta.plan_id
    with flat.plan("second.sqlite") as plan:
        assert copy_objects(plan, flat.writer, flat.quiet, take_over=first).complete
    assert flat.body(f"dev/{game_key(1)}") == b"newer"


def test_a_source_that_vanished_is_reported(flat: Flat) -> None:
    """A missing source is no success."""
    flat.put(game_key(1))
    with flat.plan() as plan:
        flat.delete(game_key(1))
        report = copy_objects(plan, flat.writer, flat.quiet)
    assert report.changed.first == {game_key(1): "the object vanished after it was planned"}
    assert not report.complete


def test_databases_wait_until_all_media_are_there(flat: Flat) -> None:
    """A user of whom one media file failed keeps the database at the old key only, and others do not."""
    for user in "ab":
        flat.put(f"{user}/database.sqlite")
        flat.put(f"{user}/raw_clips/1.mp4")
    with flat.plan() as plan:
        flat.delete("a/raw_clips/1.mp4")
        report = copy_objects(plan, flat.writer, flat.quiet)
        assert states(plan) == {
            "a/database.sqlite": "copy",
            "a/raw_clips/1.mp4": "copy",
            "b/database.sqlite": "copied",
            "b/raw_clips/1.mp4": "copied",
        }
    assert (report.copied, report.left) == (2, 2)


def test_objects_uploaded_in_parts_are_copied_with_headers(flat: Flat) -> None:
    """They go by another way, on the condition that the source is as planned."""
    parts = [b"1" * (5 << 20), b"2"]
    flat.put_in_parts(game_key(1), parts, **HEADERS)
    flat.put_in_parts(game_key(2), parts)
    with flat.plan() as plan:
        flat.put_in_parts(game_key(2), [b"3" * (5 << 20), b"4"])
        report = copy_objects(plan, flat.writer, flat.quiet)
    assert report.copied == 1
    assert report.changed.first == {game_key(2): "the object was written again after it was planned"}
    assert f"dev/{game_key(2)}" not in flat.contents()
    old, new = flat.reader.head(game_key(1)), flat.reader.head(f"dev/{game_key(1)}")
    assert old is not None
    assert new is not None
    assert new.described == old.described
    assert flat.body(f"dev/{game_key(1)}") == flat.body(game_key(1))


def test_objects_above_the_limit_of_one_copy_go_in_parts(flat: Flat) -> None:
    """Body, headers and metadata survive a copy part by part, and an existing destination is kept."""
    limits = CopyLimits(single=8 << 20, part=5 << 20)
    body = b"".join(bytes([number]) * (1 << 20) for number in range(12))
    flat.put(game_key(1), body, **HEADERS)
    flat.put(game_key(2), body)
    writer = BucketWriter(flat.settings, limits)
    with flat.plan() as plan:
        flat.put(f"dev/{game_key(2)}", b"another")
        report = copy_objects(plan, writer, flat.quiet)
    writer.close()
    old, new = flat.reader.head(game_key(1)), flat.reader.head(f"dev/{game_key(1)}")
    assert old is not None
    assert new is not None
    assert (new.size, new.described) == (old.size, old.described)
    assert new.etag.endswith("-3")
    assert flat.body(f"dev/{game_key(1)}") == flat.body(game_key(1))
    assert list(report.changed.first) == [game_key(2)]
    assert flat.body(f"dev/{game_key(2)}") == b"another"


@pytest.mark.parametrize(
    "name", ["x y.mp4", "100%.mp4", "%20.mp4", "a+b&c?d#e.mp4", "видео.mp4", "...mp4", " lead", "q\"'{}.json"]
)
def test_odd_names_arrive_byte_for_byte(flat: Flat, name: str) -> None:
    """Names that clients like to escape wrongly are the same under the new key."""
    flat.put(f"a/raw_clips/{name}")
    with flat.plan() as plan:
        report = copy_objects(plan, flat.writer, flat.quiet)
        new_key = f"dev/users/a/profiles/{profile(plan)}/raw_clips/{name}"
    assert report.complete
    assert flat.body(new_key) == f"a/raw_clips/{name}".encode()


def test_a_batch_ends_by_time_and_the_rest_follows(flat: Flat, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done in the meantime is written down then; nothing is copied twice, or left out."""
    noted: list[int] = []
    for number in range(40):
        flat.put(game_key(number))
    with flat.plan() as plan:

        def in_no_time(*arguments: Any, **options: Any) -> Any:
            noted.append(int(plan.value("SELECT count(*) FROM objects WHERE state = 'copied'")))
            return copy_batch(*arguments, seconds=0.0, **options)

        monkeypatch.setattr("layout.migrate.copying.copy_batch", in_no_time)
        report = copy_objects(plan, flat.writer, flat.quiet)
    assert (report.copied, report.complete) == (40, True)
    assert noted == list(range(0, 24, 2))
