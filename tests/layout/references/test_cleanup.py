"""`r2-layout cleanup` as an operator runs it: lesson 2.5 (never by substring) and 7.9 (objects, then the records)."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from layout.cleaning import clean
from layout.command import cleanup
from layout.command.main import main
from layout.environment import Environment
from layout.errors import UserDeletedError
from layout.keys import scene_file_key
from layout.migrate.bucket.writer import BucketWriter
from layout.references.owners import RecordOwner
from layout.references.scenes import SCENES_TABLE
from layout.references.tracking import Records
from layout.storage.r2_storage import R2Storage
from tests.layout.references.studio import OBJECTS, PROJECT, Studio, studio

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["studio"]

Run = Callable[..., tuple[int, Any, str]]
PREFIX = "dev/users/anna/projects/proj_p1"
NEIGHBOURS = [
    "dev/users/anna/projects/proj_p10/scenes/s1/media/a.mp4",
    "dev/users/anna/projects/proj_P1/scenes/s1/media/a.mp4",
    "dev/users/annabel/projects/proj_p1/scenes/s1/media/a.mp4",
    "dev/users/Anna/projects/proj_p1/scenes/s1/media/a.mp4",
    "staging/users/anna/projects/proj_p1/scenes/s1/media/a.mp4",
    "proj_proj_p10_s2_media.mp4",
]


@pytest.fixture
def run(
    studio: Studio, mongo_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs the command with --json; gives status, data and stderr."""
    for name, value in studio.variables().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(studio.folder)
    monkeypatch.setattr(cleanup, "REMEMBERED_SECONDS", 0.0)

    def command(*arguments: str, mongo: bool = True) -> tuple[int, Any, str]:
        capsys.readouterr()
        documents = ["--mongo", mongo_uri, "--database", studio.database.name] if mongo else []
        status = main(["cleanup", *arguments, "--env", "dev", *documents, "--json"])
        printed = capsys.readouterr()
        return status, json.loads(printed.out or "null"), printed.err

    return command


def _record(name: str, project: str, key: str, **others: str) -> dict[str, Any]:
    return {"_id": name, "project_id": project, "object_key": key, **others}


def _records(studio: Studio) -> set[str]:
    return {str(one["_id"]) for one in studio.database["r2_file_paths"].find()}


def test_lesson_2_5_ids_that_begin_alike_or_differ_in_case_are_others(
    run: Run, studio: Studio, s3: S3Client
) -> None:
    """What a project has goes, by prefix and by the plan's manifest; neighbours keep every object and record."""
    studio.plan().close()
    for key in [*NEIGHBOURS, f"{PREFIX}/scenes/s1/media/a.mp4", f"{PREFIX}/output/film.mp4"]:
        s3.put_object(Bucket=studio.settings.bucket, Key=key, Body=b"body")
    studio.database["r2_file_paths"].insert_many(
        [
            _record("other", "proj_p10", "gone"),
            _record("case", "proj_P1", "gone"),
            _record("hex", str(PROJECT), "gone"),
        ]
    )
    before = studio.contents()
    status, data, _ = run("project", "anna", "proj_p1", "--plan", "plan.sqlite")
    assert (status, data["new"]["objects"], data["old"], data["executed"]) == (0, 2, len(OBJECTS), False)
    assert studio.contents() == before
    status, data, _ = run("project", "anna", "proj_p1", "--plan", "plan.sqlite", "--execute")
    assert (status, data["new"]["objects"], data["old"], data["records"]) == (0, 2, len(OBJECTS), 2)
    assert studio.contents() == set(NEIGHBOURS)
    assert _records(studio) == {"other", "case"}
    assert studio.database["projects"].count_documents({}) == 1


def test_lesson_7_9_a_record_stays_while_its_object_does(run: Run, studio: Studio) -> None:
    """Without the plan the old object is not known to be the project's; its record finds it in the next run."""
    status, data, _ = run("project", "anna", "proj_p1", "--execute")
    assert (status, data["records"], data["kept"]["first"]) == (
        3,
        0,
        {'r2_file_paths "f1"': "its object is still there"},
    )
    assert (_records(studio), set(OBJECTS) <= studio.contents()) == ({"f1"}, True)
    studio.plan().close()
    status, data, _ = run("project", "anna", "proj_p1", "--plan", "plan.sqlite", "--execute")
    assert (status, data["old"], data["records"]) == (0, len(OBJECTS), 1)


def test_lesson_7_9_another_spelling_of_the_id_is_refused(run: Run) -> None:
    """Once objects were looked up by a spelling that no key had, and nothing was found."""
    status, _, error = run("project", "anna", "p1", "--execute")
    told = json.loads(error)
    assert (status, told["error"], told["hint"]) == (
        1,
        "The documents call the project 'p1' 'proj_p1', and so do its keys.",
        "Name it so.",
    )


