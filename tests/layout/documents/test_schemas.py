"""The committed JSON Schemas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from layout.documents.schemas import DOCUMENTS, committed_schema, generated_schema
from layout.documents.schemas.__main__ import main


@pytest.mark.parametrize("name", DOCUMENTS)
def test_committed_is_generated(name: str) -> None:
    """The committed schema is the one of the model; else run `python -m layout.documents.schemas`."""
    assert committed_schema(name) == generated_schema(name)


def test_nothing_else_is_committed() -> None:
    """No schema lies there for which there is no model."""
    folder = Path(__file__).parents[3] / "layout" / "documents" / "schemas"
    assert {path.name for path in folder.glob("*.json")} == set(DOCUMENTS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_field_is_described(name: str) -> None:
    """Each field says what it means, and unknown fields are allowed."""
    schema = json.loads(committed_schema(name))
    objects = [schema, *schema.get("$defs", {}).values()]
    assert all(part["additionalProperties"] is True for part in objects)
    assert all(
        field["description"].endswith(".") for part in objects for field in part["properties"].values()
    )


def test_required_fields() -> None:
    """Both documents have the requirement's fields and no version."""
    fields = {name: set(json.loads(committed_schema(name))["properties"]) for name in DOCUMENTS}
    assert fields["profiles.json"] == {"default", "profiles"}
    assert fields["selected-profile.json"] == {"profileId"}


def test_command_writes_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command writes each schema that is missing or differs, and names it."""
    assert main([], tmp_path) == 0
    assert capsys.readouterr().out == "".join(f"{name} written\n" for name in DOCUMENTS)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        name: generated_schema(name) for name in DOCUMENTS
    }


def test_command_writes_nothing_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second run changes and says nothing."""
    main([], tmp_path)
    capsys.readouterr()
    assert (main([], tmp_path), capsys.readouterr().out) == (0, "")


def test_command_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --check it names what differs, writes nothing and ends with status 3."""
    main([], tmp_path)
    (tmp_path / "layout.json").write_text("{}")
    capsys.readouterr()
    assert (main(["--check"], tmp_path), capsys.readouterr().out) == (
        3,
        "layout.json differs from its model\n",
    )
    assert (tmp_path / "layout.json").read_text() == "{}"
