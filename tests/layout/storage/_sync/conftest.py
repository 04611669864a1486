# Written by `make generate` from tests/layout/storage/_async/conftest.py: change that.
"""A storage that is closed after the test, and what runs the async tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from layout.storage.r2_storage import R2Storage

if TYPE_CHECKING:
    from layout.storage.settings import StorageSettings


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the async tests."""
    return "asyncio"


@pytest.fixture
def storage(local: StorageSettings) -> Iterator[R2Storage]:
    """The storage of dev in a fresh bucket, with the token itself."""
    with R2Storage(local) as made:
        yield made
