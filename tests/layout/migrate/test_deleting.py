"""What a delete removes, and all that it must not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from layout.errors import DeletionRefusedError, StorageUnavailableError, VerificationError
from layout.migrate import (
    BucketWriter,
    PlanFile,
    check_delete,
    copy_objects,
    delete_old_objects,
    list_deletable,
    verify_plan,
    write_marker,
)
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from tests.layout.migrate.conftest import Flat

KEYS = ["a/database.sqlite", "a/raw_clips/1.mp4", game_key(1)]
AT_ONCE = timedelta(0)


@pytest.fixture
def verified(flat: Flat) -> Iterator[PlanFile]:
    """A plan whose three objects have been copied and verified, with the marker written."""
    for key in KEYS:
        flat.put(key)
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        write_marker(plan, verify_plan(plan, flat.reader, flat.quiet), flat.writer)
        yield plan


def old_keys(flat: Flat) -> list[str]:
    """What is left outside dev/."""
    return [key for key in flat.contents() if not key.startswith("dev/")]


def test_verified_objects_are_deleted_and_their_copies_stay(flat: Flat, verified: PlanFile) -> None:
    """Only old keys go; a second run finds nothing to do."""
    before = {key: value for key, value in flat.contents().items() if key.startswith("dev/")}
    report = delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    assert (report.deleted, report.bytes, bool(report.refused), bool(report.left)) == (3, 108, False, False)
    assert flat.contents() == before
    again = delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    assert (again.deleted, again.before) == (0, 3)


def test_a_dry_run_deletes_nothing(flat: Flat, verified: PlanFile) -> None:
    """It looks at each pair with a store that cannot write."""
    before = flat.contents()
    report = list_deletable(verified, flat.reader, AT_ONCE, flat.quiet)
    assert (report.deleted, report.bytes) == (3, 108)
    assert flat.contents() == before


def test_young_copies_keep_their_old_objects(flat: Flat, verified: PlanFile) -> None:
    """Links to old keys live for hours, so the old objects do too."""
    report = delete_old_objects(verified, flat.writer, timedelta(hours=4), flat.quiet)
    assert (report.deleted, report.young) == (0, 3)
    assert old_keys(flat) == KEYS


BY_HAND = "; if it was deleted there on purpose, delete it here by hand"


def test_each_pair_is_looked_at_again(flat: Flat, verified: PlanFile) -> None:
    """A changed old object and a missing copy: neither of the two old objects goes."""
    flat.put("a/database.sqlite", b"written by an old server")
    flat.delete(f"dev/{game_key(1)}")
    report = delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    assert report.refused.first == {
        "a/database.sqlite": "it was written again after it was planned",
        game_key(1): f"nothing is at its new key dev/{game_key(1)}{BY_HAND}",
    }
    assert old_keys(flat) == ["a/database.sqlite", game_key(1)]


def test_what_a_live_application_wrote_keeps_no_old_object(flat: Flat, verified: PlanFile) -> None:
    """The pair was equal when the environment went live; its old database is not kept for ever."""
    copy = verified.value("SELECT new_key FROM objects WHERE key = 'a/database.sqlite'")
    flat.put(copy, b"the application has gone on")
    again = verify_plan(verified, flat.reader, flat.quiet)
    assert (again.ok, again.counts["="], again.counts[">"]) == (True, 2, 1)
    report = delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    assert (report.deleted, bool(report.refused), old_keys(flat)) == (3, False, [])
    assert flat.body(copy) == b"the application has gone on"


def test_another_object_from_before_the_marker_keeps_the_old_one(flat: Flat) -> None:
    """Nobody knows who wrote it: it came after the verification, and the environment was not live yet."""
    flat.put(game_key(1))
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        verdict = verify_plan(plan, flat.reader, flat.quiet)
        flat.put(f"dev/{game_key(1)}", b"another")
        write_marker(plan, verdict, flat.writer)
        report = delete_old_objects(plan, flat.writer, AT_ONCE, flat.quiet)
    reason = f"the object at its new key dev/{game_key(1)} is not the verified one"
    assert (report.deleted, report.refused.first) == (0, {game_key(1): reason})


def test_touched_objects_are_looked_at_closer(flat: Flat, verified: PlanFile) -> None:
    """Another time under the same ETag: headers and user metadata decide, and equal ones let it go."""
    flat.put(game_key(1))
    flat.put("a/raw_clips/1.mp4", Metadata={"ref_count": "2"})
    report = delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    copy = verified.value("SELECT new_key FROM objects WHERE key = 'a/raw_clips/1.mp4'")
    reason = f"the object at {copy} has the same bytes, but other headers or user metadata"
    assert (report.deleted, report.refused.first) == (2, {"a/raw_clips/1.mp4": reason})


def test_an_old_object_that_is_gone_counts_only_if_its_copy_is_there(flat: Flat, verified: PlanFile) -> None:
    """A run that was cut off after its request finds its work done."""
    flat.delete(game_key(1))
    flat.delete("a/raw_clips/1.mp4")
    copy = verified.value("SELECT new_key FROM objects WHERE key = 'a/raw_clips/1.mp4'")
    flat.delete(copy)
    report = delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    assert (report.deleted, report.before) == (1, 1)
    assert report.refused.first == {"a/raw_clips/1.mp4": f"nothing is at its new key {copy}{BY_HAND}"}


def test_a_destination_is_never_deleted(flat: Flat, verified: PlanFile) -> None:
    """Not even if a damaged plan says that it is an old object."""
    with verified.transaction() as database:
        database.execute(
            "UPDATE objects SET key = new_key, new_key = ? WHERE key = ?",
            (f"dev/{game_key(99)}", game_key(1)),
        )
    flat.put(f"dev/{game_key(99)}", game_key(1).encode())
    report = delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    assert report.refused.first == {f"dev/{game_key(1)}": "it is where another object moves to"}
    assert f"dev/{game_key(1)}" in flat.contents()


def test_objects_that_appeared_meanwhile_are_reported(flat: Flat, verified: PlanFile) -> None:
    """The last listing shows what the plan does not know; it is not touched."""
    flat.put("a/uploads/new.mp4")
    report = delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    assert report.left.first == {"a/uploads/new.mp4": "was written after the plan was made"}
    assert old_keys(flat) == ["a/uploads/new.mp4"]


class PickyWriter(BucketWriter):
    """Deletes nothing of one key, in the way R2 says so: a 200 with an error for that key."""

    def delete(self, keys: list[str], *, repeats: bool = True) -> dict[str, str]:
        """All but the database."""
        super().delete([key for key in keys if not key.endswith(".sqlite")], repeats=repeats)
        return {key: "InternalError: We encountered an error." for key in keys if key.endswith(".sqlite")}


def test_errors_of_single_keys_are_read(flat: Flat, verified: PlanFile) -> None:
    """An answer of 200 is no success: the key is named, its row is not done, the next run tries again."""
    picky = PickyWriter(flat.settings)
    report = delete_old_objects(verified, picky, AT_ONCE, flat.quiet, writers_stopped=True)
    picky.close()
    assert report.errors.first == {"a/database.sqlite": "InternalError: We encountered an error."}
    assert report.deleted == 2
    assert old_keys(flat) == ["a/database.sqlite"]
    assert delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet).deleted == 1


class CutOffWriter(BucketWriter):
    """Deletes, and never hears the answer."""

    def delete(self, keys: list[str], *, repeats: bool = True) -> dict[str, str]:
        """The objects are gone when this raises."""
        super().delete(keys, repeats=repeats)
        raise StorageUnavailableError("no answer", bucket=self.name)


def test_a_delete_whose_answer_was_lost_is_finished_by_the_next_run(flat: Flat, verified: PlanFile) -> None:
    """Unknown is not done and not failed: the next run looks."""
    cut_off = CutOffWriter(flat.settings)
    with pytest.raises(StorageUnavailableError):
        delete_old_objects(verified, cut_off, AT_ONCE, flat.quiet, writers_stopped=True)
    cut_off.close()
    report = delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    assert (report.deleted, report.before, bool(report.refused)) == (0, 3, False)
    assert old_keys(flat) == []


def test_the_bucket_must_be_typed(flat: Flat, verified: PlanFile) -> None:
    """Another name is refused before anything is asked of the bucket."""
    verdict = verify_plan(verified, flat.reader, flat.quiet)
    with pytest.raises(DeletionRefusedError) as caught:
        check_delete(verified, verdict, flat.reader, "reel-ballers-user")
    assert (
        str(caught.value)
        == f"The bucket of this plan is {flat.bucket!r}, and --bucket says 'reel-ballers-user'."
    )
    assert caught.value.hint == "Type the name of the bucket from which old objects are to be deleted."


def test_the_marker_must_be_there(flat: Flat, verified: PlanFile) -> None:
    """Without it nothing says that the new layout is in use."""
    verdict = verify_plan(verified, flat.reader, flat.quiet)
    check_delete(verified, verdict, flat.reader, flat.bucket)
    flat.delete("dev/layout.json")
    with pytest.raises(DeletionRefusedError) as caught:
        check_delete(verified, verdict, flat.reader, flat.bucket)
    assert str(caught.value) == (
        "There is no marker at 'dev/layout.json': nothing says that the new layout is in use."
    )
    assert caught.value.hint == "Write it: r2-layout migrate mark --plan FILE --verdict FILE --execute"


def test_the_marker_must_say_moved(flat: Flat, verified: PlanFile) -> None:
    """One that is claimed or rolled back says that the new layout is not in use."""
    verdict = verify_plan(verified, flat.reader, flat.quiet)
    for phase in ("moving", "rolled back"):
        body = f'{{"revision": 1, "scheme": "r2-layout", "phase": "{phase}"}}'
        flat.put("dev/layout.json", body.encode())
        with pytest.raises(DeletionRefusedError) as caught:
            check_delete(verified, verdict, flat.reader, flat.bucket)
        assert str(caught.value) == (
            f"The marker 'dev/layout.json' says '{phase}': nothing says that the new layout is in use."
        )
        assert caught.value.hint == "Write it: r2-layout migrate mark --plan FILE --verdict FILE --execute"


def test_an_old_verdict_is_refused(flat: Flat, verified: PlanFile) -> None:
    """Only the last verification counts, and only if it passed."""
    first = verify_plan(verified, flat.reader, flat.quiet)
    flat.delete(f"dev/{game_key(1)}")
    second = verify_plan(verified, flat.reader, flat.quiet)
    hint = f"Verify again: r2-layout migrate verify --plan {verified.path} --verdict FILE"
    for verdict, message in [
        (first, "The verdict is of verification 2, and the plan has seen 3."),
        (second, "The verdict says that 2 things are wrong."),
    ]:
        with pytest.raises(VerificationError) as caught:
            check_delete(verified, verdict, flat.reader, flat.bucket)
        assert (str(caught.value), caught.value.hint) == (message, hint)


def test_what_the_last_verification_did_not_find_equal_stays(flat: Flat, verified: PlanFile) -> None:
    """Rows verified by an earlier run, but not by the last one, are not deleted."""
    flat.delete(f"dev/{game_key(1)}")
    verify_plan(verified, flat.reader, flat.quiet)
    flat.put(f"dev/{game_key(1)}", game_key(1).encode())
    delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    assert old_keys(flat) == [game_key(1)]
