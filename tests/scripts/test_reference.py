"""The reference is complete: what the code has is on its page."""

from __future__ import annotations

from pathlib import Path

import layout
from infra.settings import StackSettings
from layout import errors
from layout.command.main import COMMANDS
from layout.scheme.table import SCHEME
from layout.storage.settings import StorageSettings
from scripts.reference import PAGES, commands, messages, python, scheme, settings, stacks


def test_each_page_names_all_there_is() -> None:
    """Rows, variables, values, commands, names and errors."""
    assert all(f"| `{row.name}` | `{row.text}` |" in scheme() for row in SCHEME.templates)
    assert all(
        f"| `{field.validation_alias}` |" in settings() for field in StorageSettings.model_fields.values()
    )
    assert all(f"| `{field.alias}` |" in stacks() for field in StackSettings.model_fields.values())
    assert all(f"## r2-layout {name}\n" in commands() for name in COMMANDS)
    assert all(f"| `{name}` |" in python() for name in layout.__all__)
    assert all(f"## {name}\n" in messages() for name in errors.__all__)
    assert {Path(path).parent.name for path in PAGES} == {"reference"}


def test_a_message_stands_beside_its_remedy() -> None:
    """With a gap where the value is."""
    assert (
        "| The bucket … is empty, so nothing was planned. | Check R2_BUCKET and R2_ENDPOINT. An empty bucket needs no"
        " migration: an application may start on it. |\n"
    ) in messages()
