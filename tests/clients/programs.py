"""Running a client to its end."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

SECONDS = 120


def run(
    words: Sequence[str], environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Runs a program with exactly these variables. Its end may be a failure."""
    return subprocess.run(
        words,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
