"""Documents in MongoDB as a source of references: both directions, and wrong questions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from layout.audit.cases import Kind
from layout.audit.documents import DocumentReferences
from layout.command.main import main
from layout.errors import AuditError
from layout.migrate.bucket.reader import BucketReader
from layout.references.scenes import SCENES_TABLE
from tests.layout.references.conftest import database, mongo_uri
from tests.operator_environment import become_operator

if TYPE_CHECKING:
    from pathlib import Path

    from layout.audit.report import Report
    from layout.references.connecting import Documents
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.layout.audit.conftest import Audited

__all__ = ["database", "mongo_uri"]

SCENE = "dev/users/anna/projects/proj_p1/scenes/s1/media"


def _report(audited: Audited, database: Documents) -> Report:
    reader = BucketReader(audited.settings)
    source = DocumentReferences(reader, database, SCENES_TABLE, ["cdn.example.org"])
    report = audited.audit(source)
    reader.close()
    return report


def test_lesson_1_5_references_are_compared_in_both_directions(audited: Audited, database: Documents) -> None:
    """A scene inside its project and one beside it; what is at an old key is there, only not yet moved."""
    for key in (f"{SCENE}/a b.mp4", f"{SCENE}/c.mp4", f"{SCENE}/d.mp4", "scenes/s1/media/old.mp4"):
        audited.put(key)
    audited.put("staging/users/anna/projects/proj_p1/output/film.mp4")
    scene = {
        "id": "s1",
        "media": {"storageKey": f"{SCENE}/a%20b.mp4", "url": "https://example.org/post.mp4"},
        "mediaUrl": f"https://cdn.example.org/{SCENE}/c.mp4",
        "audio": {"storageKey": "lost.mp3"},
        "storageKey": "scenes/s1/media/old.mp4",
    }
    database["projects"].insert_one({"_id": 1, "proj_id": "proj_p1", "user_id": "anna", "scenes": [scene]})
    database["scenes"].insert_one({"_id": "x", "project_id": "p1", "storageKey": f"{SCENE}/gone.mp4"})
    report = _report(audited, database)
    assert report.sources == ["databases", "documents"]
    findings = {
        (one.kind, example.key): example.reason for one in report.findings for example in one.examples
    }
    assert {place: reason for place, reason in findings.items() if place[0] is not Kind.UNKNOWN_KEY} == {
        (Kind.MISSING_OBJECT, "lost.mp3"): 'named by projects {"$numberInt": "1"} scenes[].audio.storageKey',
        (Kind.MISSING_OBJECT, f"{SCENE}/gone.mp4"): 'named by scenes "x" storageKey',
        (Kind.UNREFERENCED_OBJECT, f"{SCENE}/d.mp4"): "",
    }


def test_documents_of_another_bucket_are_a_wrong_question(audited: Audited, database: Documents) -> None:
    """Neither "everything is missing" nor "nothing is named" is an answer."""
    audited.put(f"{SCENE}/a.mp4")
    with pytest.raises(AuditError) as caught:
        _report(audited, database)
    assert (str(caught.value), caught.value.hint) == (
        (
            f"The database {database.name!r} has not a single document in its collections projects, scenes,"
            " r2_file_paths."
        ),
        "Check the address of MongoDB and --database.",
    )
    database["scenes"].insert_many({"_id": name, "storageKey": f"{name}.mp4"} for name in "ab")
    with pytest.raises(AuditError) as caught:
        _report(audited, database)
    assert (str(caught.value), caught.value.hint) == (
        f"Not one of the 2 references names an object of {audited.bucket!r}.",
        "Check the address of MongoDB, --database and R2_BUCKET: do they belong together?",
    )


def test_the_command_asks_documents(
    audited: Audited,
    database: Documents,
    mongo_uri: str,
    cloudflare: LocalCloudflare,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With the two options; a report that was kept asks nobody."""
    become_operator(cloudflare, audited.bucket, monkeypatch, tmp_path)
    audited.put(f"{SCENE}/a.mp4")
    database["scenes"].insert_one({"_id": "x", "storageKey": f"{SCENE}/a.mp4"})
    options = ["--mongo", mongo_uri, "--database", database.name]
    assert main(["audit", *options, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sources"] == ["databases", "documents"]
    assert main(["audit", "--load", "kept.json", *options]) == 2
    assert capsys.readouterr().err == (
        "Error: A report that was kept asks no documents.\n"
        "Try: Leave out --mongo, --database and --public-host.\n"
    )
