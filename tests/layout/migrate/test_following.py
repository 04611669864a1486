"""A copy that follows an old side which goes on changing: what it replaces and removes, and what it never does."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from layout.errors import MarkerError, PlanError, VerificationError
from layout.migrate import (
    BucketWriter,
    PlanFile,
    check_delete,
    copy_objects,
    delete_old_objects,
    verify_plan,
    write_marker,
)
from layout.migrate.equality import DEFAULT_READ_LIMIT
from layout.migrate.following import Following, look_at_old_side
from layout.migrate.plan.moves import State
from layout.migrate.plan.rows import planned_at
from layout.migrate.plan.totals import blocked_rows
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from pathlib import Path

    from layout.migrate.report.pass_report import PassReport
    from layout.storage.settings import StorageSettings
    from tests.layout.migrate.conftest import Flat

DATABASE, CLIP = "anna/database.sqlite", "anna/raw_clips/1.mp4"


class CutOffWriter(BucketWriter):
    """Keeps the plan as it was when the last copy was sent: what a run that is killed after it leaves behind."""

    def __init__(self, settings: StorageSettings, path: Path) -> None:
        super().__init__(settings)
        self._path = path
        self.noted_before = b""

    def copy_large(self, *arguments: Any, **named: Any) -> str:
        """Copies, after a look at the plan."""
        self.noted_before = self._path.read_bytes()
        return super().copy_large(*arguments, **named)


class OvertakenWriter(BucketWriter):
    """After its first copy the old application writes the old object once more."""

    def __init__(self, flat: Flat) -> None:
        super().__init__(flat.settings)
        self._flat = flat
        self._copied = False

    def copy_large(self, *arguments: Any, **named: Any) -> str:
        """Copies, and is overtaken."""
        etag = super().copy_large(*arguments, **named)
        if not self._copied:
            self._copied = True
            self._flat.put(arguments[0], b"written after the copy")
        return etag


def following(flat: Flat, plan: PlanFile) -> Following:
    """Passes over a plan, ready to run."""
    return Following(plan, flat.writer, flat.quiet, DEFAULT_READ_LIMIT)


def until_equal(flat: Flat, plan: PlanFile) -> PassReport:
    """The last pass of `--until-equal`."""
    return following(flat, plan).run(lambda _: None, timedelta(0), until_equal=True)


def new_key(plan: PlanFile, key: str) -> str:
    """Where an old object moves to."""
    planned = planned_at(plan, key)
    assert planned is not None
    return planned.new_key


def state(plan: PlanFile, key: str) -> State | None:
    """How far an old object has come."""
    planned = planned_at(plan, key)
    return None if planned is None else planned.state


def test_what_is_written_at_the_old_side_is_copied_again(flat: Flat) -> None:
    """An object that changed, one that came, and in the next pass nothing: both sides agree."""
    flat.put(DATABASE, b"database 1")
    flat.put(CLIP, b"clip 1")
    with flat.plan() as plan:
        assert copy_objects(plan, flat.writer, flat.quiet).complete
        flat.put(DATABASE, b"database, the second")
        flat.put("anna/raw_clips/2.mp4", b"clip 2")
        passes = following(flat, plan)
        first, second = passes.run_pass(), passes.run_pass()
        assert (first.written, first.behind.objects, first.copy.copied, first.left) == (2, 2, 2, 0)
        assert (first.equal, second.equal, second.written) == (False, True, 0)
        assert flat.body(new_key(plan, DATABASE)) == b"database, the second"
        assert flat.body(new_key(plan, "anna/raw_clips/2.mp4")) == b"clip 2"
        assert verify_plan(plan, flat.reader, flat.quiet, deep=True).ok


def test_an_object_in_parts_is_replaced_by_one_in_parts(flat: Flat) -> None:
    """Its ETag is no hash; the answer to its copy told which ETag this plan wrote."""
    flat.put_in_parts(CLIP, [b"1" * (5 << 20), b"2"])
    flat.put(DATABASE)
    with flat.plan() as plan:
        assert copy_objects(plan, flat.writer, flat.quiet).complete
        flat.put_in_parts(CLIP, [b"3" * (5 << 20), b"4"])
        assert until_equal(flat, plan).equal
        assert flat.body(new_key(plan, CLIP))[-1:] == b"4"
        assert verify_plan(plan, flat.reader, flat.quiet, deep=True).ok


def test_a_plan_can_be_followed_before_anything_was_copied(flat: Flat) -> None:
    """The first pass copies all of it."""
    for key in (DATABASE, CLIP, game_key(1)):
        flat.put(key)
    with flat.plan() as plan:
        flat.put(CLIP, b"written after the plan was made")
        assert until_equal(flat, plan).equal
        assert flat.body(new_key(plan, CLIP)) == b"written after the plan was made"
        assert verify_plan(plan, flat.reader, flat.quiet).ok


def test_the_copy_of_what_vanished_is_removed(flat: Flat) -> None:
    """And only that; an object that comes back is copied like a new one."""
    for key in (DATABASE, CLIP, "anna/raw_clips/2.mp4"):
        flat.put(key)
    with flat.plan() as plan:
        assert copy_objects(plan, flat.writer, flat.quiet).complete
        there = new_key(plan, CLIP)
        flat.delete(CLIP)
        report = following(flat, plan).run_pass()
        assert (report.gone, report.removed) == (1, 1)
        assert flat.reader.head(there) is None
        assert state(plan, CLIP) is State.VANISHED
        assert until_equal(flat, plan).equal
        assert verify_plan(plan, flat.reader, flat.quiet).ok
        flat.put(CLIP, b"again")
        assert not verify_plan(plan, flat.reader, flat.quiet).ok
        assert until_equal(flat, plan).equal
        assert flat.body(there) == b"again"
        assert verify_plan(plan, flat.reader, flat.quiet).ok


def test_what_an_application_wrote_at_the_new_key_is_not_replaced(flat: Flat) -> None:
    """It is a conflict, which is named; the other objects go on."""
    flat.put(DATABASE, b"old 1")
    flat.put(CLIP, b"clip 1")
    with flat.plan() as plan:
        assert copy_objects(plan, flat.writer, flat.quiet).complete
        there = new_key(plan, DATABASE)
        flat.put(there, b"the application's")
        flat.put(DATABASE, b"old 2")
        flat.put(CLIP, b"clip 2")
        report = until_equal(flat, plan)
        assert (report.equal, report.undecided, report.left) == (False, 1, 0)
        (blocked,) = blocked_rows(plan)
        assert (blocked.key, blocked.action) == (DATABASE, State.CONFLICT)
        assert blocked.reason.startswith(f"another object is at {there}: 17 bytes, ETag ")
        assert flat.body(there) == b"the application's"
        assert flat.body(new_key(plan, CLIP)) == b"clip 2"
        # Once a person has taken it away, the old object is copied after all.
        flat.delete(there)
        assert until_equal(flat, plan).equal
        assert flat.body(there) == b"old 2"


def test_headers_that_an_application_wrote_at_the_new_key_are_not_replaced(flat: Flat) -> None:
    """The bytes, and so the ETag, are those of this plan's copy; the time is not."""
    flat.put(CLIP, b"clip 1")
    flat.put(DATABASE)
    with flat.plan() as plan:
        assert copy_objects(plan, flat.writer, flat.quiet).complete
        flat.put(new_key(plan, CLIP), b"clip 1", Metadata={"made_by": "application"})
        flat.put(CLIP, b"clip 2")
        assert until_equal(flat, plan).undecided == 1
        head = flat.reader.head(new_key(plan, CLIP))
        assert head is not None
        assert head.described["x-amz-meta-made_by"] == "application"


