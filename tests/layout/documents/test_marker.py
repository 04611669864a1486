"""The revision marker."""

from __future__ import annotations

import pytest

from layout.documents.marker import REVISION, SCHEME_NAME, Marker, MarkerAction, check_marker
from layout.environment import Environment
from layout.errors import InvalidDocumentError, MarkerError

DEV = Environment.DEV
CURRENT = Marker(revision=REVISION, scheme=SCHEME_NAME)


def test_marker_on_the_wire() -> None:
    """A marker is small JSON that people can read; what is not set is not there."""
    marker = Marker(revision=1, scheme="r2-layout", written_by="migration")
    assert (
        marker.to_json() == b'{\n  "revision": 1,\n  "scheme": "r2-layout",\n  "written_by": "migration"\n}\n'
    )
    assert Marker.from_json(marker.to_json()) == marker


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
    ],
)
def test_refused_start(marker: Marker | None, message: str, hint: str) -> None:
    """Data without a marker, or with another one, refuses the start and says what to do."""
    with pytest.raises(MarkerError) as caught:
        check_marker(marker, False, DEV)
    assert (str(caught.value), caught.value.hint, caught.value.key) == (message, hint, "dev/layout.json")
