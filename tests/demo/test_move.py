"""The demonstration's data really moves: recomputed here without any of the migration's code."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.data.flat_bucket.legacy_data import fill, legacy_objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare

REPOSITORY = Path(__file__).resolve().parents[2]
Contents = dict[str, dict[str, Any]]


def _contents(s3: S3Client, bucket: str) -> Contents:
    """Return for every key of the bucket what a reader gets: digest of the body, type, metadata."""
    contents: Contents = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            answer = s3.get_object(Bucket=bucket, Key=item["Key"])
            contents[item["Key"]] = {
                "digest": hashlib.sha256(answer["Body"].read()).hexdigest(),
                "type": answer.get("ContentType"),
                "cache": answer.get("CacheControl"),
                "metadata": answer["Metadata"],
            }
    return contents


def _migrate(settings: dict[str, str], *arguments: str) -> None:
    """Run one command of scripts/migrate.py the way CI does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("R2_", "APP_ENV"))}
    done = subprocess.run(
        [sys.executable, "scripts/migrate.py", *arguments],
        cwd=REPOSITORY,
        env=kept | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def settings(cloudflare: LocalCloudflare, bucket: str) -> dict[str, str]:
    """Return the environment of a job that holds the backend token of one bucket."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    return {
        "R2_ENDPOINT": cloudflare.s3_endpoint,
        "R2_BUCKET": bucket,
        "R2_ACCESS_KEY_ID": keys.access_key_id,
        "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
        "CLOUDFLARE_ACCOUNT_ID": cloudflare.account_id,
    }


def test_every_object_is_at_its_new_key_and_nothing_else_is_there(
    s3: S3Client, bucket: str, settings: dict[str, str], tmp_path: Path
) -> None:
    """After the whole migration the bucket holds the moved objects, profile files and the marker."""
    fill(s3, bucket)
    before = _contents(s3, bucket)
    assert {key: value["digest"] for key, value in before.items()} == {
        item.key: hashlib.sha256(item.body).hexdigest() for item in legacy_objects()
    }

    plan = ["--plan", str(tmp_path / "plan.sqlite")]
    verdict = ["--verdict", str(tmp_path / "verdict.json")]
    _migrate(settings, "plan", "flat", "--env", "dev", *plan)
    _migrate(settings, "copy", *plan, "--execute")
    _migrate(settings, "verify", *plan, *verdict)
    _migrate(settings, "mark", *plan, *verdict, "--execute")
    _migrate(settings, "delete", *plan, *verdict, "--bucket", bucket, "--min-age", "0", "--execute")
    after = _contents(s3, bucket)

    expected: Contents = {}
    created = {"dev/layout.json"}
    profiles: dict[str, str] = {}
    for user in {key.partition("/")[0] for key in before} - {"games"}:
        home = f"dev/users/{user}"
        registry = json.loads(s3.get_object(Bucket=bucket, Key=f"{home}/profiles.json")["Body"].read())
        selected = json.loads(
            s3.get_object(Bucket=bucket, Key=f"{home}/selected-profile.json")["Body"].read()
        )
        profiles[user] = profile = registry["default"]
        assert re.fullmatch("[0-9a-f]{8}", profile)
        assert registry == {"default": profile, "profiles": {profile: {"name": None}}}
        assert selected == {"profileId": profile}
        created |= {f"{home}/profiles.json", f"{home}/selected-profile.json"}
    for key, value in before.items():
        root, _, path = key.partition("/")
        new = f"dev/games/{path}" if root == "games" else f"dev/users/{root}/profiles/{profiles[root]}/{path}"
        expected[new] = value

    assert len(set(profiles.values())) == len(profiles) == 4
    assert {key: value for key, value in after.items() if key not in created} == expected
    assert created <= after.keys()
