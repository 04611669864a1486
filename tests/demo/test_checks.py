"""The statements that the demonstration makes about a move."""

import dataclasses
import hashlib
from typing import Any

import pytest

from demo import checks
from demo.snapshot import Stored

_OLD = Stored(3, "aa", "video/mp4", None, {"ref_count": "1"})
_NEW_KEYS = {"a/x.mp4": "dev/users/a/profiles/1/x.mp4"}


def test_a_faithful_copy_holds() -> None:
    """The same bytes, type and metadata at the new key contradict nothing."""
    check = checks.every_object_moved({"a/x.mp4": _OLD}, {"dev/users/a/profiles/1/x.mp4": _OLD}, _NEW_KEYS)
    assert check.holds
    assert check.statement == (
        "each of the 1 objects is at its new key: SHA-256, content type and metadata agree"
    )


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("size", 4, "size 4, its source had 3"),
        ("sha256", "bb", "sha256 'bb', its source had 'aa'"),
        ("content_type", "image/gif", "content_type 'image/gif', its source had 'video/mp4'"),
        ("cache_control", "no-cache", "cache_control 'no-cache', its source had None"),
        ("metadata", {}, "metadata {}, its source had {'ref_count': '1'}"),
    ],
)  # fmt: skip
def test_each_difference_is_named(field: str, value: Any, problem: str) -> None:
    """A copy that lost or changed one thing is a problem that names the key and both values."""
    changed = dataclasses.replace(_OLD, **{field: value})
    check = checks.every_object_moved({"a/x.mp4": _OLD}, {"dev/users/a/profiles/1/x.mp4": changed}, _NEW_KEYS)
    assert check.problems == (f"'dev/users/a/profiles/1/x.mp4' has {problem}",)


def test_a_missing_copy_and_an_unknown_key_are_problems() -> None:
    """An object that is not at its new key, or that has none, is named."""
    check = checks.every_object_moved({"a/x.mp4": _OLD, "b/y": _OLD}, {}, _NEW_KEYS)
    assert check.problems == (
        "'a/x.mp4' is missing at its new key 'dev/users/a/profiles/1/x.mp4'",
        "no new key is known for 'b/y'",
    )


def test_comparing_nothing_with_nothing_does_not_hold() -> None:
    """An empty source is an error about the question, not an answer."""
    check = checks.every_object_moved({}, {}, {})
    assert check.problems == ("the bucket was empty before the move: nothing was compared",)


def test_what_was_created_besides_is_named() -> None:
    """A key that is neither moved nor expected, and an expected one that is absent, are problems."""
    after = {"dev/users/a/profiles/1/x.mp4": _OLD, "dev/surplus": _OLD}
    check = checks.nothing_else_created(after, _NEW_KEYS, ["dev/layout.json"])
    assert check.problems == (
        "'dev/layout.json' should have been created and is not there",
        "'dev/surplus' is neither a moved object nor a file of the new layout",
    )


def test_what_is_left_at_the_root_is_named() -> None:
    """A key outside the environment is a problem, also one that only begins like it."""
    check = checks.nothing_left_at_the_root({"dev/x": _OLD, "dev2/x": _OLD, "a/x": _OLD}, "dev")
    assert check.problems == ("'a/x' is still there", "'dev2/x' is still there")


def test_what_a_rule_leaves_has_to_be_there() -> None:
    """It is neither left over nor gone."""
    check = checks.nothing_left_at_the_root({"dev/x": _OLD, "a.zip": _OLD}, "dev", ["a.zip", "b.zip"])
    assert check == checks.Check(
        "nothing is left outside dev/ but 2 objects that a rule leaves there",
        ("'b.zip', which a rule leaves where it is, is gone",),
    )


def test_a_rollback_that_left_or_changed_something_is_named() -> None:
    """What changed, what was lost of the new layout, and what was left behind."""
    written = {"a/new.mp4": b"new"}
    statement = "after the rollback the bucket is as it was, with 1 object that was written in the new layout"
    changed = dataclasses.replace(_OLD, size=1)
    check = checks.everything_is_back(
        {"a/x": _OLD, "a/y": _OLD}, {"a/x": changed, "dev/x": _OLD, "m": _OLD}, written, "m"
    )
    assert check == checks.Check(
        statement,
        (
            "'a/x' is not as it was",
            "'a/y' is not as it was",
            "'a/new.mp4' is not what was written in the new layout",
            "'dev/x' was left behind",
        ),
    )
    back = dataclasses.replace(_OLD, sha256=hashlib.sha256(b"new").hexdigest())
    found = {"a/x": _OLD, "a/new.mp4": back, "m": _OLD}
    assert checks.everything_is_back({"a/x": _OLD}, found, written, "m") == checks.Check(statement)
