"""Make the pages with Zensical, or serve them: `make docs`, `make docs-serve`.

A link or an anchor that is wrong is an error.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from layout.console import Call, Result, run
from layout.exit_status import ExitStatus
from local_cloudflare.engine.places import LOCAL, REPOSITORY
from scripts.tool_folder import fill, install_wheels, stamp_text

FOLDER = LOCAL / "docs"
REQUIREMENTS = REPOSITORY / "requirements" / "docs.txt"


def zensical(*words: str, folder: Path = REPOSITORY) -> int:
    """Run Zensical where `mkdocs.yml` is, installed if it is missing; gives its exit status."""
    fill(
        FOLDER,
        stamp_text(REQUIREMENTS),
        lambda target: install_wheels("installing Zensical", "40 MB, seconds", REQUIREMENTS, target),
    )
    # Only its own packages: those of .venv are of other versions.
    environment = {**os.environ, "PYTHONPATH": str(FOLDER), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "zensical", *words]
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def main(argv: Sequence[str] | None = None) -> int:
    """Builds the site into site/, or serves it; 1 if a page is wrong."""
    parser = argparse.ArgumentParser(prog="scripts/docs.py", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="serve the pages, and again what changes")
    parser.add_argument("--address", default="127.0.0.1:8000", help="where to (default: %(default)s)")

    def understand() -> Call:
        arguments = parser.parse_args(argv)
        words = ("serve", "--dev-addr", arguments.address) if arguments.serve else ("build", "--strict")
        return Call(lambda: Result(ExitStatus.ERROR if zensical(*words) else ExitStatus.DONE, []))

    return run(understand)


if __name__ == "__main__":
    sys.exit(main())
