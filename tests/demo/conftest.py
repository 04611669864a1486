"""A job that migrates one bucket, as CI runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare


@pytest.fixture
def settings(cloudflare: LocalCloudflare, bucket: str) -> dict[str, str]:
    """The environment of a job that holds the backend token of one bucket."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    return {
        "R2_ENDPOINT": cloudflare.s3_endpoint,
        "R2_BUCKET": bucket,
        "R2_ACCESS_KEY_ID": keys.access_key_id,
        "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
        "CLOUDFLARE_ACCOUNT_ID": cloudflare.account_id,
    }
