"""A write whose answer is lost is repeated by the client; the repetition meets the first attempt's object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from layout.environment import Environment
from layout.errors import ConditionFailedError
from layout.keys import r2_key

if TYPE_CHECKING:
    from infra.local.cloudflare import LocalCloudflare
    from infra.local.r2.faults import Faults
    from layout.storage.r2_storage import R2Storage

KEY = r2_key("lost-answers", "a.json", "a1b2c3d4", environment=Environment.DEV)


@pytest.fixture
def faults(cloudflare: LocalCloudflare) -> Iterator[Faults]:
    """The next PUT of the key takes effect and is answered with 500."""
    from infra.local.r2.faults import FaultAction, FaultRule

    cloudflare.s3.faults.add(FaultRule(FaultAction.ERROR_AFTER, operation="PutObject", key=str(KEY)))
    yield cloudflare.s3.faults
    cloudflare.s3.faults.clear()


@pytest.mark.usefixtures("faults")
def test_a_create_that_took_effect_is_no_conflict(storage: R2Storage) -> None:
    """The object carries the id of this very write."""
    e_tag = storage.create(KEY, b"mine")
    assert (storage.get(KEY).body, storage.get(KEY).e_tag) == (b"mine", e_tag)


def test_a_replace_that_took_effect_is_no_conflict(storage: R2Storage, cloudflare: LocalCloudflare) -> None:
    """The same for a change."""
    from infra.local.r2.faults import FaultAction, FaultRule

    old = storage.create(KEY, b"old")
    cloudflare.s3.faults.add(FaultRule(FaultAction.ERROR_AFTER, operation="PutObject", key=str(KEY)))
    try:
        new = storage.replace(KEY, b"new", old)
    finally:
        cloudflare.s3.faults.clear()
    assert (storage.get(KEY).body, storage.get(KEY).e_tag) == (b"new", new)


def test_equal_bytes_of_somebody_else_are_a_conflict(storage: R2Storage) -> None:
    """Not the content decides who wrote, but the id of the write."""
    storage.create(KEY, b"same")
    with pytest.raises(ConditionFailedError):
        storage.create(KEY, b"same")
