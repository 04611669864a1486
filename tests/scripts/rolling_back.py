"""A flat bucket that migrates and is taken back, for the tests of both steps of a rollback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from tests.scripts.migration import Operator
    from tests.soak.contents import Contents

__all__ = ["MARKER", "fill", "marker", "migrate", "roll_back", "without_trace"]

MARKER = "dev/layout.json"


def fill(operator: Operator) -> None:
    """Two users, a game, an object in parts, and one that a rule sets aside."""
    for user in ("anna", "bert"):
        operator.put(f"{user}/database.sqlite", f"database of {user}".encode(), Metadata={"db-version": "7"})
        operator.put(f"{user}/raw_clips/1.mp4", f"clip of {user}".encode(), CacheControl="max-age=60")
    operator.put(game_key(1), b"game", Metadata={"ref_count": "2"})
    operator.put_in_parts("anna/final_videos/long.mp4", b"in parts")
    operator.put("old archive.zip", b"archive")
    Path("r.toml").write_text(
        'objects = [{ key = "old archive.zip", action = "backup", reason = "nobody reads it" }]\n',
        encoding="utf-8",
    )


def migrate(operator: Operator, *names: str) -> None:
    """Commands that must succeed, the plan with the rules."""
    for name in names:
        status, out, err = operator.run(name, *(("--rules", "r.toml") if name == "plan" else ()))
        assert status == 0, out + err


def without_trace(found: Contents) -> Contents:
    """A bucket without the marker, which tells what happened, and the locked backup."""
    return {
        key: version for key, version in found.items() if key != MARKER and not key.startswith("dev/backups/")
    }


def marker(operator: Operator) -> dict[str, Any]:
    """The marker's content."""
    found: dict[str, Any] = json.loads(operator.body(MARKER))
    return found


def roll_back(operator: Operator, *arguments: str) -> tuple[int, str]:
    """`rollback --execute`; status and output."""
    status, out, err = operator.run("rollback", *arguments)
    return status, out + err
