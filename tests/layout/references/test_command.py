"""The commands as an operator runs them, on a bucket and its documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from layout.command.main import main
from tests.layout.references.studio import OBJECTS, Studio, studio

if TYPE_CHECKING:
    from pymongo.database import Database

__all__ = ["studio"]

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def run(
    studio: Studio,
    mongo_uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs a command with --json in a folder of its own; gives status, data and stderr."""
    for name, value in {**studio.variables(), "MONGODB_URI": mongo_uri}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def command(name: str, *arguments: str) -> tuple[int, Any, str]:
        capsys.readouterr()
        status = main(["migrate", name, *arguments, "--json"])
        printed = capsys.readouterr()
        return status, json.loads(printed.out or "null"), printed.err

    return command


def _names(studio: Studio) -> list[str]:
    return ["--plan", "moving.sqlite", "--database", studio.database.name]


def test_the_whole_way_there(run: Run, studio: Studio) -> None:
    """Plan, copy, verify, mark, references, delete; each is a dry run unless it is told otherwise."""
    plan, verdict = ["--plan", "moving.sqlite"], ["--verdict", "verdict.json"]
    status, data, _ = run("plan", "scenes", *_names(studio))
    assert (status, data["references"]["rewrite"], data["unreferenced"]) == (0, 6, 0)
    assert run("copy", *plan, "--execute")[0] == 0
    assert run("verify", *plan, *verdict)[0] == 0
    assert run("mark", *plan, *verdict, "--execute")[0] == 0
    before = studio.documents()
    assert run("references", *_names(studio))[1]["executed"] is False
    assert studio.documents() == before
    delete = ["delete", *_names(studio), *verdict, "--bucket", studio.settings.bucket, "--min-age", "0"]
    status, data, _ = run(*delete)
    assert (status, data["refused"]["total"]) == (3, len(OBJECTS))
    status, data, _ = run("references", *_names(studio), "--execute")
    assert (status, data["written"], data["references"]["written"]) == (0, 6, 6)
    assert run(*delete, "--execute")[:1] == (0,)
    assert studio.contents() == {*OBJECTS.values(), "dev/layout.json"}


def test_the_whole_way_back(run: Run, studio: Studio) -> None:
    """Objects are at their old keys again, and documents as they were."""
    before, plan, verdict = studio.documents(), ["--plan", "moving.sqlite"], ["--verdict", "verdict.json"]
    for command in (
        ["plan", "scenes", *_names(studio)],
        ["copy", *plan, "--execute"],
        ["verify", *plan, *verdict],
        ["mark", *plan, *verdict, "--execute"],
        ["references", *_names(studio), "--execute"],
        [
            "delete",
            *_names(studio),
            *verdict,
            "--bucket",
            studio.settings.bucket,
            "--min-age",
            "0",
            "--execute",
        ],
        ["rollback", *_names(studio), "--execute"],
    ):
        status, data, error = run(*command)
        assert (status, error) == (0, "")
    assert data["restored"] == 6
    assert studio.documents() == before
    assert set(OBJECTS) <= studio.contents()
    removal = [
        "rollback",
        *_names(studio),
        "--delete-new",
        "--bucket",
        studio.settings.bucket,
        "--min-age",
        "0",
    ]
    url = f"https://cdn.example.org/{quote(OBJECTS['tmp1.mp4'])}?width=100"
    studio.database["r2_file_paths"].insert_one({"_id": "late", "object_key": url})
    for executed in ([], ["--execute"]):
        assert _told(run(*removal, *executed)) == (
            1,
            (
                f"Values in the documents of {studio.database.name!r} that name objects of the new layout: 1;"
                ' the first is object_key of "late" in r2_file_paths.'
            ),
            "Have the application name the old objects first; a rollback keeps what somebody else has written.",
        )
    assert set(OBJECTS.values()) <= studio.contents()
    studio.database["r2_file_paths"].delete_one({"_id": "late"})
    assert run(*removal, "--execute")[0] == 0
    assert studio.contents() == {*OBJECTS, "dev/layout.json"}


def _told(answer: tuple[int, Any, str]) -> tuple[int, str, str]:
    told = json.loads(answer[2])
    return answer[0], told["error"], told["hint"]


def test_a_plan_of_scenes_needs_documents(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one of users at the root takes none."""
    assert _told(run("plan", "flat", "--plan", "p", "--mongo", "mongodb://x")) == (
        2,
        "The layout flat asks no documents.",
        "Leave out --mongo, --database, --default-user and --public-host.",
    )
    assert json.loads(run("plan", "scenes", "--plan", "p", "--only-user", "anna")[2])["error"] == (
        "Keys of the layout scenes do not say whose they are: it is planned for all users."
    )
    monkeypatch.delenv("MONGODB_URI")
    assert _told(run("plan", "scenes", "--plan", "p")) == (
        2,
        "The layout scenes asks documents whose an object is.",
        "Add --mongo URI, or set MONGODB_URI.",
    )


def test_lesson_1_5_documents_of_another_bucket_are_a_wrong_question(
    run: Run,
    studio: Studio,
) -> None:
    """Once a script looked where the data was not, did nothing, and said that it was done."""
    database: Database[dict[str, Any]] = studio.database
    database.r2_file_paths.delete_many({})
    database.projects.update_one({}, {"$set": {"scenes": [{"id": "s9", "storageKey": "gone.mp4"}]}})
    status, error, hint = _told(run("plan", "scenes", *_names(studio)))
    assert (status, error) == (
        1,
        f"Not one of the 2 references names an object of {studio.settings.bucket!r}.",
    )
    assert hint == "Check the address of MongoDB, --database and R2_BUCKET: do they belong together?"


def test_a_plan_goes_on_with_what_it_was_begun_with(run: Run, studio: Studio) -> None:
    """Another constant for nobody would give objects to somebody else."""
    assert run("plan", "scenes", *_names(studio))[0] == 0
    status, error, hint = _told(run("plan", "scenes", *_names(studio), "--default-user", "studio"))
    assert (status, error) == (
        1,
        "The plan 'moving.sqlite' was begun with the default user '', not 'studio'.",
    )
    assert hint == "Give what it was begun with, or name another plan file."


def test_a_plan_without_documents_has_no_references(run: Run) -> None:
    """It is told how to make one."""
    assert run("plan", "flat", "--plan", "p")[0] == 1
    status, error, hint = _told(run("references", "--plan", "p"))
    assert (status, error) == (1, "The plan 'p' was made without documents.")
    assert hint == "Make one with them: r2-layout migrate plan scenes --mongo URI"


def test_no_secret_of_the_address_is_in_the_plan(run: Run, studio: Studio, mongo_uri: str) -> None:
    """Only the name of the database is."""
    assert run("plan", "scenes", *_names(studio))[0] == 0
    assert mongo_uri.encode() not in Path("moving.sqlite").read_bytes()
