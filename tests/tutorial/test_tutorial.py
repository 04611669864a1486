"""The commands of docs/tutorial.md, in order, as they stand there, from an empty account."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_cloudflare.cloudflare import LocalCloudflare
from tests.tutorial.follower import Follower, blocks


@pytest.mark.engine
@pytest.mark.xdist_group("engine")
def test_the_tutorial_serves_a_file_from_an_empty_account(tmp_path: Path) -> None:
    """Each block ends well; the URL gives the file, and the audit finds nothing wrong."""
    with LocalCloudflare(tmp_path / "cloudflare") as cloudflare:
        follower = Follower.at(cloudflare, tmp_path)
        printed = [follower.shell(block) for block in blocks("tutorial.md", "bash")]
    assert printed[1:3] == ["Wrote .env for dev with its backend token.\n", "Hello from R2\n"]
    assert "films-dev" in printed[3]
    assert len(printed) == 4
