"""The example application in a process of its own, on a fresh bucket of the local Cloudflare."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.running_application import RunningApplication

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

Start = Callable[[str], RunningApplication]


@pytest.fixture
def variables(cloudflare: LocalCloudflare, bucket: str) -> dict[str, str]:
    """Settings with the backend's token."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    return {
        "APP_ENV": "dev",
        "CLOUDFLARE_ACCOUNT_ID": cloudflare.account_id,
        "R2_ENDPOINT": cloudflare.s3_endpoint,
        "R2_BUCKET": bucket,
        "R2_ACCESS_KEY_ID": keys.access_key_id,
        "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
        "SESSION_SECRET": "the tests' own",
    }


@pytest.fixture
def start(variables: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts the application on a disk by this name; all of them are ended after the test."""
    running: list[RunningApplication] = []

    def start(disk: str) -> RunningApplication:
        running.append(RunningApplication(variables, tmp_path / disk))
        return running[-1]

    yield start
    for application in running:
        application.stop()
