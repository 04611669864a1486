"""Listing several ranges of keys at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from layout.migrate.bucket.ranges import pages_of_ranges

if TYPE_CHECKING:
    from tests.layout.migrate.conftest import Flat


@pytest.mark.parametrize("boundaries", [[], ["a/3"], ["a/3", "a/30", "b/"], ["0", "a/1", "a/2", "~"]])
def test_ranges_show_each_object_once(flat: Flat, boundaries: list[str]) -> None:
    """Whether a boundary is a key or lies between two."""
    keys = [f"{folder}/{number}" for folder in ("a", "b", "c") for number in range(40)]
    for key in keys:
        flat.put(key)
    with ThreadPoolExecutor(4) as pool:
        pages = list(pages_of_ranges(flat.reader, boundaries, pool))
    assert sorted(item.key for page in pages for item in page.items) == sorted(keys)
    for page in pages:
        assert all(page.after < item.key and (page.to is None or item.key <= page.to) for item in page.items)
    assert len({page.after for page in pages}) == len(pages) == len(boundaries) + 1


def test_a_range_of_several_pages_comes_in_order(flat: Flat) -> None:
    """Each page says where it begins and ends, so that nothing lies between two."""
    for number in range(1_050):
        flat.put(f"a/{number:04}", b"x")
    with ThreadPoolExecutor(4) as pool:
        pages = list(pages_of_ranges(flat.reader, ["a/0001"], pool))
    assert [(page.after, page.to) for page in sorted(pages, key=lambda page: page.after)] == [
        ("", "a/0001"),
        ("a/0001", "a/1001"),
        ("a/1001", None),
    ]
