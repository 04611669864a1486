"""Lessons 1.6, 1.7, 1.17 and 2.10, on a bucket and the documents that name its objects.

The others stand where their subjects do: 1.1 in `test_following`, 1.5 in `test_command` and in the tests of
audits, 2.2 and 2.4 in those of the layout, 2.5 and 7.9 in `test_cleanup`, 2.6 in `test_documents`, 2.3 and 2.9 in
`test_resolving`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from layout.command.main import main
from layout.errors import PlanBlockedError
from layout.migrate import copy_objects, verify_plan
from layout.migrate.plan.reference_rows import reference_totals
from layout.migrate.plan.reference_states import ReferenceState
from tests.layout.references.studio import IN_SCENE, SCENE, Studio, studio

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["studio"]


def test_lesson_1_6_two_objects_on_one_new_key_stop_the_run_before_its_first_write(
    studio: Studio, s3: S3Client
) -> None:
    """Once different files of one scene fell on one key, and the later one won."""
    s3.put_object(Bucket=studio.settings.bucket, Key=f"scenes/{SCENE}/image/1.tmp", Body=b"another")
    before = studio.contents()
    with studio.plan() as plan:
        with pytest.raises(PlanBlockedError) as caught:
            copy_objects(plan, studio.writer, studio.quiet)
        assert "collision" in str(caught.value)
    assert studio.contents() == before


def test_lesson_1_7_what_did_not_arrive_is_neither_named_nor_taken_for_a_copy(
    studio: Studio, s3: S3Client
) -> None:
    """Once an upload that had failed was reported as done: the document was updated, and the original deleted."""
    lost = f"{IN_SCENE}/media/1.tmp"
    with studio.plan() as plan:
        copy_objects(plan, studio.writer, studio.quiet)
        s3.delete_object(Bucket=studio.settings.bucket, Key=lost)
        assert not verify_plan(plan, studio.reader, studio.quiet).ok
        before = studio.documents()["r2_file_paths"]
        studio.follow(plan)
        assert studio.documents()["r2_file_paths"] == before
        studio.delete(plan)
    assert f"scenes/{SCENE}/media/1.tmp" in studio.contents()


def test_lesson_2_10_two_references_to_one_object_follow_it_together(studio: Studio) -> None:
    """An object is moved once, whoever names it: never by the row."""
    with studio.plan() as plan:
        studio.move(plan)
        studio.follow(plan)
        assert reference_totals(plan)[ReferenceState.WRITTEN] == 6
    documents = studio.documents()
    assert documents["projects"][0]["scenes"][0]["media"]["storageKey"] == f"{IN_SCENE}/media/1.tmp"
    assert documents["r2_file_paths"][0]["object_key"] == f"{IN_SCENE}/media/1.tmp"
    assert sorted(key for key in studio.contents() if key.endswith("/1.tmp")) == [
        f"{IN_SCENE}/media/1.tmp",
        f"scenes/{SCENE}/media/1.tmp",
    ]


def test_lesson_1_17_every_command_that_writes_is_a_dry_run_until_it_is_told(
    studio: Studio, mongo_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the flag asked for the dry run, and a plain run moved and deleted."""
    for name, value in {**studio.variables(), "MONGODB_URI": mongo_uri}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(studio.folder)
    with studio.plan() as plan:
        studio.move(plan)
    before = studio.contents(), studio.documents()
    names, planned = ["--database", studio.database.name], ["--plan", "plan.sqlite"]
    assert main(["migrate", "verify", *planned, "--verdict", "verdict.json"]) == 0
    delete = ["--verdict", "verdict.json", "--bucket", studio.settings.bucket, "--min-age", "0"]
    for words in (
        ["migrate", "copy", *planned],
        ["migrate", "mark", *planned, "--verdict", "verdict.json"],
        ["migrate", "references", *planned, *names],
        ["migrate", "delete", *planned, *names, *delete],
        ["migrate", "rollback", *planned, *names],
        ["clear", "--env", "dev"],
        ["cleanup", "user", "anna", "--env", "dev", *planned, "--mongo", mongo_uri, *names],
    ):
        assert main(words) in {0, 3}, words
        assert (studio.contents(), studio.documents()) == before, words
