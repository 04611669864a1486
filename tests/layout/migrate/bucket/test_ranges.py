"""Listing several ranges of keys at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from layout.migrate.bucket.ranges import KeyRange, pages_of_ranges, ranges_without

if TYPE_CHECKING:
    from tests.layout.migrate.conftest import Flat


def holding(ranges: list[KeyRange], key: str) -> list[KeyRange]:
    """The ranges in which a key lies."""
    return [one for one in ranges if one.after < key and (one.to is None or key <= one.to)]


@pytest.mark.parametrize("boundaries", [[], ["a/3"], ["a/3", "a/30", "b/"], ["0", "a/1", "a/2", "~"]])
def test_ranges_show_each_object_once(flat: Flat, boundaries: list[str]) -> None:
    """Whether a boundary is a key or lies between two."""
    keys = [f"{folder}/{number}" for folder in ("a", "b", "c") for number in range(40)]
    for key in keys:
        flat.put(key)
    with ThreadPoolExecutor(4) as pool:
        pages = list(pages_of_ranges(flat.reader, ranges_without(boundaries, []), pool))
    assert sorted(item.key for page in pages for item in page.items) == sorted(keys)
    for page in pages:
        assert all(page.after < item.key and (page.to is None or item.key <= page.to) for item in page.items)
    assert len({page.after for page in pages}) == len(pages) == len(boundaries) + 1


def test_a_range_of_several_pages_comes_in_order(flat: Flat) -> None:
    """Each page says where it begins and ends, so that nothing lies between two."""
    for number in range(1_050):
        flat.put(f"a/{number:04}", b"x")
    with ThreadPoolExecutor(4) as pool:
        pages = list(pages_of_ranges(flat.reader, ranges_without(["a/0001"], []), pool))
    assert [(page.after, page.to) for page in sorted(pages, key=lambda page: page.after)] == [
        ("", "a/0001"),
        ("a/0001", "a/1001"),
        ("a/1001", None),
    ]


@pytest.mark.parametrize(
    "boundaries", [[], ["dev/m"], ["a", "z"], ["dev/", "dev/~"], ["c", "dev/1", "dev/2", "dev0"]]
)
def test_what_lies_under_a_prefix_is_left_out(boundaries: list[str]) -> None:
    """Wherever the boundaries are, all other keys are in exactly one range."""
    ranges = ranges_without(boundaries, ["dev/", "prod/"])
    for key in (
        "a",
        "dev",
        "dev.",
        "dev0",
        "dev/~~",
        "dev/\u00e9",
        "e/1",
        "prod",
        "prod0",
        "z",
        "\U0001f4a5",
    ):
        assert len(holding(ranges, key)) == 1, key
    for key in ("dev/1", "dev/users/a", "dev/}", "prod/games/1"):
        assert holding(ranges, key) == []


def test_without_boundaries_there_is_one_range() -> None:
    """That of the whole bucket."""
    assert ranges_without([], []) == [KeyRange("", None)]
