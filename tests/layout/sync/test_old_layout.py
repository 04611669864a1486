"""A database that is still at its old key: synced from there, written to its new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layout.storage.r2_storage import R2Storage
from tests.data.flat_bucket.databases import build_database
from tests.layout.sync.conftest import KEY, PROFILE, USER, Machines, write

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from layout.storage.settings import StorageSettings


def test_a_database_is_taken_from_its_old_key_and_written_to_its_new_one(
    machine: Machines, local: StorageSettings, s3: S3Client, bucket: str
) -> None:
    """While a migration runs; the old object stays as it is, and its version is written on."""
    old = build_database({"games": [{"id": 1, "name": "a"}]}, version=57)
    s3.put_object(Bucket=bucket, Key="anna/database.sqlite", Body=old, Metadata={"db-version": "57"})
    both = R2Storage(local.model_copy(update={"read_old_layout": "flat"}))
    databases = machine(storage=both, keep=3)
    assert databases.prepare(USER, PROFILE).version == 57
    write(databases, "goal")
    write(databases, "save")
    assert both.get(KEY).metadata["db-version"] == "59"
    assert s3.get_object(Bucket=bucket, Key="anna/database.sqlite")["Body"].read() == old
    assert databases.take_conflict(USER, PROFILE) is None
