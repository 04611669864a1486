"""JSON Schemas of the three documents in a bucket, generated from the models.

In a checkout `make generate` writes them again after a model has changed; a test compares them. They are
part of the installed package, so that an application in another language can read them there.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from layout.documents.marker import Marker
from layout.documents.model import Document
from layout.documents.profiles import Profiles, SelectedProfile

__all__ = ["DOCUMENTS", "committed_schema", "generated_schema"]

DOCUMENTS: dict[str, type[Document]] = {
    "profiles.json": Profiles,
    "selected-profile.json": SelectedProfile,
    "layout.json": Marker,
}
"""The models by the name of the schema's file, which is also the name of the document."""


def committed_schema(name: str) -> str:
    """The schema as it is in this package: JSON text.

    Args:
        name: A key of `DOCUMENTS`.
    """
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def generated_schema(name: str) -> str:
    """The schema as the model gives it now: JSON text that ends in a line feed.

    Args:
        name: A key of `DOCUMENTS`.
    """
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **DOCUMENTS[name].model_json_schema(mode="validation"),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
