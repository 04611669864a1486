"""The demonstration's data really moves: recomputed here without any of the migration's code."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.data.flat_bucket.legacy_data import fill, legacy_objects
from tests.demo.migrating import run_migrate

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

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
    run_migrate(settings, "plan", "flat", "--env", "dev", *plan)
    run_migrate(settings, "copy", *plan, "--execute")
    run_migrate(settings, "verify", *plan, *verdict)
    run_migrate(settings, "mark", *plan, *verdict, "--execute")
    run_migrate(settings, "delete", *plan, *verdict, "--bucket", bucket, "--min-age", "0", "--execute")
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
