"""scripts/migrate.py in a process of its own, as CI runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["run_migrate"]

REPOSITORY = Path(__file__).resolve().parents[2]


def run_migrate(settings: Mapping[str, str], *arguments: str, folder: Path = REPOSITORY) -> None:
    """Run one command in a folder; it has to succeed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("R2_", "APP_ENV"))}
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "scripts" / "migrate.py"), *arguments],
        cwd=folder,
        env={**kept, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
