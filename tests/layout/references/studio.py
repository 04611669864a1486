"""A bucket in the scenes layout and the documents that name its objects, with what a test does to move both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from bson import ObjectId

from layout.environment import Environment
from layout.legacy import SCENES
from layout.migrate import (
    BucketReader,
    BucketWriter,
    PlanFile,
    PlanMeta,
    Progress,
    copy_objects,
    delete_old_objects,
    make_plan,
    verify_plan,
    write_marker,
)
from layout.migrate.referring import (
    PlanReferences,
    ReferenceReport,
    read_documents,
    resolve_references,
    rewrite_references,
    still_named,
)
from layout.references.scenes import SCENES_TABLE
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from pymongo.database import Database

    from local_cloudflare.cloudflare import LocalCloudflare

SCENE = "8sw4kf9sgt61wshaam41gpj"
PROJECT = ObjectId("661f0c2e9b1d8a0012345678")
SIGNED = (
    "https://abc.r2.cloudflarestorage.com/b/audio/proj_p1/{}/a%20b.mp3?X-Amz-Signature=00&X-Amz-Expires=60"
)
IN_SCENE = f"dev/users/anna/projects/proj_p1/scenes/{SCENE}"
OBJECTS = {
    f"scenes/{SCENE}/media/1.tmp": f"{IN_SCENE}/media/1.tmp",
    f"audio/proj_p1/{SCENE}/a b.mp3": f"{IN_SCENE}/audio/a b.mp3",
    "proj_proj_p1_s2_media.mp4": (
        "dev/users/anna/projects/proj_p1/scenes/s2/media/proj_proj_p1_s2_media.mp4"
    ),
    "tmp1.mp4": "dev/users/anna/projects/proj_p1/scenes/s3/media/tmp1.mp4",
}


def documents_of_studio() -> dict[str, list[dict[str, Any]]]:
    """Keys, a lost name, a presigned URL that has expired, an external URL, and two references to one object."""
    scenes = [
        {
            "id": SCENE,
            "media": {"storageKey": f"scenes/{SCENE}/media/1.tmp"},
            "audioUrl": SIGNED.format(SCENE),
            "audio": {},
        },
        {"id": "s2", "media": {"storageKey": "20240101.mp4", "url": "https://example.org/post"}},
        {"id": "s3", "storageKey": "tmp1.mp4", "title": "Дом"},
    ]
    beside = {"_id": "x", "project_id": "p1", "media": {"storageKey": "gone.mp4"}}
    record = {
        "_id": "f1",
        "project_id": "proj_proj_p1",
        "object_key": f"scenes/{SCENE}/media/1.tmp",
        "scene_id": SCENE,
    }
    return {
        "projects": [{"_id": PROJECT, "proj_id": "proj_p1", "user_id": "anna", "scenes": scenes}],
        "scenes": [beside],
        "r2_file_paths": [record],
    }


class Studio:
    """A bucket and the documents that name its objects."""

    def __init__(self, settings: StorageSettings, database: Database[dict[str, Any]], folder: Path) -> None:
        self.reader, self.writer = BucketReader(settings), BucketWriter(settings)
        self.settings, self.database, self.folder, self.quiet = (
            settings,
            database,
            folder,
            Progress(quiet=True),
        )

    def variables(self) -> dict[str, str]:
        """The environment of an operator of the bucket."""
        settings = self.settings
        assert settings.secret_access_key is not None
        return {
            "APP_ENV": "dev",
            "R2_BUCKET": settings.bucket,
            "R2_ENDPOINT": settings.endpoint,
            "CLOUDFLARE_ACCOUNT_ID": settings.account_id or "",
            "R2_ACCESS_KEY_ID": settings.access_key_id or "",
            "R2_SECRET_ACCESS_KEY": settings.secret_access_key.get_secret_value(),
        }

    def contents(self) -> set[str]:
        """Every key."""
        return {item.key for page in self.reader.pages() for item in page}

    def documents(self) -> dict[str, list[dict[str, Any]]]:
        """Every document."""
        return {name: list(self.database[name].find()) for name in SCENES_TABLE.collections}

    def plan(self) -> PlanFile:
        """A finished plan."""
        meta = PlanMeta.new(SCENES.name, self.settings, Environment.DEV)
        meta = meta.model_copy(update={"documents": self.database.name})
        plan = PlanFile.open_or_create(self.folder / "plan.sqlite", meta)
        steps = PlanReferences(plan, self.database, SCENES_TABLE, self.quiet)
        make_plan(plan, self.reader, SCENES, self.quiet, documents=steps)
        return plan

    def move(self, plan: PlanFile) -> None:
        """Copies, verifies and marks."""
        copy_objects(plan, self.writer, self.quiet)
        write_marker(plan, verify_plan(plan, self.reader, self.quiet), self.writer)

    def follow(self, plan: PlanFile) -> ReferenceReport:
        """What `migrate references --execute` does."""
        read_documents(plan, self.database, SCENES_TABLE, self.quiet)
        resolve_references(plan, self.quiet)
        return rewrite_references(plan, self.database, self.quiet)

    def delete(self, plan: PlanFile) -> dict[str, str]:
        """Deletes the old objects; those that stay, with the reason."""
        return delete_old_objects(
            plan,
            self.writer,
            timedelta(0),
            self.quiet,
            still_named=lambda batch: still_named(plan, self.database, batch),
        ).refused.first


@pytest.fixture
def studio(
    database: Database[dict[str, Any]], cloudflare: LocalCloudflare, bucket: str, s3: S3Client, tmp_path: Path
) -> Iterator[Studio]:
    """Objects and documents, not moved yet."""
    keys = cloudflare.s3_keys("Workers R2 Storage Write")
    settings = StorageSettings.model_validate(
        {
            "app_env": "dev",
            "account_id": cloudflare.account_id,
            "endpoint": cloudflare.s3_endpoint,
            "bucket": bucket,
            "access_key_id": keys.access_key_id,
            "secret_access_key": keys.secret_access_key,
        }
    )
    for key in OBJECTS:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    for name, documents in documents_of_studio().items():
        database[name].insert_many(documents)
    opened = Studio(settings, database, tmp_path)
    yield opened
    opened.reader.close()
    opened.writer.close()
