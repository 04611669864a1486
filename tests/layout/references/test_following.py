"""References follow objects: planned, copied, verified, rewritten, deleted, and taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from layout.errors import DeletionRefusedError, PlanError
from layout.migrate import (
    PlanFile,
    delete_old_objects,
)
from layout.migrate.plan.reference_rows import count_unreferenced, reference_totals
from layout.migrate.plan.reference_states import ReferenceState
from layout.migrate.referring import (
    PlanReferences,
    ReferenceReport,
    require_database,
    restore_references,
    rewrite_references,
)
from layout.references.scenes import SCENES_TABLE

if TYPE_CHECKING:
    pass

from tests.layout.references.studio import (
    IN_SCENE,
    OBJECTS,
    PROJECT,
    SCENE,
    Studio,
    documents_of_studio,
    studio,
)

__all__ = ["studio"]


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
    expected = documents_of_studio()
    first, second, third = expected["projects"][0]["scenes"]
    first["media"]["storageKey"] = expected["r2_file_paths"][0]["object_key"] = f"{IN_SCENE}/media/1.tmp"
    first["audioUrl"] = f"{IN_SCENE}/audio/a b.mp3"
    first["audio"] = {"storageKey": f"{IN_SCENE}/audio/a b.mp3"}
    second["media"]["storageKey"] = OBJECTS["proj_proj_p1_s2_media.mp4"]
    third["storageKey"] = OBJECTS["tmp1.mp4"]
    assert studio.documents() == expected
    assert studio.contents() == {*OBJECTS.values(), "dev/layout.json"}


def test_lesson_1_1_a_second_run_destroys_nothing(studio: Studio) -> None:
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
    assert studio.documents() == documents_of_studio()


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
        expected = documents_of_studio()
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
        assert studio.documents()["r2_file_paths"] == documents_of_studio()["r2_file_paths"]


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
