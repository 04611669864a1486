"""The life of a reference: every state with every event, and the page that shows it."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from layout.environment import Environment
from layout.errors import PlanError
from layout.migrate import PlanFile, PlanMeta
from layout.migrate.plan.reference_states import (
    REFERENCE_LIFE,
    REFERENCE_MOVES,
    ReferenceEvent,
    ReferenceState,
)

PAGE = Path(__file__).resolve().parents[4] / "docs" / "moving_documents.md"


def test_the_page_shows_the_table() -> None:
    """It is the text that the table gives."""
    assert REFERENCE_LIFE.markdown() in PAGE.read_text(encoding="utf-8")


def test_what_is_not_in_the_table_cannot_happen(tmp_path: Path) -> None:
    """Every event in every state: a move of the table is made, any other refused, and the state is as before."""
    meta = PlanMeta(
        plan_id="0" * 32,
        layout="scenes",
        bucket="b",
        endpoint="https://x",
        environment=Environment.DEV,
        created_at="2026-01-01T00:00:00Z",
    )
    after = {(move.event, move.before): move.after for move in REFERENCE_MOVES}
    with PlanFile.open_or_create(tmp_path / "plan.sqlite", meta) as plan:
        for state, event in product(ReferenceState, ReferenceEvent):
            with plan.transaction() as database:
                database.execute(
                    "INSERT OR REPLACE INTO document_references (id, collection, document, path, elements, bare, part,"
                    " role, met_in, state) VALUES (1, 'c', '1', 'p', '[]', '', '', '', 1, ?)",
                    (state,),
                )
            if (event, state) in after:
                REFERENCE_LIFE.move(plan, event, 1, "c 1 p", {})
            else:
                with pytest.raises(PlanError) as error:
                    REFERENCE_LIFE.move(plan, event, 1, "c 1 p", {})
                assert str(error.value) == (
                    f"The plan {str(plan.path)!r} cannot note {event.value!r} of 'c 1 p':"
                    " the object is in another state than this run has read."
                )
            now = plan.value("SELECT state FROM document_references")
            assert now == after.get((event, state), state)
