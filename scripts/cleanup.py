"""`r2-layout cleanup` from a checkout, which need not be installed."""

import sys
from collections.abc import Sequence
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from layout import program
from layout.command.main import main as command_line


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    return command_line(["cleanup", *(sys.argv[1:] if argv is None else argv)], spelling=program.CHECKOUT)


if __name__ == "__main__":
    sys.exit(main())
