"""What a network or a busy bucket does to requests, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from layout.environment import Environment
from layout.errors import ConditionFailedError
from layout.keys import r2_key
from local_cloudflare.r2.faults import FaultAction, FaultRule, Faults

if TYPE_CHECKING:
    from layout.storage.r2_storage import R2Storage

KEY = r2_key("lost-answers", "a.json", "a1b2c3d4", environment=Environment.DEV)


def _rule(action: FaultAction, operation: str, *, times: int = 1, status: int = 500) -> FaultRule:
    return FaultRule(action, operation=operation, key=str(KEY), times=times, status=status, keep_bytes=1_000)


def test_a_create_that_took_effect_is_no_conflict(storage: R2Storage, faults: Faults) -> None:
    """The client repeats it and meets its own object, which carries the id of this very write."""
    faults.add(_rule(FaultAction.ERROR_AFTER, "PutObject"))
    e_tag = storage.create(KEY, b"mine")
    assert (storage.get(KEY).body, storage.get(KEY).e_tag) == (b"mine", e_tag)


def test_a_replace_that_took_effect_is_no_conflict(storage: R2Storage, faults: Faults) -> None:
    """The same for a change."""
    old = storage.create(KEY, b"old")
    faults.add(_rule(FaultAction.ERROR_AFTER, "PutObject"))
    new = storage.replace(KEY, b"new", old)
    assert (storage.get(KEY).body, storage.get(KEY).e_tag) == (b"new", new)


def test_equal_bytes_of_somebody_else_are_a_conflict(storage: R2Storage) -> None:
    """Not the content decides who wrote, but the id of the write."""
    storage.create(KEY, b"same")
    with pytest.raises(ConditionFailedError):
        storage.create(KEY, b"same")


def test_a_body_that_ends_early_is_never_taken_for_the_object(storage: R2Storage, faults: Faults) -> None:
    """The client asks for the rest."""
    body = bytes(range(256)) * 4_000
    storage.put(KEY, body)
    faults.add(_rule(FaultAction.TRUNCATE, "GetObject", times=2))
    assert storage.get(KEY).body == body


def test_a_busy_key_is_written_in_the_end(storage: R2Storage, faults: Faults) -> None:
    """R2 takes about one write a second on one key and answers 429 to the rest."""
    faults.add(_rule(FaultAction.ERROR_BEFORE, "PutObject", times=3, status=429))
    storage.put(KEY, b"x")
    assert storage.get(KEY).body == b"x"
