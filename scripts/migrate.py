"""Move a bucket's data from an old layout into the new one: list, plan, copy, verify, mark, delete.

Results go to stdout, as text or with `--json` as one object; errors and progress go to stderr.
Exit status: 0 done, 1 error, 2 usage, 3 differences found, 130 interrupted.
"""

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

if __package__ in {None, ""}:
    # Called by its path from a checkout, which is not installed.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from layout.command.migrate import run_command
from layout.command.migrate_arguments import make_parser
from layout.errors import LayoutError, PlanBlockedError

ERROR, DIFFERENCES, INTERRUPTED = 1, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    arguments = make_parser().parse_args(argv)
    try:
        result = run_command(arguments)
    except LayoutError as error:
        _print_error(error, as_json=arguments.json)
        return DIFFERENCES if isinstance(error, PlanBlockedError) else ERROR
    except KeyboardInterrupt:
        message = "Interrupted. What was finished is in the plan; run the command again to go on."
        _print_error(LayoutError(message), as_json=arguments.json)
        return INTERRUPTED
    print(json.dumps(result.data, indent=2) if arguments.json else "\n".join(result.lines))
    return result.status


def _print_error(error: LayoutError, *, as_json: bool) -> None:
    if as_json:
        fields = {"error": str(error), "hint": error.hint, "type": type(error).__name__}
        print(json.dumps(fields), file=sys.stderr)
        return
    print(f"Error: {error}", file=sys.stderr)
    if error.hint:
        print(f"Try: {error.hint}", file=sys.stderr)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """A job that is cancelled ends like one that a person stops."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(main())