def test_lesson_7_9_a_failure_to_delete_keeps_every_record(studio: Studio, s3: S3Client) -> None:
    """Also those whose own object is gone: a record may name its object by a wrong key."""

    class Refusing(BucketWriter):
        def delete(self, keys: list[str], *, repeats: bool = True) -> dict[str, str]:
            assert repeats
            return dict.fromkeys(keys, "InternalError: not now")

    s3.put_object(Bucket=studio.settings.bucket, Key=f"{PREFIX}/output/film.mp4", Body=b"body")
    studio.database["r2_file_paths"].insert_one(_record("wrong", "p1", "film.mp4"))
    owner = RecordOwner("anna", "proj_p1")
    with closing(Refusing(studio.settings)) as bucket:
        records = Records(studio.database, SCENES_TABLE)
        done = clean(bucket, owner, Environment.DEV, None, records, studio.quiet)
        assert (done.left, done.records, done.kept.total) == (True, 0, 2)
        assert set(done.kept.first.values()) == {"objects of its owner are still there"}
    assert _records(studio) == {"f1", "wrong"}


def test_an_old_object_that_was_written_again_stays(run: Run, studio: Studio, s3: S3Client) -> None:
    """The manifest is of another version: a person looks."""
    studio.plan().close()
    s3.put_object(Bucket=studio.settings.bucket, Key="tmp1.mp4", Body=b"somebody else's now")
    status, data, _ = run("project", "anna", "proj_p1", "--plan", "plan.sqlite", "--execute")
    assert (status, data["changed"]["first"]) == (
        3,
        {"tmp1.mp4": "it was written again since the plan was made"},
    )
    assert ("tmp1.mp4" in studio.contents(), _records(studio)) == (True, {"f1"})


def test_a_scene_is_a_part_of_its_project(run: Run, studio: Studio, s3: S3Client) -> None:
    """Other scenes keep what they have."""
    for scene in ("s1", "s10"):
        s3.put_object(Bucket=studio.settings.bucket, Key=f"{PREFIX}/scenes/{scene}/media/a", Body=b"a")
        studio.database["r2_file_paths"].insert_one(_record(scene, "proj_p1", "gone", scene_id=scene))
    status, data, _ = run("scene", "anna", "proj_p1", "s1", "--execute")
    assert (status, data["new"]["objects"], data["records"]) == (0, 1, 1)
    assert f"{PREFIX}/scenes/s10/media/a" in studio.contents()
    assert _records(studio) == {"f1", "s10"}


def test_a_record_of_which_nothing_says_whose_it_is_stays(run: Run, studio: Studio) -> None:
    """Its project has no document and it names one of the two words for nobody."""
    studio.database["r2_file_paths"].insert_one(_record("lost", "proj_p9", "gone", user_id="default_user"))
    status, data, _ = run("project", "anna", "proj_p9", "--execute")
    assert (status, data["kept"]["first"]) == (
        3,
        {'r2_file_paths "lost"': "nothing says for certain whose its project is"},
    )
    assert run("project", "anna", "proj_p9", "--default-user", "anna", "--execute")[:1] == (0,)
    assert _records(studio) == {"f1"}


def test_a_cleaned_user_does_not_come_back(run: Run, studio: Studio, s3: S3Client) -> None:
    """A late upload is refused; only what says that they were deleted is left; a repetition is no error."""
    late = scene_file_key("anna", "proj_p1", "s1", "media", "late.mp4", environment=Environment.DEV)
    s3.put_object(Bucket=studio.settings.bucket, Key=str(late), Body=b"body")
    s3.create_multipart_upload(Bucket=studio.settings.bucket, Key=str(late))
    for _ in range(2):
        status, data, error = run("user", "anna", "--execute", mongo=False)
        assert (status, error) == (0, "")
    assert studio.contents() == {*OBJECTS, "dev/users/anna/profiles.json"}
    with R2Storage(studio.settings) as storage, pytest.raises(UserDeletedError) as caught:
        storage.upload(late, b"late")
    assert str(caught.value).startswith("The user 'anna' was deleted at 20")
    assert data["owner"] == {"user": "anna", "project": "", "scene": ""}


@pytest.mark.usefixtures("run")
def test_the_text_for_people(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run names everything that it would delete."""
    assert main(["cleanup", "scene", "anna", "proj_p1", "s1", "--env", "dev"]) == 0
    assert capsys.readouterr().out == (
        "0 objects (0 B), 0 at old keys (0 B), 0 open uploads and 0 records of the scene 's1' of the project 'proj_p1'"
        f" of the user 'anna' in dev of the bucket {studio.settings.bucket!r} would be deleted. Add --execute.\n"
    )


def test_options_about_documents_need_documents(capsys: pytest.CaptureFixture[str]) -> None:
    """With status 2."""
    assert main(["cleanup", "user", "anna", "--env", "dev", "--database", "app"]) == 2
    assert capsys.readouterr().err == (
        "Error: The options --database and --default-user are about documents.\n"
        "Try: Add --mongo URI, or leave them out.\n"
    )


@pytest.mark.usefixtures("run")
def test_a_plan_of_another_environment_is_refused(studio: Studio) -> None:
    """Nothing is deleted."""
    studio.plan().close()
    before = studio.contents()
    assert (
        main(["cleanup", "project", "anna", "p1", "--env", "staging", "--plan", "plan.sqlite", "--execute"])
        == 1
    )
    assert studio.contents() == before
