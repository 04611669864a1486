"""`r2-layout env`: write .env from the outputs of a stack."""

import argparse
import os
import shutil
import subprocess
from pathlib import Path

from layout import program
from layout.command.checkout import checkout
from layout.console import Result
from layout.environment import Environment
from layout.errors import SettingsError
from layout.exit_status import ExitStatus, statuses
from layout.foreign_words import without_secrets
from layout.stack_outputs import TOKENS, variables
from layout.storage.env_file import update_env_file

__all__ = ["INTERRUPTED", "ask_pulumi", "make_parser", "run_command"]

INTERRUPTED = "Run the command again."


def make_parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog=program.command("env"),
        description="Write .env from the outputs of a stack. Lines of other variables stay. The file gets mode"
        " 0600, since it holds the secret of the stack's token. The outputs come from"
        " `pulumi stack output --json --show-secrets`, or from a file with its answer.",
        epilog=statuses(),
    )
    parser.add_argument("--stack", required=True, choices=[item.value for item in Environment])
    parser.add_argument("--outputs", type=Path, help="file with the outputs, instead of asking Pulumi")
    parser.add_argument(
        "--program",
        type=Path,
        metavar="FOLDER",
        default=checkout() or Path(),
        help="where Pulumi.yaml is (default: this checkout, or the current folder)",
    )
    parser.add_argument(
        "--pulumi", metavar="CLI", default="pulumi", help="the Pulumi CLI to ask (default: the one on PATH)"
    )
    parser.add_argument("--token", choices=TOKENS, default="backend", help="audit reads only")
    parser.add_argument("--file", type=Path, default=Path(".env"), help="what to write (default %(default)s)")
    return parser


def run_command(arguments: argparse.Namespace) -> Result:
    """Writes the file.

    Raises:
        SettingsError: There are no outputs, or they are of another stack.
        OSError: A file cannot be read or written.
    """
    if arguments.outputs:
        outputs = _read(arguments.outputs)
    else:
        outputs = ask_pulumi(arguments.stack, arguments.program, arguments.pulumi)
    update_env_file(arguments.file, variables(outputs, arguments.stack, arguments.token))
    done = f"Wrote {arguments.file} for {arguments.stack} with its {arguments.token} token."
    return Result(ExitStatus.DONE, [done])


def _read(outputs: Path) -> str:
    try:
        return outputs.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(
            f"The file {str(outputs)!r} is not text in UTF-8.",
            hint="Use the answer of: pulumi stack output --json --show-secrets",
        ) from None


def ask_pulumi(stack: str, folder: Path, pulumi: str = "pulumi") -> str:
    """The outputs of a stack with its secrets, in JSON.

    Args:
        stack: Name of the stack, which is the environment's.
        folder: Where the Pulumi program is.
        pulumi: The CLI, by its path or its name on PATH.

    Raises:
        SettingsError: There is no CLI, or it gives no outputs.
    """
    found = shutil.which(pulumi)
    if found is None:
        raise SettingsError(
            f"There is no Pulumi CLI {pulumi!r}.",
            hint="Put pulumi on PATH, or name it with --pulumi. A checkout's own:"
            " python -m local_cloudflare.engine prints its path.",
        )
    command = [found, "stack", "output", "--json", "--show-secrets", "--stack", stack]
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    answer = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if answer.returncode:
        reason = answer.stderr.strip().splitlines()[-1:] or [f"exit status {answer.returncode}"]
        raise SettingsError(
            f"Pulumi does not tell the outputs of the stack {stack!r}: {without_secrets(reason[0])}",
            hint="Log in to the stack's backend first, or bring the stack up.",
        )
    return answer.stdout