def test_what_this_plan_did_not_copy_is_neither_replaced_nor_removed(flat: Flat) -> None:
    """An earlier plan put it there, or an application: nobody can say."""
    for key in (DATABASE, CLIP, game_key(1)):
        flat.put(key)
    with flat.plan("earlier.sqlite") as plan:
        assert copy_objects(plan, flat.writer, flat.quiet).complete
        there = {key: new_key(plan, key) for key in (DATABASE, CLIP)}
        take_over = plan.meta.plan_id
    with flat.plan() as plan:
        flat.put(DATABASE, b"written again")
        flat.delete(CLIP)
        passes = Following(plan, flat.writer, flat.quiet, DEFAULT_READ_LIMIT, take_over=take_over)
        report = passes.run(lambda _: None, timedelta(0), until_equal=True)
        assert [row.key for row in blocked_rows(plan)] == [DATABASE]
        not_ours = f"what is at {there[CLIP]} was not put there by this plan: it stays"
        assert report.kept.first == {CLIP: f"it was deleted at its old key, and {not_ours}"}
        assert flat.body(there[DATABASE]) == DATABASE.encode()
        assert flat.body(there[CLIP]) == CLIP.encode()
        flat.delete(there[CLIP])
        assert not following(flat, plan).run_pass().kept


