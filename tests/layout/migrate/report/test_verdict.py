"""Verdict files: written whole, read strictly, bound to their plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.documents.marker import Marker, MarkerPhase
from layout.errors import DeletionRefusedError, InvalidDocumentError, MarkerError, VerificationError
from layout.migrate import Verdict, copy_objects, verify_plan, write_marker
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from tests.layout.migrate.conftest import Flat

HINT = "Make one: r2-layout migrate verify --plan FILE --verdict FILE"


def test_a_verdict_survives_its_file(flat: Flat) -> None:
    """What is read is what was written, and no other file stays behind."""
    flat.put(game_key(1))
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        verdict = verify_plan(plan, flat.reader, flat.quiet)
    path = flat.folder / "verdict.json"
    verdict.save(path)
    assert Verdict.load(path) == verdict
    assert sorted(found.name for found in flat.folder.iterdir()) == ["plan.sqlite", "verdict.json"]


def test_a_missing_verdict(tmp_path: Path) -> None:
    """The error says how to make one."""
    path = tmp_path / "verdict.json"
    with pytest.raises(VerificationError) as caught:
        Verdict.load(path)
    message = f"The verdict {str(path)!r} cannot be read: No such file or directory."
    assert (str(caught.value), caught.value.hint) == (message, HINT)


def test_a_file_that_is_no_verdict(tmp_path: Path) -> None:
    """Nothing is guessed from other JSON."""
    path = tmp_path / "verdict.json"
    path.write_text('{"ok": true}')
    with pytest.raises(VerificationError) as caught:
        Verdict.load(path)
    message = f"The file {str(path)!r} is not a verdict: Field required."
    assert (str(caught.value), caught.value.hint) == (message, HINT)


def test_a_verdict_that_cannot_be_written(flat: Flat) -> None:
    """The error names the file."""
    with flat.plan() as plan:
        verdict = verify_plan(plan, flat.reader, flat.quiet)
    path = flat.folder / "none" / "verdict.json"
    with pytest.raises(VerificationError) as caught:
        verdict.save(path)
    assert str(caught.value) == f"The verdict cannot be written to {str(path)!r}: No such file or directory."
    assert caught.value.hint == "Name a file in a folder that exists."


def test_a_verdict_replaces_a_verdict_only(flat: Flat) -> None:
    """Neither the plan nor another file or folder, and this is said before the work; a new file is fine."""
    path = flat.folder / "verdict.json"
    with flat.plan() as plan:
        Verdict.check_place(path)
        verify_plan(plan, flat.reader, flat.quiet).save(path)
        Verdict.check_place(path)
        for taken in (plan.path, flat.folder):
            with pytest.raises(VerificationError) as caught:
                Verdict.check_place(taken)
            assert str(caught.value) == f"The file {str(taken)!r} is not a verdict, and one would replace it."
            assert caught.value.hint == "Name another file, or remove this one."


def test_a_verdict_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """This too is said before the work."""
    with pytest.raises(VerificationError) as caught:
        Verdict.check_place(tmp_path / "none" / "verdict.json")
    message = f"There is no folder {str(tmp_path / 'none')!r} to put the verdict into."
    assert (str(caught.value), caught.value.hint) == (message, "Make it, or name another file.")


def test_a_verdict_about_another_plan(flat: Flat) -> None:
    """Neither the marker nor a delete takes it."""
    flat.put(game_key(1))
    with flat.plan() as plan, flat.plan("other.sqlite") as other:
        copy_objects(plan, flat.writer, flat.quiet)
        verdict = verify_plan(plan, flat.reader, flat.quiet)
        with pytest.raises(VerificationError) as caught:
            write_marker(other, verdict, flat.writer)
        ids = f"{plan.meta.plan_id!r}, and {str(other.path)!r} is {other.meta.plan_id!r}"
        hint = f"Verify again: r2-layout migrate verify --plan {other.path} --verdict FILE"
    assert (str(caught.value), caught.value.hint) == (f"The verdict is about the plan {ids}.", hint)
    assert Marker.from_json(flat.body("dev/layout.json")).phase is MarkerPhase.MOVING


def test_the_marker_is_written_once(flat: Flat) -> None:
    """After a verification that passed; a second time it is found."""
    flat.put(game_key(1))
    with flat.plan() as plan:
        failed = verify_plan(plan, flat.reader, flat.quiet)
        with pytest.raises(VerificationError, match="The verdict says that 2 things are wrong"):
            write_marker(plan, failed, flat.writer)
        copy_objects(plan, flat.writer, flat.quiet)
        verdict = verify_plan(plan, flat.reader, flat.quiet)
        assert write_marker(plan, verdict, flat.writer) is True
        before = flat.contents()
        assert write_marker(plan, verdict, flat.writer) is False
        written_by = f"migration flat, plan {plan.meta.plan_id}"
    assert flat.contents() == before
    marker = Marker.from_json(flat.body("dev/layout.json"))
    assert (marker.revision, marker.scheme, marker.written_by) == (1, "r2-layout", written_by)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b'{"revision": 9, "scheme": "r2-layout"}', MarkerError), (b"{", InvalidDocumentError)],
)
def test_a_marker_of_another_kind_is_not_replaced(flat: Flat, body: bytes, kind: type[Exception]) -> None:
    """Another revision, or no marker at all: a person has to look."""
    flat.put(game_key(1))
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        verdict = verify_plan(plan, flat.reader, flat.quiet)
        flat.put("dev/layout.json", body)
        with pytest.raises(kind) as caught:
            write_marker(plan, verdict, flat.writer)
    assert not isinstance(caught.value, DeletionRefusedError)
    assert flat.body("dev/layout.json") == body
