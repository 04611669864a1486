"""A tree with one user who has a profile, a video and a database in WAL mode."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.layout.migrate.local.tree_of_files import REGISTRY, Migration, write_tree


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    """A migration of the tree; nothing is planned yet."""
    write_tree(
        tmp_path / "user_data",
        {
            "a/profiles.json": REGISTRY,
            "a/raw_clips/1.mp4": b"video",
            "a/database.sqlite": b"SQLite format 3\0 of a",
            "a/database.sqlite-wal": b"what was committed last",
        },
    )
    return Migration(tmp_path / "user_data", tmp_path / "plan.sqlite")
