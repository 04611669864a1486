"""The way back of an object: what may happen to it in which state, and that nothing else can."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.environment import Environment
from layout.errors import PlanError
from layout.migrate import PlanFile, PlanMeta
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.plan.moves import Proof
from layout.migrate.plan.return_states import RETURN_LIFE, RETURN_MOVES, ReturnEvent, ReturnState
from layout.migrate.plan.returns import FoundReturn, ReturnJournal, return_at

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[4]
NEW = ListedObject("dev/games/1.mp4", "e", 1, "2026-01-01T00:00:00Z")
OLD = ListedObject("games/1.mp4", "e", 1, "2026-01-02T00:00:00Z")

HAPPEN = {
    ReturnEvent.RETURNED: lambda journal, one: journal.returned(one, OLD, Proof.ETAG),
    ReturnEvent.FAILED: lambda journal, one: journal.failed(one, "no answer"),
    ReturnEvent.TAKEN: lambda journal, one: journal.taken(one, "another object"),
    ReturnEvent.SAME: lambda journal, one: journal.same(one),
    ReturnEvent.DIFFERENT: lambda journal, one: journal.different(one, "differs"),
    ReturnEvent.REMOVED: lambda journal, one: journal.removed(one),
    ReturnEvent.KEPT: lambda journal, one: journal.kept(one, "locked"),
}


@pytest.fixture
def plan(tmp_path: Path) -> Iterator[PlanFile]:
    """A plan without objects."""
    facts = {"bucket": "videos", "endpoint": "http://127.0.0.1:1", "environment": Environment.DEV}
    meta = PlanMeta(plan_id="0" * 32, layout="flat", created_at="2026-01-01T00:00:00Z", **facts)
    with PlanFile.open_or_create(tmp_path / "plan.sqlite", meta) as plan:
        yield plan


def state_after(plan: PlanFile, state: ReturnState, event: ReturnEvent) -> ReturnState | None:
    """The state of the object after an event in a state; None if the journal refused."""
    journal = ReturnJournal(plan)
    with plan.transaction():
        journal.found([FoundReturn(NEW, state, OLD.key)], 1)
    found = return_at(plan, NEW.key)
    assert found is not None
    try:
        with plan.transaction():
            HAPPEN[event](journal, found.planned)
    except PlanError:
        return None
    after = return_at(plan, NEW.key)
    assert after is not None
    return after.state


def test_an_event_happens_in_the_states_of_the_table_and_in_no_other(plan: PlanFile) -> None:
    """Over the whole product: the table's state after, or a refusal."""
    for state, event in product(ReturnState, ReturnEvent):
        assert state_after(plan, state, event) == RETURN_LIFE.states_before(event).get(state), (state, event)


def test_a_refused_event_is_one_clear_error(plan: PlanFile) -> None:
    """It names the object and what was to be noted."""
    with plan.transaction():
        ReturnJournal(plan).found([FoundReturn(NEW, ReturnState.RETURN, OLD.key)], 1)
    found = return_at(plan, NEW.key)
    assert found is not None
    with pytest.raises(PlanError) as caught, plan.transaction():
        ReturnJournal(plan).removed(found.planned)
    assert str(caught.value) == (
        f"The plan {str(plan.path)!r} cannot note 'removed' of 'dev/games/1.mp4':"
        " the object is in another state than this run has read."
    )
    assert caught.value.hint == "Run the rollback again: it looks at everything anew."


def test_two_objects_never_go_back_to_one_key(plan: PlanFile) -> None:
    """The second one stays where it is."""
    second = ListedObject("dev/games/2.mp4", "f", 1, "2026-01-01T00:00:00Z")
    with plan.transaction():
        ReturnJournal(plan).found(
            [FoundReturn(item, ReturnState.RETURN, OLD.key) for item in (NEW, second)], 1
        )
    found = return_at(plan, second.key)
    assert found is not None
    assert (found.state, found.planned.new_key, found.problem) == (
        ReturnState.REFUSED,
        "",
        "another object of the new layout goes back to 'games/1.mp4'",
    )


def test_what_a_later_run_does_not_find_is_forgotten(plan: PlanFile) -> None:
    """Unless this plan removed it."""
    journal = ReturnJournal(plan)
    with plan.transaction():
        journal.found([FoundReturn(NEW, ReturnState.VERIFIED, OLD.key)], 1)
        assert journal.next_run() == 2
        journal.listed(2)
    assert return_at(plan, NEW.key) is None


def test_each_pair_of_state_and_event_is_in_the_table_once() -> None:
    """And each says when that happens in life."""
    pairs = [(move.before, move.event) for move in RETURN_MOVES]
    assert len(pairs) == len(set(pairs))
    assert all(move.when for move in RETURN_MOVES)


def test_the_page_of_the_operator_shows_the_table() -> None:
    """It is the text that the table gives."""
    assert RETURN_LIFE.markdown().strip() in (ROOT / "docs" / "rolling_back.md").read_text(encoding="utf-8")
