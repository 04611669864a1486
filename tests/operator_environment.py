"""The environment and the folder of an operator, as a test of a command needs them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

__all__ = ["become_operator"]


def become_operator(
    cloudflare: LocalCloudflare,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    *,
    group: str = "",
) -> dict[str, str]:
    """Sets the variables of a process that works on a bucket, no others of ours, and the current folder.

    Args:
        cloudflare: Where the bucket is.
        bucket: Its name.
        monkeypatch: Takes it all back.
        folder: The current folder from now on.
        group: Permission group of a token for this bucket alone; without it the token opens every bucket.
    """
    keys = (
        cloudflare.s3_keys(group, bucket=bucket) if group else cloudflare.s3_keys("Workers R2 Storage Write")
    )
    variables = {
        "APP_ENV": "dev",
        "R2_BUCKET": bucket,
        "R2_ENDPOINT": cloudflare.s3_endpoint,
        "R2_ACCESS_KEY_ID": keys.access_key_id,
        "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
    }
    if group:
        variables["CLOUDFLARE_ACCOUNT_ID"] = cloudflare.account_id
    for name in [name for name in os.environ if name.startswith(("R2_", "AWS_", "CLOUDFLARE_"))]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    return variables
