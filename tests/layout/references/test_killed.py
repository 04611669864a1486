"""`migrate references`, killed at any moment, and a checker that knows nothing of the product's code.

8 kills by default; `make soak` asks for 40 by R2_LAYOUT_SOAK_REFERENCE_KILLS.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.layout.references.studio import IN_SCENE, OBJECTS, SCENE, Studio, studio

__all__ = ["studio"]

KILLS = int(os.environ.get("R2_LAYOUT_SOAK_REFERENCE_KILLS", "8"))
RECORDS = 375 * KILLS
"""So many that the last kill still finds some to be written."""
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def command(studio: Studio, mongo_uri: str) -> list[str]:
    """The command line, and what it needs from the environment in front."""
    variables = {**studio.variables(), "PYTHONPATH": str(ROOT), "MONGODB_URI": mongo_uri}
    return [
        "env",
        *(f"{name}={value}" for name, value in variables.items()),
        *(sys.executable, "-m", "layout.command", "migrate", "references"),
        *("--plan", str(studio.folder / "plan.sqlite"), "--database", studio.database.name, "--execute"),
    ]


def _expected(document: Any, moved: dict[str, str]) -> Any:
    """The document with every whole old key replaced: all that these documents hold are whole keys."""
    if isinstance(document, dict):
        return {name: _expected(value, moved) for name, value in document.items()}
    if isinstance(document, list):
        return [_expected(value, moved) for value in document]
    return moved.get(document, document) if isinstance(document, str) else document


def _written(studio: Studio) -> int:
    return studio.database.r2_file_paths.count_documents({"object_key": f"{IN_SCENE}/media/1.tmp"})


def test_a_run_that_is_killed_at_any_moment_goes_on(studio: Studio, command: list[str]) -> None:
    """Every reference names its object's new key afterwards, and nothing else of any document changed."""
    studio.database.projects.update_one({}, {"$unset": {"scenes.0.audioUrl": "", "scenes.1.media": ""}})
    key = f"scenes/{SCENE}/media/1.tmp"
    studio.database.r2_file_paths.insert_many(
        {"_id": number, "project_id": "p1", "object_key": key, "size_bytes": number}
        for number in range(RECORDS)
    )
    before = studio.documents()
    plan = studio.plan()
    studio.move(plan)
    plan.close()
    seen = 0
    for number in range(KILLS):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # In the middle of a bulk while any is left to be made, and then anywhere.
        while process.poll() is None and _written(studio) == seen and seen < RECORDS:
            time.sleep(0.01)
        time.sleep(number % 8 * 0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        seen = _written(studio)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert studio.documents() == _expected(before, OBJECTS)
    assert OBJECTS[key] == f"{IN_SCENE}/media/1.tmp"