def test_an_object_that_was_only_touched_is_copied_again_if_its_headers_changed(flat: Flat) -> None:
    """The ETag tells nothing of headers and user metadata."""
    flat.put(CLIP, b"clip", Metadata={"count": "1"})
    flat.put(game_key(1), b"game", Metadata={"count": "1"})
    with flat.plan() as plan:
        assert copy_objects(plan, flat.writer, flat.quiet).complete
        flat.put(CLIP, b"clip", Metadata={"count": "1"})
        flat.put(game_key(1), b"game", Metadata={"count": "2"})
        report = following(flat, plan).run_pass()
        assert (report.written, report.behind.objects, report.copy.copied) == (2, 1, 1)
        head = flat.reader.head(f"dev/{game_key(1)}")
        assert head is not None
        assert head.described["x-amz-meta-count"] == "2"
        assert following(flat, plan).run_pass().equal
        assert verify_plan(plan, flat.reader, flat.quiet).ok


def test_a_user_who_appears_gets_profile_files_and_all_that_was_unknown_before(flat: Flat) -> None:
    """What shows a user may come last: the objects that lay there then belong to them."""
    flat.put(DATABASE)
    flat.put("bob/highlights/1.jpg")
    with flat.plan() as plan:
        assert state(plan, "bob/highlights/1.jpg") is State.UNKNOWN
        flat.put("bob/database.sqlite")
        assert until_equal(flat, plan).equal
        there = new_key(plan, "bob/highlights/1.jpg")
        assert there.startswith("dev/users/bob/profiles/")
        assert flat.body(there) == b"bob/highlights/1.jpg"
        assert flat.reader.head("dev/users/bob/profiles.json") is not None
        assert flat.reader.head("dev/users/bob/selected-profile.json") is not None
        assert verify_plan(plan, flat.reader, flat.quiet).ok


def test_a_user_who_appears_keeps_the_registry_that_is_there(flat: Flat) -> None:
    """It is looked for when they appear, not when the plan was made."""
    flat.put(DATABASE)
    with flat.plan() as plan:
        registry = b'{"default": "abcd1234", "profiles": {"abcd1234": {"name": null}}}'
        flat.put("dev/users/bob/profiles.json", registry)
        flat.put("bob/database.sqlite")
        assert until_equal(flat, plan).equal
        assert new_key(plan, "bob/database.sqlite") == "dev/users/bob/profiles/abcd1234/database.sqlite"


def test_a_new_object_that_nothing_places_is_named_and_stops_nothing_else(flat: Flat) -> None:
    """It waits for a person; once it is gone, both sides agree."""
    flat.put(DATABASE)
    with flat.plan() as plan:
        flat.put("stray.zip")
        flat.put(DATABASE, b"written again")
        report = until_equal(flat, plan)
        assert (report.equal, report.undecided, report.left) == (False, 1, 0)
        assert [(row.key, row.action) for row in blocked_rows(plan)] == [("stray.zip", State.UNKNOWN)]
        assert flat.body(new_key(plan, DATABASE)) == b"written again"
        flat.delete("stray.zip")
        assert until_equal(flat, plan).equal


def test_a_copy_that_a_killed_run_could_not_note_is_still_its_own(flat: Flat) -> None:
    """The version at the new key is the planned one, and the old object was written once more."""
    flat.put(DATABASE, b"database 1")
    with flat.plan() as plan:
        assert copy_objects(plan, flat.writer, flat.quiet).complete
        flat.put(DATABASE, b"database 2")
    with (
        PlanFile.open(plan.path, writable=True) as plan,
        closing(CutOffWriter(flat.settings, plan.path)) as writer,
    ):
        Following(plan, writer, flat.quiet, DEFAULT_READ_LIMIT).run_pass()
    # The copy is made, and nothing after it is in the plan.
    plan.path.write_bytes(writer.noted_before)
    flat.put(DATABASE, b"database 3")
    with PlanFile.open(plan.path, writable=True) as plan:
        assert until_equal(flat, plan).equal
        assert flat.body(new_key(plan, DATABASE)) == b"database 3"


def test_an_object_that_is_written_again_just_after_its_copy_is_no_conflict(flat: Flat) -> None:
    """Its headers cannot be compared with those of the copy any more; the next pass replaces what was copied."""
    flat.put(DATABASE)
    with flat.plan() as plan, closing(OvertakenWriter(flat)) as writer:
        passes = Following(plan, writer, flat.quiet, DEFAULT_READ_LIMIT)
        first, second = passes.run_pass(), passes.run_pass()
        assert (first.copy.copied, first.left, first.undecided) == (0, 1, 0)
        assert (second.copy.copied, second.left, second.undecided) == (1, 0, 0)
        assert flat.body(new_key(plan, DATABASE)) == b"written after the copy"


