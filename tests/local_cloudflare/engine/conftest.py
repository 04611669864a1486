"""Programs that answer as `pulumi` and `go` do, for tests of how they are found and used."""

from collections.abc import Callable
from pathlib import Path

import pytest

Program = Callable[[str, str], Path]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Give a function that writes a shell script under a name into the folder `bin`."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def write(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write
