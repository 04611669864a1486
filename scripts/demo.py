"""Show everything on this machine: three stacks, a flat bucket moved into dev/, a file read by its new key.

`make demo` calls this under a supervisor that ends whatever was started, also when this is killed.
Exit status: 0 everything holds, 1 error or a statement does not hold, 2 usage, 130 interrupted.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if __package__ in {None, ""}:
    # Called by its path from a checkout, which is not installed.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from demo.run import run_demo
from demo.screen import Screen
from layout.console import Call, Result, run
from local_cloudflare.engine.places import REPOSITORY

DESCRIPTION, EPILOG = (__doc__ or "").split("\n\n", 1)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demonstration and return its exit status."""
    parser = argparse.ArgumentParser(prog="scripts/demo.py", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument(
        "--folder", type=Path, default=REPOSITORY / ".local" / "demo", metavar="FOLDER",
        help="where it keeps everything; emptied first if it is an earlier one (default: .local/demo here)",
    )  # fmt: skip

    def understand() -> Call:
        arguments = parser.parse_args(argv)
        return Call(
            lambda: Result(run_demo(Screen(), arguments.folder), []),
            interrupted="Run the command again; what the demonstration started is stopped.",
        )

    return run(understand)


if __name__ == "__main__":
    sys.exit(main())
