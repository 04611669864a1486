"""The marker during a migration: who may change it, and what it remembers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from layout.documents.marker import Marker, MarkerPhase, new_marker
from layout.environment import Environment
from layout.errors import MarkerError, PlanBlockedError
from layout.migrate import (
    BucketWriter,
    PlanFile,
    claim_marker,
    copy_objects,
    roll_back_marker,
    verify_plan,
    write_marker,
)
from layout.migrate.live import LiveSince
from layout.migrate.marker_file import ATTEMPTS, find_marker
from layout.migrate.marking import live_since
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from tests.layout.migrate.conftest import Flat

KEY = "dev/layout.json"


@pytest.fixture
def plan(flat: Flat) -> Iterator[PlanFile]:
    """A plan of two objects."""
    flat.put(game_key(1))
    flat.put("a/database.sqlite")
    with flat.plan() as plan:
        yield plan


def marker(flat: Flat) -> Marker:
    """The marker that is there."""
    return Marker.from_json(flat.body(KEY))


def moved(flat: Flat, plan: PlanFile) -> None:
    """Copies, verifies and marks."""
    copy_objects(plan, flat.writer, flat.quiet, by="anna")
    assert write_marker(plan, verify_plan(plan, flat.reader, flat.quiet), flat.writer, "bert")


def history(marker: Marker) -> list[tuple[str, str]]:
    """Act and name of each entry."""
    return [(entry.act, entry.by) for entry in marker.history]


class FirstCopy(BucketWriter):
    """A bucket that is lost at the first copy."""

    async def copy_small(self, *_: str) -> bool:
        """No copy."""
        raise KeyboardInterrupt


def test_the_environment_is_claimed_before_the_first_copy(flat: Flat, plan: PlanFile) -> None:
    """With the plan, who and when; what the marker says is no life yet."""
    with pytest.raises(KeyboardInterrupt):
        copy_objects(plan, FirstCopy(flat.settings), flat.quiet, by="anna")
    found = marker(flat)
    assert (found.phase, found.plan_id) == (MarkerPhase.MOVING, plan.meta.plan_id)
    (entry,) = found.history
    assert (entry.act, entry.by, entry.plan_id, entry.layout) == (
        "claimed",
        "anna",
        plan.meta.plan_id,
        "flat",
    )
    assert plan.meta.history == found.history
    assert not live_since(flat.reader, Environment.DEV)


def test_a_copy_that_is_repeated_finds_its_own_claim(flat: Flat, plan: PlanFile) -> None:
    """The marker is not written again; a plan that was killed before it noted the claim notes it then."""
    claim_marker(plan, flat.writer, "anna")
    before = flat.contents()[KEY]
    with plan.transaction():
        plan.note(history=[])
    assert copy_objects(plan, flat.writer, flat.quiet, by="another").complete
    assert flat.contents()[KEY] == before
    assert [entry.by for entry in plan.meta.history] == ["anna"]


def test_a_plan_that_is_blocked_claims_nothing(flat: Flat) -> None:
    """Nothing has begun."""
    flat.put("stray")
    with flat.plan() as plan, pytest.raises(PlanBlockedError):
        copy_objects(plan, flat.writer, flat.quiet)
    assert KEY not in flat.contents()


def test_the_claim_of_another_plan_is_refused(flat: Flat, plan: PlanFile) -> None:
    """By copy and by mark, which name it, who claimed it and when, and the way out; nothing is copied."""
    claim_marker(plan, flat.writer, "anna")
    before = flat.contents()
    with flat.plan("second.sqlite") as second:
        with pytest.raises(MarkerError) as caught:
            copy_objects(second, flat.writer, flat.quiet)
        entry = marker(flat).history[-1]
        mine, other = second.meta.plan_id, plan.meta.plan_id
        assert str(caught.value) == (
            f"The environment 'dev' is being moved by the plan {other!r}, claimed by 'anna' at {entry.at},"
            f" not by {mine!r}."
        )
        assert caught.value.hint == (
            "Go on with that plan. If it was given up, this one takes its place:"
            f" r2-layout migrate copy --plan {second.path} --take-over {other} --execute"
        )
        assert flat.contents() == before
        assert copy_objects(second, flat.writer, flat.quiet, by="bert", take_over=other).complete
        verdict = verify_plan(second, flat.reader, flat.quiet)
        claim_marker(plan, flat.writer, "anna", take_over=mine)
        with pytest.raises(MarkerError) as again:
            write_marker(second, verdict, flat.writer)
    assert str(again.value).startswith(
        f"The environment 'dev' is being moved by the plan {other!r}, taken over by"
    )
    assert history(marker(flat)) == [("claimed", "anna"), ("taken over", "bert"), ("taken over", "anna")]


def test_mark_changes_the_phase_and_the_plan_remembers(flat: Flat, plan: PlanFile) -> None:
    """Applications work there since this version of the marker was written."""
    moved(flat, plan)
    found = marker(flat)
    assert (found.phase, found.plan_id) == (MarkerPhase.MOVED, None)
    assert history(found) == [("claimed", "anna"), ("moved", "bert")]
    assert plan.meta.history == found.history
    assert live_since(flat.reader, Environment.DEV) == LiveSince(flat.contents()[KEY][2])


def test_what_is_moved_is_not_claimed_again(flat: Flat, plan: PlanFile) -> None:
    """A later plan copies what came late while applications work; the marker stays as it is."""
    moved(flat, plan)
    before = flat.contents()[KEY]
    flat.put(game_key(2))
    with flat.plan("second.sqlite") as second:
        assert claim_marker(second, flat.writer) is False
        assert copy_objects(second, flat.writer, flat.quiet).complete
        assert not write_marker(second, verify_plan(second, flat.reader, flat.quiet), flat.writer)
    assert flat.contents()[KEY] == before


def test_a_rollback_leaves_its_trace(flat: Flat, plan: PlanFile) -> None:
    """In the marker and in the plan; nothing is live any more, and a second time it is there already."""
    moved(flat, plan)
    assert roll_back_marker(plan, flat.writer, "carla") is True
    found = marker(flat)
    assert found.phase is MarkerPhase.ROLLED_BACK
    assert history(found) == [("claimed", "anna"), ("moved", "bert"), ("rolled back", "carla")]
    assert plan.meta.history == found.history
    assert not live_since(flat.reader, Environment.DEV)
    assert roll_back_marker(plan, flat.writer, "carla") is False


def test_a_claim_alone_can_be_rolled_back(flat: Flat, plan: PlanFile) -> None:
    """Without a marker there is nothing to take back."""
    assert roll_back_marker(plan, flat.writer) is False
    claim_marker(plan, flat.writer, "anna")
    assert roll_back_marker(plan, flat.writer, "anna") is True
    assert (marker(flat).phase, marker(flat).plan_id) == (MarkerPhase.ROLLED_BACK, None)


@pytest.mark.parametrize("again", ["the same plan", "another plan"])
def test_a_second_migration_after_a_rollback_works(flat: Flat, plan: PlanFile, again: str) -> None:
    """It claims the marker again, and the history goes on."""
    moved(flat, plan)
    roll_back_marker(plan, flat.writer, "carla")
    if again == "the same plan":
        verdict = verify_plan(plan, flat.reader, flat.quiet)
        with pytest.raises(MarkerError) as caught:
            write_marker(plan, verdict, flat.writer)
        at = marker(flat).history[-1].at
        assert (
            str(caught.value) == f"The migration of the environment 'dev' was rolled back by 'carla' at {at}."
        )
        assert caught.value.hint == (
            f"Copy and verify again first: r2-layout migrate copy --plan {plan.path} --execute"
        )
        moved(flat, plan)
    else:
        with flat.plan("second.sqlite") as second:
            moved(flat, second)
    assert [act for act, _ in history(marker(flat))] == [
        "claimed",
        "moved",
        "rolled back",
        "claimed",
        "moved",
    ]


def test_the_rollback_of_a_canary_is_of_that_user_alone(flat: Flat) -> None:
    """While others wait, and when everybody was moved; others stay as they are, and their claim too."""
    for key in ("a/database.sqlite", "b/database.sqlite", game_key(1)):
        flat.put(key)
    with flat.plan(only=["a"]) as canary, flat.plan("rest.sqlite", without=["a"]) as rest:
        moved(flat, canary)
        claim_marker(rest, flat.writer, "bert")
        assert roll_back_marker(canary, flat.writer, "carla") is True
        found = marker(flat)
        assert (found.phase, found.plan_id) == (MarkerPhase.MOVING, rest.meta.plan_id)
        assert not live_since(flat.reader, Environment.DEV)
        moved(flat, rest)
        assert marker(flat).waiting_users == ["a"]
        moved(flat, canary)
        since = live_since(flat.reader, Environment.DEV)
        assert marker(flat).phase is MarkerPhase.MOVED
        assert roll_back_marker(canary, flat.writer, "carla") is True
    found, live = marker(flat), live_since(flat.reader, Environment.DEV)
    assert (found.phase, found.holds("a"), found.holds("b")) == (MarkerPhase.MOVING, False, True)
    assert (live.of("a"), live.of("b")) == (None, since.of("b"))


def test_a_rollback_of_what_another_did_is_refused(flat: Flat, plan: PlanFile) -> None:
    """Another plan, or an application that began here."""
    flat.put(KEY, new_marker("backend 1.2").to_json())
    with pytest.raises(MarkerError) as caught:
        roll_back_marker(plan, flat.writer)
    assert str(caught.value) == (
        f"The marker of the environment 'dev' was written by 'backend 1.2', not for {plan.meta.plan_id!r}."
    )
    assert caught.value.hint == "Take back the migration of that plan."
    flat.delete(KEY)
    claim_marker(plan, flat.writer, "anna")
    with flat.plan("second.sqlite") as second, pytest.raises(MarkerError) as other:
        roll_back_marker(second, flat.writer)
    entry = marker(flat).history[0]
    assert str(other.value) == (
        f"The marker of the environment 'dev' was claimed by 'anna' at {entry.at} for the plan"
        f" {plan.meta.plan_id!r}, not for {second.meta.plan_id!r}."
    )


def test_unknown_fields_of_a_marker_stay(flat: Flat, plan: PlanFile) -> None:
    """A newer version may have written them."""
    flat.put(KEY, b'{"revision": 1, "scheme": "r2-layout", "phase": "rolled back", "color": "blue"}')
    claim_marker(plan, flat.writer, "anna")
    assert b'"color": "blue"' in flat.body(KEY)


class Losing(BucketWriter):
    """A bucket whose answers to changes of the marker are lost: they took effect, and the repetition is refused."""

    def put_if_absent(self, key: str, body: bytes, content_type: str) -> bool:
        """Written, and not known to be."""
        super().put_if_absent(key, body, content_type)
        return False

    def put_if_match(self, key: str, body: bytes, content_type: str, etag: str) -> bool:
        """Written, and not known to be."""
        super().put_if_match(key, body, content_type, etag)
        return False


def test_a_change_whose_answer_was_lost_is_recognised(flat: Flat, plan: PlanFile) -> None:
    """By its entry in the history."""
    writer = Losing(flat.settings)
    assert claim_marker(plan, writer, "anna") is True
    copy_objects(plan, flat.writer, flat.quiet)
    assert write_marker(plan, verify_plan(plan, flat.reader, flat.quiet), writer, "bert") is True
    assert history(marker(flat)) == [("claimed", "anna"), ("moved", "bert")]


class Busy(BucketWriter):
    """A bucket in which somebody else changes the marker just before each change."""

    def put_if_match(self, key: str, body: bytes, content_type: str, etag: str) -> bool:
        """Another time is written first."""
        found = find_marker(self, Environment.DEV)
        assert found is not None
        other = found.marker.model_copy(update={"written_at": f"{etag} was there"})
        super().put_if_match(key, other.to_json(), content_type, found.etag)
        return super().put_if_match(key, body, content_type, etag)


def test_a_marker_that_changes_under_every_attempt_is_left_alone(flat: Flat, plan: PlanFile) -> None:
    """Each attempt is on the condition of what it read."""
    claim_marker(plan, flat.writer, "anna")
    with pytest.raises(MarkerError) as caught:
        roll_back_marker(plan, Busy(flat.settings))
    assert str(caught.value) == (
        f"The marker of the environment 'dev' was changed by somebody else {ATTEMPTS} times in a row."
    )
    assert caught.value.hint == "Find out who does so, then run the command again."
    assert marker(flat).phase is MarkerPhase.MOVING
