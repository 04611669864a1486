"""The entry point `r2-layout`: it finds the command, and leaves errors, interruption and report to `layout.console`."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Protocol

from layout import program
from layout.console import Call, Result, run
from layout.errors import SettingsError
from layout.exit_status import statuses

__all__ = ["main"]

COMMANDS = {
    "migrate": "move a bucket's data from an old layout into the new one",
    "credentials": "mint a temporary credential",
    "env": "write .env from the outputs of a stack",
    "sync": "look at this machine's synced databases, and exchange them with the bucket",
    "audit": "say what is in a bucket, and what does not fit together",
    "clear": "empty an environment, or a whole bucket",
    "cleanup": "delete what one project, scene or user has",
    "conformance": "ask a store whether it does what R2 does",
}
"""Each is the module of this package with its name."""
_EXTRA = {"boto3", "botocore", "obstore", "pydantic_settings"}


class Command(Protocol):
    """What the module of a command offers."""

    INTERRUPTED: str
    """What to do after an interruption."""

    def make_parser(self) -> argparse.ArgumentParser:
        """Its own command line, without its name."""

    def run_command(self, arguments: argparse.Namespace) -> Result:
        """Does what the arguments say."""


def main(argv: Sequence[str] | None = None, *, spelling: str = program.INSTALLED) -> int:
    """Runs a command.

    Args:
        argv: Its name and its arguments; those of the process unless given.
        spelling: How it was called, for messages: one of `layout.program`.

    Returns:
        The exit status.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    with program.called(spelling):
        return run(lambda: _understand(words))


def _understand(words: list[str]) -> Call:
    parser = argparse.ArgumentParser(
        prog=program.command(),
        description="One declared layout for a Cloudflare R2 bucket. Each command has a --help of its own.",
        epilog=statuses(differences=True),
    )
    names = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        names.add_parser(name, help=summary, add_help=False)
    # Its own parser reads the rest, so that only the module of the command that was named is loaded.
    command = _load(parser.parse_args(words[:1]).name)
    arguments = command.make_parser().parse_args(words[1:])
    return Call(
        run=lambda: command.run_command(arguments),
        as_json=getattr(arguments, "json", False),
        interrupted=command.INTERRUPTED,
    )


def _load(name: str) -> Command:
    try:
        command: Command = importlib.import_module(f"layout.command.{name}")
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise SettingsError(
            f"The package {error.name!r} is not installed, which {program.command(name)} needs.",
            hint="Install what talks to a bucket: pip install 'r2-layout[storage]'",
        ) from None
    return command
