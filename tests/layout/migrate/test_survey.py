"""What `list` finds, and that it writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layout.environment import Environment
from layout.legacy import FLAT
from layout.migrate import LayoutState, survey

if TYPE_CHECKING:
    from tests.layout.migrate.conftest import Flat


def test_a_bucket_in_the_flat_layout(flat: Flat) -> None:
    """Users, objects to move and objects without a rule are counted; environments are left out."""
    for key in ["a/aaa.txt", "a/database.sqlite", "b/uploads/1", "dev/users/a/x", "games/1", "stray", "x/y"]:
        flat.put(key, b"1234")
    before = flat.contents()
    assert survey(flat.reader, [FLAT], Environment.DEV, flat.quiet) == [
        LayoutState("flat", FLAT.description, users=2, objects=4, bytes=16, unknown=2, marked=False)
    ]
    assert flat.contents() == before


def test_a_bucket_in_the_new_layout(flat: Flat) -> None:
    """Nothing is left to move, and the marker is seen."""
    flat.put("dev/layout.json", b'{"revision": 1, "scheme": "r2-layout"}')
    assert survey(flat.reader, [FLAT], Environment.DEV, flat.quiet) == [
        LayoutState("flat", FLAT.description, marked=True)
    ]
