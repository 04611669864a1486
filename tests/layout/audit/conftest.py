"""A bucket of the video application, and shorthands to put things into it that an audit should find."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layout.audit.collect import collect
from layout.audit.databases import DatabaseReferences
from layout.audit.inventory import Inventory
from layout.audit.judge import judge
from layout.audit.report import Report
from layout.environment import Environment
from layout.keys import profiles_key, r2_key
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.report.progress import Progress
from layout.storage.clients import s3_client
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from layout.audit.references import ReferenceSource
    from local_cloudflare.cloudflare import LocalCloudflare

SCHEMA = """
CREATE TABLE raw_clips (id INTEGER PRIMARY KEY, filename TEXT);
CREATE TABLE working_videos (id INTEGER PRIMARY KEY, filename TEXT);
CREATE TABLE final_videos (id INTEGER PRIMARY KEY, filename TEXT, poster_filename TEXT);
CREATE TABLE games (id INTEGER PRIMARY KEY, video_filename TEXT, blake3_hash TEXT, recap_video_url TEXT);
CREATE TABLE export_jobs (id INTEGER PRIMARY KEY, output_key TEXT, input_data BLOB);
"""


def database(folder: Path, **rows: list[tuple[Any, ...]]) -> bytes:
    """A database of a profile; `rows` by the name of the table, without ids."""
    path = folder / "made.sqlite"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(SCHEMA)
        for table, values in rows.items():
            for row in values:
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table} VALUES (NULL, {marks})", row)  # noqa: S608 - of this file
    return path.read_bytes()


@dataclass
class Audited:
    """One bucket, what opens it, and shorthands."""

    settings: StorageSettings
    client: S3Client
    folder: Path
    sources: list[ReferenceSource] = field(default_factory=list)

    @property
    def bucket(self) -> str:
        """Its name."""
        return self.settings.bucket

    def put(self, key: str, body: bytes = b"body", **arguments: Any) -> None:
        """Stores an object."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body, **arguments)

    def register(self, user: str, *profiles: str, deleted: tuple[str, ...] = ()) -> None:
        """Writes a user's profiles.json."""
        document: dict[str, Any] = {
            "default": profiles[0],
            "profiles": {profile: {"name": None} for profile in profiles},
        }
        if deleted:
            document["deleted"] = {profile: {"at": "2026-11-01T00:00:00Z"} for profile in deleted}
        key = profiles_key(user, environment=Environment.DEV)
        self.put(key, json.dumps(document).encode(), ContentType="application/json")

    def database(
        self, user: str, profile: str, body: bytes | None = None, **rows: list[tuple[Any, ...]]
    ) -> str:
        """Stores a profile's database, and gives its key."""
        key = r2_key(user, "database.sqlite", profile, environment=Environment.DEV)
        self.put(key, database(self.folder, **rows) if body is None else body, Metadata={"db-version": "7"})
        return key

    def begin_upload(self, key: str) -> None:
        """Begins a multipart upload and leaves it open."""
        self.client.create_multipart_upload(Bucket=self.bucket, Key=key)

    def audit(self, *sources: ReferenceSource) -> Report:
        """The report: of the databases, and of other sources of references."""
        with (
            closing(BucketReader(self.settings)) as reader,
            Inventory(self.folder / "inventory.sqlite") as inventory,
        ):
            try:
                asked = [DatabaseReferences(reader), *sources]
                return judge(collect(reader, inventory, asked, Progress(quiet=True)))
            finally:
                (self.folder / "inventory.sqlite").unlink()


@pytest.fixture(scope="session")
def audit_keys(cloudflare: LocalCloudflare) -> Any:
    """What an admin token of the local account gives."""
    return cloudflare.s3_keys("Workers R2 Storage Write")


@pytest.fixture
def audited(cloudflare: LocalCloudflare, bucket: str, audit_keys: Any, tmp_path: Path) -> Iterator[Audited]:
    """An empty bucket."""
    settings = StorageSettings.model_validate(
        {
            "app_env": "dev",
            "account_id": cloudflare.account_id,
            "endpoint": cloudflare.s3_endpoint,
            "bucket": bucket,
            "access_key_id": audit_keys.access_key_id,
            "secret_access_key": audit_keys.secret_access_key,
        }
    )
    client = s3_client(settings)
    yield Audited(settings, client, tmp_path)
    client.close()


@pytest.fixture
def in_order(audited: Audited) -> Audited:
    """The same with a user in whose bucket everything fits together."""
    audited.put("dev/layout.json", b'{"revision": 1}', ContentType="application/json")
    audited.register("anna", "p1")
    audited.put(
        "dev/users/anna/selected-profile.json", b'{"profileId": "p1"}', ContentType="application/json"
    )
    audited.put("dev/users/anna/profiles/p1/raw_clips/goal.mp4")
    audited.put(f"dev/games/{'a' * 64}.mp4")
    audited.database(
        "anna", "p1", raw_clips=[("goal.mp4",), ("",), (None,)], games=[("old.mp4", "a" * 64, None)]
    )
    return audited
