"""A bucket in the flat layout, and what a test needs to move it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layout.environment import Environment
from layout.legacy import FLAT
from layout.migrate import BucketReader, BucketWriter, PlanFile, PlanMeta, Progress, make_plan
from layout.migrate.plan.filtering import keep_filter
from layout.migrate.plan.user_filter import UserFilter
from layout.storage.clients import s3_client
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare


@dataclass
class Flat:
    """One bucket, its settings, and shorthands. `quiet` is progress that shows nothing."""

    settings: StorageSettings
    client: S3Client
    folder: Path
    reader: BucketReader
    writer: BucketWriter
    quiet: Progress

    @property
    def bucket(self) -> str:
        """Its name."""
        return self.settings.bucket

    def put(self, key: str, body: bytes | None = None, **arguments: Any) -> str:
        """Stores an object, by default with its own key as body, and returns its ETag."""
        stored = self.client.put_object(
            Bucket=self.bucket, Key=key, Body=key.encode() if body is None else body, **arguments
        )
        return stored["ETag"].strip('"')

    def put_in_parts(self, key: str, parts: list[bytes], **arguments: Any) -> str:
        """Stores an object by a multipart upload and returns its ETag, which ends in `-N`."""
        names: Any = {"Bucket": self.bucket, "Key": key}
        names["UploadId"] = self.client.create_multipart_upload(**names, **arguments)["UploadId"]
        sent = [
            {
                "PartNumber": number,
                "ETag": self.client.upload_part(**names, PartNumber=number, Body=part)["ETag"],
            }
            for number, part in enumerate(parts, start=1)
        ]
        stored = self.client.complete_multipart_upload(**names, MultipartUpload={"Parts": sent})  # type: ignore[typeddict-item]
        return stored["ETag"].strip('"')

    def delete(self, key: str) -> None:
        """Deletes an object."""
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def body(self, key: str) -> bytes:
        """An object's body."""
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def contents(self) -> dict[str, tuple[str, int, str]]:
        """Everything that is in the bucket: ETag, size and time by key."""
        return {
            item.key: (item.etag, item.size, item.modified) for page in self.reader.pages() for item in page
        }

    def plan(
        self, name: str = "plan.sqlite", *, only: Iterable[str] = (), without: Iterable[str] = ()
    ) -> PlanFile:
        """A finished plan of the bucket, or of some of its users, open for writing."""
        meta = PlanMeta.new(FLAT.name, self.settings, Environment.DEV)
        plan = PlanFile.open_or_create(self.folder / name, meta)
        keep_filter(plan, UserFilter.of(only, without))
        make_plan(plan, self.reader, FLAT, self.quiet)
        return plan


@pytest.fixture(scope="session")
def settings_for(cloudflare: LocalCloudflare) -> Callable[[str], StorageSettings]:
    """Settings that open a bucket with a token of the local account."""
    keys = cloudflare.s3_keys("Workers R2 Storage Write")

    def settings(bucket: str) -> StorageSettings:
        return StorageSettings.model_validate(
            {
                "app_env": "dev",
                "account_id": cloudflare.account_id,
                "endpoint": cloudflare.s3_endpoint,
                "bucket": bucket,
                "access_key_id": keys.access_key_id,
                "secret_access_key": keys.secret_access_key,
            }
        )

    return settings


@pytest.fixture
def flat(settings_for: Callable[[str], StorageSettings], bucket: str, tmp_path: Path) -> Iterator[Flat]:
    """An empty bucket for flat data."""
    settings = settings_for(bucket)
    reader, writer = BucketReader(settings), BucketWriter(settings)
    yield Flat(settings, s3_client(settings), tmp_path, reader, writer, Progress(quiet=True))
    reader.close()
    writer.close()
