"""`r2-layout conformance`: ask a store whether it does what R2 does.

The suite is part of the tests, which are not installed: the command runs it where the package lies in a checkout.
"""

import argparse
import contextlib
import importlib
import sys
from pathlib import Path
from typing import Protocol

from layout import program
from layout.command.checkout import checkout
from layout.console import Result, UsageError
from layout.errors import LayoutError, SettingsError
from layout.exit_status import ExitStatus, statuses
from layout.whole_file import write_whole

__all__ = ["INTERRUPTED", "make_parser", "run_command"]

INTERRUPTED = "Run the command again."


class Suite(Protocol):
    """What `tests.conformance.running` offers."""

    STORES: tuple[str, ...]
    """The known stores; `live` is the bucket that the settings name."""

    def ask(self, stores: list[str], *, only_to_be_seen: bool = False) -> tuple[ExitStatus, str]:
        """Runs every statement on the stores, or only those that R2 leaves open; gives the status and the page."""


def make_parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog=program.command("conformance"),
        description="Ask a store whether it does what R2 does: the local R2, miniflare and versitygw, or with"
        " --live the bucket that the settings name (R2_ENDPOINT, R2_BUCKET, CLOUDFLARE_ACCOUNT_ID, and"
        " R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY of a token, from which temporary credentials are minted)."
        " It needs a checkout. The page goes to stdout, what pytest says to stderr.",
        epilog=statuses(differences=True),
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--stores", metavar="NAMES", help="which stores, comma-separated (default: all but live)"
    )
    which.add_argument("--live", action="store_true", help="only the bucket that the settings name")
    parser.add_argument(
        "--to-be-seen",
        action="store_true",
        help="only the statements that R2's documents leave open; with --live their outcome is reported, never a"
        " failure",
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write the page to this file")
    return parser


def run_command(arguments: argparse.Namespace) -> Result:
    """Runs the suite; the result is its page.

    Raises:
        SettingsError: The package does not lie in a checkout.
        UsageError: A store is not known, or the page cannot be written where `--write` says.
    """
    suite = _suite()
    if arguments.write:
        _check_place(arguments.write)
    stores = ["live"] if arguments.live else _chosen(arguments.stores, suite.STORES)
    # pytest reports to what is standard output when it starts.
    with contextlib.redirect_stdout(sys.stderr):
        status, page = suite.ask(stores, only_to_be_seen=arguments.to_be_seen)
    lines = [page.rstrip("\n")]
    if arguments.write and (trouble := _write(arguments.write, page)):
        return Result(ExitStatus.ERROR, lines, trouble=trouble)
    return Result(status, lines)


def _check_place(path: Path) -> None:
    """Before minutes of work."""
    if not path.parent.is_dir() or path.is_dir():
        raise UsageError(
            f"The page cannot be written to {str(path)!r}.", hint="Name a file in a folder that exists."
        )


def _write(path: Path, page: str) -> LayoutError | None:
    """The whole page or nothing; gives what prevented it."""
    try:
        write_whole(path, page)
    except OSError as error:
        return LayoutError(
            f"The page cannot be written to {str(path)!r}: {error.strerror}.",
            hint="It stands on standard output.",
        )
    return None


def _chosen(names: str | None, known: tuple[str, ...]) -> list[str]:
    if names is None:
        return [name for name in known if name != "live"]
    stores = names.split(",")
    unknown = [name for name in stores if name not in known]
    if unknown:
        raise UsageError(
            f"There is no store {', '.join(map(repr, unknown))}.", hint=f"Name some of: {', '.join(known)}"
        )
    return stores


def _suite() -> Suite:
    folder = checkout()
    if folder is None:
        raise SettingsError(
            "The conformance suite is not installed with the package.",
            hint="Run it in a checkout of r2-layout: python scripts/conformance.py",
        )
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    suite: Suite = importlib.import_module("tests.conformance.running")
    return suite
