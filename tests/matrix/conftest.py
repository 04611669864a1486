"""The filled buckets of the matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.matrix.stage import Stage

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare


@pytest.fixture(scope="session")
def stage(cloudflare: LocalCloudflare) -> Stage:
    """Both buckets with every area in them; each test leaves them as they were."""
    return Stage(cloudflare)
