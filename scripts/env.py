"""Write .env from the outputs of a stack: `--stack dev`. Lines of other variables stay.

The outputs come from `pulumi stack output --json --show-secrets`, or from a file with its answer (--outputs).
The file gets mode 0600, since it holds the secret of the stack's token.
Exit status: 0 done, 1 error, 2 usage, 130 interrupted.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if __package__ in {None, ""}:
    # Called by its path from a checkout, which is not installed.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from layout.command.env import ask_pulumi
from layout.environment import Environment
from layout.errors import LayoutError, SettingsError
from layout.stack_outputs import TOKENS, variables
from layout.storage.env_file import update_env_file

ERROR, INTERRUPTED = 1, 130
# Where Pulumi.yaml is.
PROGRAM = Path(__file__).resolve().parent.parent


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    arguments = _parser().parse_args(argv)
    try:
        outputs = (
            _read(arguments.outputs)
            if arguments.outputs
            else ask_pulumi(arguments.stack, PROGRAM, arguments.pulumi)
        )
        update_env_file(arguments.file, variables(outputs, arguments.stack, arguments.token))
    except (LayoutError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        if isinstance(error, LayoutError) and error.hint:
            print(f"Try: {error.hint}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        print("Error: Interrupted. Run the command again.", file=sys.stderr)
        return INTERRUPTED
    print(f"Wrote {arguments.file} for {arguments.stack} with its {arguments.token} token.")
    return 0


def _read(outputs: Path) -> str:
    try:
        return outputs.read_text("utf-8")
    except UnicodeDecodeError:
        raise SettingsError(
            f"The file {str(outputs)!r} is not text in UTF-8.",
            hint="Use the answer of: pulumi stack output --json --show-secrets",
        ) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "env.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", required=True, choices=[item.value for item in Environment])
    parser.add_argument("--outputs", type=Path, help="file with the outputs, instead of asking Pulumi")
    parser.add_argument(
        "--pulumi", metavar="CLI", default="pulumi", help="the Pulumi CLI to ask (default: the one on PATH)"
    )
    parser.add_argument("--token", choices=TOKENS, default="backend", help="audit reads only")
    parser.add_argument("--file", type=Path, default=Path(".env"), help="what to write (default %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
