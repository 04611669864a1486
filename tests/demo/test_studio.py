"""The second application's data really moves: recomputed here without any of the migration's code."""

from __future__ import annotations

import json
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
    RULES,
    STRAYS,
    body_of,
    fill,
    insert,
)
from tests.demo.migrating import run_migrate
from tests.layout.references.conftest import mongo_uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from pymongo.database import Database

__all__ = ["mongo_uri"]


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
    settings: dict[str, str],
    mongo_uri: str,
    tmp_path: Path,
) -> None:
    """And nothing else is changed in any document, nor left in the bucket."""
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")

    def migrate(*arguments: str) -> None:
        run_migrate(settings | {"MONGODB_URI": mongo_uri}, *arguments, folder=tmp_path)

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
