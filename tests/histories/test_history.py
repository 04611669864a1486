"""The checker itself: it finds what it is there to find."""

from __future__ import annotations

import pytest

from tests.histories.history import History, Observed


def history_of(*writes: tuple[str | None, bool]) -> History:
    """A history of one key."""
    history = History()
    for body, acknowledged in writes:
        history.add("k", body, acknowledged=acknowledged)
    return history


@pytest.mark.parametrize(
    ("writes", "found", "faults"),
    [
        ([("1", True), ("2", True)], {"k": "2"}, []),
        ([("1", True), ("2", True)], {"k": "1"}, ["'k' is an older version"]),
        ([("1", True), ("2", True)], {}, ["'k' is lost"]),
        ([("1", True), ("2", False)], {"k": "1"}, []),
        ([("1", True), ("2", False)], {"k": "2"}, []),
        ([("1", True), ("2", False), ("3", True)], {"k": "2"}, ["'k' is an older version"]),
        ([("1", True), (None, True)], {}, []),
        ([("1", True), (None, True)], {"k": "1"}, ["'k' is there again although it was deleted"]),
        ([("1", True), (None, False)], {"k": "1"}, []),
        ([("1", False)], {}, []),
        ([("1", True)], {"k": "other"}, ["'k' is what nobody wrote"]),
        ([("1", True)], {"k": "1", "l": "1"}, ["'l' was never written"]),
    ],
)
def test_what_cannot_follow_from_a_history_is_found(
    writes: list[tuple[str | None, bool]], found: dict[str, str], faults: list[str]
) -> None:
    """A write without an answer may have taken effect until the next one is acknowledged."""
    assert history_of(*writes).faults(found) == faults


def test_a_side_that_follows_may_be_behind_and_never_goes_back() -> None:
    """Nor does an object go that nobody deleted."""
    history = history_of(("1", True), ("2", True), ("3", True))
    observed = Observed(history)
    for found in ({}, {"k": "1"}, {"k": "1"}, {"k": "3"}):
        observed.see(found)
    assert observed.faults == []
    observed.see({"k": "2"})
    observed.see({})
    assert observed.faults == [
        "'k' went back to an older version",
        "'k' was taken away although nobody deleted it",
    ]
    history.add("k", None, acknowledged=True)
    again = Observed(history)
    for found in ({"k": "3"}, {}):
        again.see(found)
    assert again.faults == []
