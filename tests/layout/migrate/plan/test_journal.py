"""The life of an object: every state with every event, and nothing beside the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

import layout.migrate
from layout.environment import Environment
from layout.errors import PlanError
from layout.legacy import Evidence
from layout.migrate import PlanFile, PlanMeta
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.plan.following_journal import FollowingJournal
from layout.migrate.plan.journal import Journal, PlacedObject
from layout.migrate.plan.moves import LIFE, MOVES, Event, Proof, State
from layout.migrate.plan.rows import PlannedObject, planned_at

ROOT = Path(__file__).resolve().parents[4]
NEW = ListedObject("dev/games/1.mp4", "e", 1, "2026-01-01T00:00:01Z")


def _placed(event: Event) -> PlacedObject:
    return PlacedObject(1, event, "games/", "games", "", "a", NEW.key, 0)


HAPPEN: dict[Event, Callable[[FollowingJournal, PlannedObject], None]] = {
    Event.PLACED: lambda journal, _: journal.placed([_placed(Event.PLACED)]),
    Event.KEPT: lambda journal, _: journal.placed([_placed(Event.KEPT)]),
    Event.IGNORED: lambda journal, _: journal.placed([_placed(Event.IGNORED)]),
    Event.POSTPONED: lambda journal, _: journal.placed([_placed(Event.POSTPONED)]),
    Event.NOT_KNOWN: lambda journal, _: journal.placed([_placed(Event.NOT_KNOWN)]),
    Event.COLLIDED: lambda journal, _: journal.collided([_placed(Event.COLLIDED)]),
    Event.OWNER_UNCLEAR: lambda journal, _: journal.user_refused("a", "dev/games/", "unclear"),
    Event.FOUND: lambda journal, one: journal.found(one, NEW, Proof.ETAG),
    Event.TAKEN: lambda journal, one: journal.taken(one, "another object"),
    Event.COPIED: lambda journal, one: journal.copied(one, NEW, Proof.COPY),
    Event.SOURCE_TAKEN: lambda journal, one: journal.source_taken(
        one, "1", "dev/backups/1", "line 1", "newer"
    ),
    Event.DESTINATION_TAKEN: lambda journal, one: journal.destination_taken(
        one, f"dev/backups/{one.id}", "(rules)", "line 1", "older"
    ),
    Event.OVERTAKEN: lambda journal, one: journal.overtaken(one, "written since"),
    Event.GONE: lambda journal, one: journal.gone(one, "deleted there", 1),
    Event.RENEWED: lambda journal, one: journal.renewed(one, NEW.modified),
    Event.CHANGED_LIVE: lambda journal, one: journal.changed_live(one, 1),
    Event.FAILED: lambda journal, one: journal.failed(one, "no answer"),
    Event.SAME: lambda journal, one: journal.same([(one, NEW, Proof.BODIES)], 1),
    Event.DIFFERENT: lambda journal, one: journal.different(one, "differs", 1),
    Event.MISSING: lambda journal, one: journal.missing(one, "is missing", 1),
    Event.DELETED: lambda journal, one: journal.deleted(one),
    Event.NOT_DELETED: lambda journal, one: journal.not_deleted(one, "refused"),
    Event.CHANGED_OLD: lambda journal, one: journal.changed_old(one, NEW),
    Event.CHANGED_UNDECIDED: lambda journal, one: journal.changed_undecided(one, NEW),
    Event.FREED: lambda journal, one: journal.freed(one),
    Event.RECONSIDERED: lambda journal, one: journal.reconsidered([one]),
    Event.VANISHED: lambda journal, one: journal.vanished(one, "deleted there"),
    Event.RETURNED: lambda journal, one: journal.returned(one, NEW),
}
IN_BULK = {
    Event.PLACED,
    Event.KEPT,
    Event.IGNORED,
    Event.POSTPONED,
    Event.NOT_KNOWN,
    Event.COLLIDED,
    Event.OWNER_UNCLEAR,
}


@pytest.fixture
def plan(tmp_path: Path) -> Iterator[PlanFile]:
    """A plan that knows one object and one user."""
    facts = {"bucket": "videos", "endpoint": "http://127.0.0.1:1", "environment": Environment.DEV}
    meta = PlanMeta(plan_id="0" * 32, layout="flat", created_at="2026-01-01T00:00:00Z", **facts)
    with PlanFile.open_or_create(tmp_path / "plan.sqlite", meta) as plan:
        with plan.transaction():
            Journal(plan).listed(
                [ListedObject("games/1.mp4", "e", 1, "2026-01-01T00:00:00Z")], [Evidence("a", "x")]
            )
        yield plan


def state_after(plan: PlanFile, state: State, event: Event) -> State | None:
    """The state of the object after an event in a state; None if the journal refused."""
    with plan.transaction() as database:
        database.execute("UPDATE objects SET state = ?, new_key = ?, checked_in = 0", (state, NEW.key))
    one = planned_at(plan, "games/1.mp4")
    assert one is not None
    try:
        with plan.transaction():
            HAPPEN[event](FollowingJournal(plan), one)
    except PlanError:
        return None
    after = planned_at(plan, "games/1.mp4")
    assert after is not None
    return after.state


def test_an_event_happens_in_the_states_of_the_table_and_in_no_other(plan: PlanFile) -> None:
    """Over the whole product: the table's state after, a refusal, or for many rows at once no change."""
    for state, event in product(State, Event):
        expected = LIFE.states_before(event).get(state, state if event in IN_BULK else None)
        assert state_after(plan, state, event) == expected, (state, event)


