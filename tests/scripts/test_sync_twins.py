"""The sync twins are what their async originals say, and a twin that is not is found."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from scripts.sync_twins import BY_HAND, PAIRS, REPOSITORY, differences, sync_twin, twins, write_tree

WANTED = {"one.py": "one\n", "two.py": "two\n"}


def test_every_twin_is_up_to_date() -> None:
    """Each folder holds what its originals say, no module more and none less."""
    found = {folder: [*differences(wanted, REPOSITORY / folder)] for folder, wanted in twins().items()}
    assert found == {folder: [] for folder in PAIRS.values()}, "run make generate"


def test_a_missing_twin_is_found(tmp_path: Path) -> None:
    """An original that was added without its twin."""
    write_tree({"one.py": "one\n"}, tmp_path)
    assert [*differences(WANTED, tmp_path)] == ["two.py is missing"]


def test_a_twin_too_many_is_found(tmp_path: Path) -> None:
    """An original that was removed, and its twin was not."""
    write_tree({**WANTED, "three.py": "three\n"}, tmp_path)
    assert [*differences(WANTED, tmp_path)] == ["three.py has no original"]


def test_a_twin_that_was_cut_is_found(tmp_path: Path) -> None:
    """A comparison line by line that ends with the shorter file would pass it."""
    write_tree({**WANTED, "two.py": ""}, tmp_path)
    assert [*differences(WANTED, tmp_path)] == ["two.py is not what its original says"]


def test_writing_removes_what_has_no_original(tmp_path: Path) -> None:
    """All but the modules that are written by hand on both sides."""
    write_tree({**WANTED, "waiting.py": "by hand\n", "three.py": "three\n"}, tmp_path)
    write_tree(WANTED, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one.py", "two.py", "waiting.py"]


def test_what_cannot_be_translated_is_refused() -> None:
    """Nothing of asyncio has a twin; it belongs into a module that both sides have."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared
        sync_twin("async def wait() -> None:\n    await asyncio.sleep(1)\n", "one.py")
    assert str(caught.value) == "The twin of one.py is still async: 'asyncio.sleep(1)'."


def test_a_module_is_translated() -> None:
    """Statements, names, annotations and docstrings; prose, strings of data and comments stay."""
    original = '''"""Of `AsyncOne`, read async."""
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

class AsyncOne:
    async def read(self, get: Callable[[str], Awaitable[bytes]]) -> "AsyncIterator[bytes]":
        """Reads with `get_async`."""
        async with self as one:  # awaits
            yield await one.get_async("a/_async_/b")
        return [item async for item in one if (await item).size]
'''
    assert (
        sync_twin(original, "one.py")
        == '''# Written by `make generate` from one.py: change that.
"""Of `One`, read async."""
from collections.abc import Iterator, Awaitable, Callable

class One:
    def read(self, get: Callable[[str], bytes]) -> "Iterator[bytes]":
        """Reads with `get`."""
        with self as one:  # awaits
            yield one.get("a/_async_/b")
        return [item for item in one if (item).size]
'''
    )


@pytest.mark.parametrize(("original", "twin"), PAIRS.items())
def test_what_is_written_by_hand_has_the_same_names(original: str, twin: str) -> None:
    """A module of both sides offers the same, so that the translated modules find it."""
    for name in sorted(BY_HAND):
        if (REPOSITORY / original / name).exists() or (REPOSITORY / twin / name).exists():
            sides = [
                importlib.import_module(f"{folder}/{name}".removesuffix(".py").replace("/", "."))
                for folder in (original, twin)
            ]
            assert sides[0].__all__ == sides[1].__all__
