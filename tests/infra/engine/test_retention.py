"""Retention is declared in the scheme only; the bucket's rules follow it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.infra.engine.house import OpenHouse

pytestmark = pytest.mark.engine

BUCKET = "reel-ballers-users"


def test_a_changed_retention_updates_its_rules_in_place(open_house: OpenHouse, program_copy: Path) -> None:
    """One PUT of the whole configuration: the temporary rules change, all others stay as they were."""
    house = open_house(program=program_copy)
    house.workspace.set_config("prod", "adopt", None)
    house.workspace.up("prod")
    before = house.cloudflare.store.lifecycle(BUCKET)
    house.requests.clear()

    scheme = program_copy / "layout" / "scheme" / "table.py"
    text = scheme.read_text(encoding="utf-8")
    assert text.count("retention=timedelta(days=1)") == 1
    scheme.write_text(text.replace("retention=timedelta(days=1)", "retention=timedelta(days=3)"))
    answer = house.workspace.up("prod", "--json")

    assert house.changes() == [f"PUT /r2/buckets/{BUCKET}/lifecycle"]
    for rule in before:
        if rule["id"].endswith("-temp"):
            rule["deleteObjectsTransition"]["condition"]["maxAge"] = 3 * 86_400
    assert house.cloudflare.store.lifecycle(BUCKET) == before
    assert '"resourceChanges":{"same":7,"update":1}' in answer.stdout
