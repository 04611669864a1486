"""The second application's data really moves: recomputed here without any of the migration's code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymongo
import pytest

from tests.data.studio_bucket.naming import PUBLIC_HOST, as_moved, as_written
from tests.data.studio_bucket.studio_data import (
    DEFAULT_USER,
    DOCUMENTS,
    NEW_KEYS,
    STRAYS,
    body_of,
    fill,
    insert,
)
from tests.layout.references.conftest import mongo_uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from pymongo.database import Database

    from local_cloudflare.cloudflare import LocalCloudflare

__all__ = ["mongo_uri"]

REPOSITORY = Path(__file__).resolve().parents[2]
RULES = "\n".join(
    [
        "objects = [",
        *(f'  {{ key = "{key}", action = "ignore", reason = "of nobody" }},' for key in STRAYS),
        "]",
    ]
)


@pytest.fixture
def studio(mongo_uri: str, s3: S3Client, bucket: str) -> Iterator[Database[dict[str, Any]]]:
    """The documents, and the objects in the bucket."""
    fill(s3, bucket)
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(mongo_uri)
    database = client[f"studio-{uuid.uuid4().hex[:12]}"]
    insert(database)
    yield database
    client.drop_database(database.name)
    client.close()


def _contents(s3: S3Client, bucket: str) -> dict[str, bytes]:
    return {
        item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for item in page.get("Contents", [])
    }


def _documents(database: Database[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {name: list(database[name].find()) for name in DOCUMENTS}


def test_every_object_is_there_once_and_every_reference_names_its_bytes(
    studio: Database[dict[str, Any]],
    s3: S3Client,
    bucket: str,
    cloudflare: LocalCloudflare,
    mongo_uri: str,
    tmp_path: Path,
) -> None:
    """And nothing else is changed in any document, nor left in the bucket."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    settings = {
        "R2_ENDPOINT": cloudflare.s3_endpoint,
        "R2_BUCKET": bucket,
        "R2_ACCESS_KEY_ID": keys.access_key_id,
        "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
        "CLOUDFLARE_ACCOUNT_ID": cloudflare.account_id,
        "MONGODB_URI": mongo_uri,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("R2_", "APP_ENV"))}
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")

    def migrate(*arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, str(REPOSITORY / "scripts" / "migrate.py"), *arguments],
            cwd=tmp_path,
            env=kept | settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    plan, verdict, database = (
        ["--plan", "plan.sqlite"],
        ["--verdict", "verdict.json"],
        ["--database", studio.name],
    )
    options = ["--default-user", DEFAULT_USER, "--public-host", PUBLIC_HOST, "--rules", "rules.toml"]
    migrate("plan", "scenes", "--env", "dev", *plan, *database, *options)
    migrate("copy", *plan, "--execute")
    migrate("verify", *plan, *verdict)
    migrate("mark", *plan, *verdict, "--execute")
    assert _documents(studio) == as_written(DOCUMENTS)
    migrate("references", *plan, *database, "--execute")
    migrate("verify", *plan, *verdict)
    migrate("delete", *plan, *verdict, *database, "--bucket", bucket, "--min-age", "0", "--execute")

    contents = _contents(s3, bucket)
    assert json.loads(contents.pop("dev/layout.json"))
    expected = {new: body_of(old) for old, new in NEW_KEYS.items()}
    assert contents == expected | {key: body_of(key) for key in STRAYS}
    assert _documents(studio) == as_moved(DOCUMENTS, NEW_KEYS)
