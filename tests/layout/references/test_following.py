"""References follow objects: planned, copied, verified, rewritten, deleted, and taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from bson import ObjectId

from layout.environment import Environment
from layout.errors import DeletionRefusedError, PlanError
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
from layout.migrate.plan.reference_rows import count_unreferenced, reference_totals
from layout.migrate.plan.reference_states import ReferenceState
from layout.migrate.referring import (
    PlanReferences,
    ReferenceReport,
    read_documents,
    require_database,
    resolve_references,
    restore_references,
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


def _documents() -> dict[str, list[dict[str, Any]]]:
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
    for name, documents in _documents().items():
        database[name].insert_many(documents)
    opened = Studio(settings, database, tmp_path)
    yield opened
    opened.reader.close()
    opened.writer.close()


def _totals(plan: PlanFile) -> dict[str, int]:
    return {str(state): number for state, number in reference_totals(plan).items() if number}


def test_references_follow_and_nothing_else_changes(studio: Studio) -> None:
    """Each names the new key of its object; every other byte of every document is as before."""
    with studio.plan() as plan:
        assert _totals(plan) == {"rewrite": 6, "external": 1, "dangling": 1}
        assert count_unreferenced(plan) == 0
        studio.move(plan)
        assert (studio.follow(plan).written, _totals(plan)) == (
            6,
            {"written": 6, "external": 1, "dangling": 1},
        )
        assert studio.delete(plan) == {}
    expected = _documents()
    first, second, third = expected["projects"][0]["scenes"]
    first["media"]["storageKey"] = expected["r2_file_paths"][0]["object_key"] = f"{IN_SCENE}/media/1.tmp"
    first["audioUrl"] = f"{IN_SCENE}/audio/a b.mp3"
    first["audio"] = {"storageKey": f"{IN_SCENE}/audio/a b.mp3"}
    second["media"]["storageKey"] = OBJECTS["proj_proj_p1_s2_media.mp4"]
    third["storageKey"] = OBJECTS["tmp1.mp4"]
    assert studio.documents() == expected
    assert studio.contents() == {*OBJECTS.values(), "dev/layout.json"}


def test_a_second_run_destroys_nothing(studio: Studio) -> None:
    """Once a second run took new keys for old ones and deleted every object that had been moved."""
    with studio.plan() as plan:
        studio.move(plan)
        studio.follow(plan)
        studio.delete(plan)
        before = studio.contents(), studio.documents()
        assert studio.follow(plan) == ReferenceReport()
        assert studio.delete(plan) == {}
    assert (studio.contents(), studio.documents()) == before


def test_an_object_that_a_document_still_names_is_not_deleted(studio: Studio) -> None:
    """It is asked at that moment; two references to one object keep it alike."""
    key = f"scenes/{SCENE}/media/1.tmp"
    with studio.plan() as plan:
        studio.move(plan)
        studio.follow(plan)
        studio.database.r2_file_paths.update_one({"_id": "f1"}, {"$set": {"object_key": key}})
        kept = studio.delete(plan)
        assert kept == {key: 'r2_file_paths "f1" object_key still names it'}
        assert studio.follow(plan).written == 1
        assert studio.delete(plan) == {}


def test_nothing_is_deleted_before_references_follow_or_while_nobody_asks(studio: Studio) -> None:
    """Once files were deleted first, and what named them later or never."""
    with studio.plan() as plan:
        studio.move(plan)
        assert set(studio.delete(plan)) == set(OBJECTS)
        with pytest.raises(DeletionRefusedError) as error:
            delete_old_objects(plan, studio.writer, timedelta(0), studio.quiet)
        name = studio.database.name
        assert str(error.value) == (
            f"Documents in the database {name!r} name objects of this plan, and nobody asked them."
        )
    assert set(OBJECTS) <= studio.contents()


def test_a_reference_waits_for_the_verified_object(studio: Studio) -> None:
    """Once an upload that failed was reported as done, and the document named what was in no bucket."""
    with studio.plan() as plan:
        assert studio.follow(plan).written == 0
    assert studio.documents() == _documents()


def test_what_somebody_wrote_meanwhile_is_looked_up_and_not_overwritten(studio: Studio) -> None:
    """It is reported, and a run after that follows the new value."""
    path = "scenes.0.media.storageKey"
    with studio.plan() as plan:
        studio.move(plan)
        studio.database.projects.update_one({}, {"$set": {path: "tmp1.mp4"}})
        report = rewrite_references(plan, studio.database, studio.quiet)
        place = f'projects {{"$oid": "{PROJECT}"}} scenes[].media.storageKey'
        assert report.changed.first == {place: "somebody wrote another value, which was looked up anew"}
        assert studio.documents()["projects"][0]["scenes"][0]["media"]["storageKey"] == "tmp1.mp4"
        assert studio.follow(plan).written == 1
        assert studio.documents()["projects"][0]["scenes"][0]["media"]["storageKey"] == OBJECTS["tmp1.mp4"]


def test_a_rollback_restores_what_still_has_the_value_that_was_written(studio: Studio) -> None:
    """What an application wrote since stays; all else is as before; and forward again."""
    with studio.plan() as plan:
        studio.move(plan)
        studio.follow(plan)
        studio.database.r2_file_paths.update_one({"_id": "f1"}, {"$set": {"object_key": "theirs"}})
        report = restore_references(plan, studio.database, studio.quiet)
        place = 'r2_file_paths "f1" object_key'
        reason = "it has another value than this plan wrote, and keeps it"
        assert (report.written, report.changed.first) == (5, {place: reason})
        expected = _documents()
        expected["r2_file_paths"][0]["object_key"] = "theirs"
        after = studio.documents()
        assert after == expected
        assert studio.follow(plan).written == 5


@pytest.mark.parametrize("noted", [False, True])
def test_a_run_that_was_cut_off_before_it_noted_its_writes_knows_them_again(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, *, noted: bool
) -> None:
    """What is about to be written is in the plan first."""
    with studio.plan() as plan:
        studio.move(plan)

        class KilledError(Exception):
            pass

        def killed(*arguments: Any) -> Callable[..., list[bool]]:
            if noted:
                rewrite(*arguments)
            raise KilledError

        from layout.references.rewriting import rewrite

        with monkeypatch.context() as patched:
            patched.setattr("layout.migrate.referring.rewrite", killed)
            with pytest.raises(KilledError):
                studio.follow(plan)
        studio.follow(plan)
        assert _totals(plan)["written"] == 6
        restore_references(plan, studio.database, studio.quiet)
        assert studio.documents()["r2_file_paths"] == _documents()["r2_file_paths"]


def test_the_wrong_database_and_an_empty_one_are_refused(studio: Studio) -> None:
    """Nothing that is found there is an answer."""
    other = studio.database.client.get_database(f"other-{uuid.uuid4().hex[:8]}")
    with studio.plan() as plan:
        with pytest.raises(PlanError) as error:
            require_database(plan, other.name)
        assert str(error.value) == (
            f"The plan {str(plan.path)!r} was made with the database {studio.database.name!r},"
            f" not with the database {other.name!r}."
        )
        with pytest.raises(PlanError) as error:
            PlanReferences(plan, other, SCENES_TABLE, studio.quiet).read()
        assert str(error.value) == (
            f"The database {other.name!r} has not a single document in its collections projects, scenes, r2_file_paths."
        )
        assert ReferenceState.GONE not in _totals(plan)
