"""The committed JSON Schemas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from layout.documents.schemas import DOCUMENTS, committed_schema


def test_nothing_else_is_committed() -> None:
    """No schema lies there for which there is no model."""
    folder = Path(__file__).parents[3] / "layout" / "documents" / "schemas"
    assert {path.name for path in folder.glob("*.json")} == set(DOCUMENTS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_field_is_described(name: str) -> None:
    """Each field says what it means, and unknown fields are allowed."""
    schema = json.loads(committed_schema(name))
    parts = [schema, *schema.get("$defs", {}).values()]
    objects = [part for part in parts if part["type"] == "object"]
    assert all(part["enum"] for part in parts if part not in objects)
    assert all(part["additionalProperties"] is True for part in objects)
    assert all(
        field["description"].endswith(".") for part in objects for field in part["properties"].values()
    )


def test_required_fields() -> None:
    """Both documents have the requirement's fields and no version; beside them what was deleted is remembered."""
    fields = {name: set(json.loads(committed_schema(name))["properties"]) for name in DOCUMENTS}
    assert fields["profiles.json"] == {"default", "profiles", "deleted", "userDeleted"}
    assert fields["selected-profile.json"] == {"profileId"}
