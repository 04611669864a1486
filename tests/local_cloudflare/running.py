"""Commands of the local Cloudflare, run in this process."""

import pytest

from local_cloudflare.__main__ import main
from local_cloudflare.cloudflare import LocalCloudflare


def run(running: LocalCloudflare, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command prints; it must end with status 0."""
    assert main([arguments[0], "--folder", str(running.folder), *arguments[1:]]) == 0
    return capsys.readouterr().out
