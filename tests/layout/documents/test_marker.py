"""The revision marker."""

from __future__ import annotations

import pytest

from layout.documents.marker import (
    REVISION,
    SCHEME_NAME,
    HistoryEntry,
    Marker,
    MarkerAct,
    MarkerAction,
    MarkerPhase,
    check_marker,
)
from layout.environment import Environment
from layout.errors import InvalidDocumentError, MarkerError

DEV = Environment.DEV
CURRENT = Marker(revision=REVISION, scheme=SCHEME_NAME)
TIME = "2026-05-04T03:02:01Z"


def entry(act: MarkerAct) -> HistoryEntry:
    """One by anna's laptop."""
    return HistoryEntry(act=act, by="anna@laptop", at=TIME, plan_id="3f2a", layout="flat")


MOVING = CURRENT.model_copy(
    update={"phase": MarkerPhase.MOVING, "plan_id": "3f2a", "history": [entry(MarkerAct.CLAIMED)]}
)
ROLLED_BACK = CURRENT.model_copy(
    update={"phase": MarkerPhase.ROLLED_BACK, "history": [*MOVING.history, entry(MarkerAct.ROLLED_BACK)]}
)


def test_marker_on_the_wire() -> None:
    """A marker is small JSON that people can read; what is not set is not there."""
    marker = Marker(revision=1, scheme="r2-layout", written_by="migration")
    assert (
        marker.to_json() == b'{\n  "revision": 1,\n  "scheme": "r2-layout",\n  "written_by": "migration"\n}\n'
    )
    assert Marker.from_json(marker.to_json()) == marker


def test_a_marker_without_a_phase_means_moved() -> None:
    """As an application writes it into an empty environment."""
    assert Marker.from_json(b'{"revision": 1, "scheme": "r2-layout"}').phase is MarkerPhase.MOVED


def test_a_claimed_marker_on_the_wire() -> None:
    """Phase, plan and history are text; what is not set is not there."""
    text = MOVING.to_json().decode()
    assert text == (
        '{\n  "revision": 1,\n  "scheme": "r2-layout",\n  "phase": "moving",\n  "plan_id": "3f2a",\n'
        '  "history": [\n    {\n      "act": "claimed",\n      "by": "anna@laptop",\n'
        f'      "at": "{TIME}",\n      "plan_id": "3f2a",\n      "layout": "flat"\n    }}\n  ]\n}}\n'
    )
    assert Marker.from_json(text).to_json().decode() == text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"scheme": "x"}', "layout.json: the field 'revision' is missing."),
        (
            b'{"revision": 0, "scheme": "x"}',
            "layout.json: the field 'revision' is wrong: Input should be greater than or equal to 1, not 0.",
        ),
        (
            b'{"revision": "1", "scheme": "x"}',
            "layout.json: the field 'revision' is wrong: Input should be a valid integer, not '1'.",
        ),
        (
            b'{"revision": 1, "scheme": "x", "phase": "gone"}',
            "layout.json: the field 'phase' is wrong: Input should be 'moving', 'moved' or 'rolled back', not 'gone'.",
        ),
        (
            b'{"revision": true, "scheme": "x"}',
            "layout.json: the field 'revision' is wrong: Input should be a valid integer, not True.",
        ),
    ],
)
def test_wrong_marker(data: bytes, message: str) -> None:
    """A marker that says nothing certain is an error, never revision none."""
    with pytest.raises(InvalidDocumentError) as caught:
        Marker.from_json(data)
    assert str(caught.value) == message


def test_empty_environment() -> None:
    """Without a marker and without data the first writer writes the marker."""
    assert check_marker(None, True, DEV) is MarkerAction.WRITE


@pytest.mark.parametrize("empty", [True, False])
def test_current_marker(empty: bool) -> None:
    """With the marker of this revision there is nothing to do, data or not."""
    assert check_marker(CURRENT, empty, DEV) is MarkerAction.NOTHING


@pytest.mark.parametrize(
    ("marker", "message", "hint"),
    [
        (
            None,
            "The environment 'dev' holds data, but no marker at 'dev/layout.json'.",
            "The data is in an old layout, or its migration is not finished: run r2-layout migrate.",
        ),
        (
            Marker(revision=REVISION + 1, scheme=SCHEME_NAME),
            f"The marker 'dev/layout.json' has the revision {REVISION + 1}, newer than {REVISION}.",
            "This code is older than the data: deploy a newer version.",
        ),
        (
            Marker(revision=REVISION, scheme="other"),
            "The marker 'dev/layout.json' is of the scheme 'other', not of 'r2-layout'.",
            "Another application owns this bucket: check the bucket's name in the settings.",
        ),
        (
            CURRENT.model_copy(update={"revision": REVISION - 1}),
            f"The marker 'dev/layout.json' has the revision {REVISION - 1}, older than {REVISION}.",
            "The data is in an old layout: run r2-layout migrate.",
        ),
        (
            MOVING,
            (
                "The environment 'dev' is being moved into this layout by the plan '3f2a',"
                f" claimed by 'anna@laptop' at {TIME}."
            ),
            (
                "Start it once everything is moved and the migration has said so by r2-layout migrate mark"
                ", or read both meanwhile: R2_READ_OLD_LAYOUT=flat."
            ),
        ),
        (
            CURRENT.model_copy(update={"phase": MarkerPhase.MOVING}),
            "The environment 'dev' is being moved into this layout.",
            ("Start it once everything is moved and the migration has said so by r2-layout migrate mark."),
        ),
        (
            ROLLED_BACK,
            f"The migration of the environment 'dev' was rolled back by 'anna@laptop' at {TIME}.",
            (
                "Its data is in the old layout: start the application of that layout, or move the data again with"
                " r2-layout migrate."
            ),
        ),
    ],
)
def test_refused_start(marker: Marker | None, message: str, hint: str) -> None:
    """Data without a marker, or with another one, refuses the start and says what to do."""
    with pytest.raises(MarkerError) as caught:
        check_marker(marker, False, DEV)
    assert (str(caught.value), caught.value.hint, caught.value.key) == (message, hint, "dev/layout.json")