def test_an_old_side_that_was_emptied_is_not_followed(flat: Flat) -> None:
    """The copies may be all there is."""
    for key in (DATABASE, CLIP):
        flat.put(key)
    with flat.plan() as plan:
        assert copy_objects(plan, flat.writer, flat.quiet).complete
        for key in (DATABASE, CLIP):
            flat.delete(key)
        with pytest.raises(PlanError) as caught:
            until_equal(flat, plan)
        assert str(caught.value) == (
            "2 of the 2 objects that the plan moves are gone from the old side: no copy was removed."
        )
        assert caught.value.hint == (
            "If users deleted them, make a new plan, and remove by hand what it does not know at new keys."
        )
        assert flat.body(new_key(plan, CLIP)) == CLIP.encode()


def test_an_environment_that_is_moved_follows_nothing(flat: Flat) -> None:
    """Neither a pass nor a look: what is at its new keys is the application's."""
    flat.put(DATABASE)
    with flat.plan() as plan:
        assert until_equal(flat, plan).equal
        write_marker(plan, verify_plan(plan, flat.reader, flat.quiet), flat.writer)
        flat.put(DATABASE, b"late")
        for look in (following(flat, plan).run_pass, lambda: look_at_old_side(plan, flat.reader, flat.quiet)):
            with pytest.raises(MarkerError) as caught:
                look()
            assert str(caught.value) == (
                "What the plan moves into the environment 'dev' is marked as moved:"
                " its new keys follow nothing any more."
            )
        assert flat.body(new_key(plan, DATABASE)) == DATABASE.encode()


def test_a_verdict_from_before_is_not_about_what_was_copied_since(flat: Flat) -> None:
    """Nothing can be marked by it; the next verification agrees."""
    flat.put(DATABASE)
    with flat.plan() as plan:
        assert until_equal(flat, plan).equal
        verdict = verify_plan(plan, flat.reader, flat.quiet)
        assert until_equal(flat, plan).equal
        verdict.require(plan)
        flat.put(DATABASE, b"written again")
        assert until_equal(flat, plan).equal
        with pytest.raises(VerificationError):
            verdict.require(plan)
        verify_plan(plan, flat.reader, flat.quiet).require(plan)


def test_an_old_object_that_changed_after_the_verification_is_not_deleted(flat: Flat) -> None:
    """The writers had not stopped after all; the followed database stays where it is newest."""
    flat.put(DATABASE, b"1")
    flat.put(CLIP)
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        flat.put(DATABASE, b"2")
        assert until_equal(flat, plan).equal
        verdict = verify_plan(plan, flat.reader, flat.quiet)
        write_marker(plan, verdict, flat.writer)
        flat.put(DATABASE, b"3")
        check_delete(plan, verdict, flat.writer, flat.bucket)
        report = delete_old_objects(plan, flat.writer, timedelta(0), flat.quiet)
        assert list(report.refused.first) == [DATABASE]
        assert flat.body(DATABASE) == b"3"


def test_a_look_changes_nothing(flat: Flat) -> None:
    """It says how far behind the new side is."""
    flat.put(DATABASE)
    flat.put(CLIP)
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        flat.put(DATABASE, b"written again")
        flat.delete(CLIP)
        before, there = plan.path.read_bytes(), flat.contents()
    with PlanFile.open(plan.path) as plan:
        report = look_at_old_side(plan, flat.reader, flat.quiet)
    assert (report.written, report.gone, report.behind.objects, report.behind.bytes) == (1, 1, 2, 13)
    assert plan.path.read_bytes() == before
    assert flat.contents() == there


def test_keys_of_any_spelling_are_followed_in_ranges(flat: Flat) -> None:
    """Several ranges are listed at once, and what an object is called in Unicode decides nothing."""
    names = [
        f"{letter}{number}" for number in range(12) for letter in ("e\u0301", "\u00e9b", "f", "\u0101", "~")
    ]
    for name in [*names, "\U0001f4a5"]:
        flat.put(f"anna/raw_clips/{name}.mp4")
    flat.put(DATABASE)
    with flat.plan() as plan:
        assert copy_objects(plan, flat.writer, flat.quiet).complete
        assert until_equal(flat, plan).number == 1
        for name in names[::7]:
            flat.put(f"anna/raw_clips/{name}.mp4", b"written again")
        flat.delete(f"anna/raw_clips/{names[1]}.mp4")
        flat.put("anna/raw_clips/new-e\u0301.mp4")
        report = following(flat, plan).run_pass()
        assert (report.written, report.gone) == (len(names[::7]) + 1, 1)
        assert following(flat, plan).run_pass().equal
        assert verify_plan(plan, flat.reader, flat.quiet, deep=True).ok
