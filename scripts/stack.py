"""Run the Pulumi CLI that `make setup` found or built, with the words of the command line, in this process's place."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from local_cloudflare.engine import engine
from local_cloudflare.errors import LocalCloudflareError


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Becomes the CLI; ends with status 1 if there is none."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        found = engine(print)
    except LocalCloudflareError as error:
        print(f"Error: {error}\nTry: {error.hint}", file=sys.stderr)
        sys.exit(1)
    variables = {**os.environ, **found.variables(os.environ.get("PATH", os.defpath))}
    sys.stdout.flush()
    os.execve(found.pulumi, [str(found.pulumi), *words], variables)  # noqa: S606 - a signal reaches it as itself


if __name__ == "__main__":
    main()