def test_a_refused_event_is_one_clear_error(plan: PlanFile) -> None:
    """It names the object and what was to be noted."""
    one = planned_at(plan, "games/1.mp4")
    assert one is not None
    with pytest.raises(PlanError) as caught, plan.transaction():
        Journal(plan).not_deleted(one, "refused")
    assert str(caught.value) == (
        f"The plan {str(plan.path)!r} cannot note 'not deleted' of 'games/1.mp4':"
        " the object is in another state than this run has read."
    )
    assert caught.value.hint == "Make a new plan."
    with pytest.raises(PlanError) as caught, plan.transaction():
        Journal(plan).same([(one, NEW, Proof.ETAG)] * 2_000, 1)
    assert str(caught.value) == (
        f"The plan {str(plan.path)!r} cannot note 'same' of 2,000 objects:"
        " one of them is in another state than this run has read."
    )


def test_the_table_holds_each_pair_once_and_leaves_no_state_unreached() -> None:
    """Two rows for one pair would contradict each other."""
    pairs = [(move.event, move.before) for move in MOVES]
    assert len(pairs) == len(set(pairs))
    assert {move.event for move in MOVES} == set(Event)
    assert {move.after for move in MOVES} == set(State)
    assert all(move.when for move in MOVES)


def test_the_page_of_the_operator_shows_the_table() -> None:
    """It is the text that the table gives."""
    assert LIFE.markdown() in (ROOT / "docs" / "migration.md").read_text(encoding="utf-8")


def test_only_the_plan_itself_speaks_sql() -> None:
    """What a command asks or notes is a named question or a named move."""
    package = Path(layout.migrate.__file__).parent
    statement = re.compile(r'"\s*(SELECT|UPDATE|INSERT|DELETE|CREATE)\b|\.(rows|value)\(|\.database\b')
    spoken = [
        str(path.relative_to(package))
        for path in sorted(package.rglob("*.py"))
        if statement.search(path.read_text(encoding="utf-8"))
    ]
    # Of somebody else's databases, never of a plan.
    others = {"conflicts/database_facts.py", "conflicts/untrusted_database.py"}
    assert [path for path in spoken if not path.startswith("plan/") and path not in others] == []
    assert "plan/journal.py" in spoken


def test_what_answers_questions_changes_nothing() -> None:
    """No module of questions holds a statement that writes."""
    for name in ("rows.py", "totals.py", "old_side_rows.py"):
        text = (Path(layout.migrate.__file__).parent / "plan" / name).read_text(encoding="utf-8")
        assert "SELECT" in text
        assert not re.search(r"\b(UPDATE|INSERT|DELETE|REPLACE) ", text)
