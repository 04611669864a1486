"""A state that the engine is writing at this moment is read once it is written."""

from __future__ import annotations

import pytest

from infra.account import once_written

EMPTY = "invocation of readStackResourceOutputs returned an error: failed to load checkpoint: EOF"


def test_an_empty_state_is_read_again_until_it_is_written() -> None:
    """A file backend shows an empty file between two writes."""
    answers = iter([Exception(EMPTY), Exception(EMPTY), {"outputs": {}}])

    def read() -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert once_written(read, pause_seconds=0) == {"outputs": {}}


def test_a_state_that_stays_empty_and_any_other_trouble_are_told() -> None:
    """After ten attempts, and at once."""
    asked: list[str] = []

    def read(problem: str) -> object:
        asked.append(problem)
        raise RuntimeError(problem)

    with pytest.raises(RuntimeError, match="EOF"):
        once_written(lambda: read(EMPTY), pause_seconds=0)
    assert len(asked) == 10
    with pytest.raises(RuntimeError, match="no such stack"):
        once_written(lambda: read("no such stack"), pause_seconds=0)
    assert len(asked) == 11
