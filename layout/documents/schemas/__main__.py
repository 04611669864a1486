"""``python -m layout.documents.schemas``: write the JSON Schemas again; ``--check`` only compares them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from layout.documents.schemas import DOCUMENTS, generated_schema

_FOLDER = Path(__file__).parent


def main(arguments: list[str] | None = None, folder: Path = _FOLDER) -> int:
    """Write or compare the schemas.

    Args:
        arguments: of the command line.
        folder: where the schemas are.

    Returns:
        The exit status: 0 done, 3 if ``--check`` found a difference.
    """
    parser = argparse.ArgumentParser(
        prog="python -m layout.documents.schemas",
        description=__doc__,
        epilog="Exit status: 0 done, 2 wrong usage, 3 differences found.",
    )
    parser.add_argument("--check", action="store_true", help="write nothing, name the files that differ")
    check = parser.parse_args(arguments).check
    status = 0
    for name in DOCUMENTS:
        path, text = folder / name, generated_schema(name)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if check:
            sys.stdout.write(f"{name} differs from its model\n")
            status = 3
        else:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name} written\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
