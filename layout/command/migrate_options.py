"""Options that several commands of `r2-layout migrate` have, those about local files included."""

import argparse
import re
from datetime import timedelta
from pathlib import Path

from layout.environment import Environment
from layout.errors import SettingsError
from layout.exit_status import statuses
from layout.migrate.bucket.pace import DEFAULT_RATE, MOST_RATE
from layout.migrate.equality import DEFAULT_READ_LIMIT
from layout.migrate.who import MOST, is_name
from layout.times import parse_time_span

__all__ = [
    "add_by",
    "add_command",
    "add_deleting",
    "add_environment",
    "add_execute",
    "add_made_plan",
    "add_plan",
    "add_planned",
    "add_public_host",
    "add_rate",
    "add_read_limit",
    "add_rules",
    "add_verdict",
    "age",
    "byte_count",
    "name",
    "rate",
]

_SIZE = re.compile(r"(\d{1,12})([KMGT]?)")


def age(text: str) -> timedelta:
    """A time span as `argparse` takes it.

    Raises:
        argparse.ArgumentTypeError: The text is none.
    """
    try:
        return parse_time_span(text)
    except SettingsError as error:
        raise argparse.ArgumentTypeError(f"{error} {error.hint}") from None


def byte_count(text: str) -> int:
    """A number of bytes as operators write it: `500M`, `20G`, `1T`, or plain digits."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of bytes; write 500M, 20G, 1T or 0")
    return int(match[1]) << (10 * " KMGT".index(match[2] or " "))


def rate(text: str) -> int:
    """Writes a second, as `layout.migrate.bucket.pace.Pace` takes them."""
    if not text.isdecimal() or len(text) > len(str(MOST_RATE)) or not 1 <= int(text) <= MOST_RATE:
        raise argparse.ArgumentTypeError(f"{text!r} is no rate of 1 to {MOST_RATE} writes a second")
    return int(text)


def name(text: str) -> str:
    """Who does something, as the history of a marker takes it."""
    if not is_name(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of 1 to {MOST} printable characters")
    return text


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    summary: str,
    *,
    differences: bool = True,
) -> argparse.ArgumentParser:
    """A command with what each has: a summary, a sentence about exit statuses, and `--json`."""
    command = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=statuses(differences=differences),
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")
    return command


def add_environment(command: argparse.ArgumentParser) -> None:
    """The environment that the data moves to."""
    command.add_argument(
        "--env",
        type=Environment,
        choices=tuple(Environment),
        metavar="ENV",
        help="the environment that the data moves to: dev, staging or prod (default: APP_ENV)",
    )


def add_made_plan(command: argparse.ArgumentParser) -> None:
    """A plan that was made before, and the environment that it must be about."""
    add_environment(command)
    add_plan(command)


def add_plan(command: argparse.ArgumentParser) -> None:
    """The plan file."""
    command.add_argument("--plan", required=True, type=Path, metavar="FILE", help="the plan, a SQLite file")


def add_rules(command: argparse.ArgumentParser) -> None:
    """A rule file."""
    command.add_argument(
        "--rules", type=Path, metavar="FILE", help="rules for what the layout does not know (TOML)"
    )


def add_verdict(command: argparse.ArgumentParser) -> None:
    """The verdict."""
    command.add_argument(
        "--verdict", required=True, type=Path, metavar="FILE", help="the verdict, a JSON file"
    )


def add_execute(command: argparse.ArgumentParser) -> None:
    """What tells a dry run from the deed."""
    command.add_argument("--execute", action="store_true", help="do it; without this, say what would be done")


def add_read_limit(command: argparse.ArgumentParser) -> None:
    """How much may be read to compare."""
    command.add_argument(
        "--read-limit",
        type=byte_count,
        default=DEFAULT_READ_LIMIT,
        metavar="SIZE",
        help="bytes of bodies to read at most, where nothing else tells whether two objects are equal:"
        " 500M, 20G, 0 (default: 10G)",
    )


def add_rate(command: argparse.ArgumentParser) -> None:
    """The pace of writes."""
    command.add_argument(
        "--rate",
        type=rate,
        default=DEFAULT_RATE,
        metavar="N",
        help="writes a second at most, which the application's own add to; a bucket of R2 takes about 4000"
        f" (default: {DEFAULT_RATE})",
    )


def add_by(command: argparse.ArgumentParser) -> None:
    """Who does it."""
    command.add_argument(
        "--by",
        type=name,
        metavar="NAME",
        help="who does this, for the history in the marker and the plan (default: the CI job, or login@host)",
    )


def add_planned(command: argparse.ArgumentParser) -> None:
    """Whom and with what a plan is made, besides its layout and rules."""
    users = command.add_mutually_exclusive_group()
    users.add_argument(
        "--only-user",
        action="append",
        default=[],
        metavar="USER",
        help="plan this user and nothing else, as a canary; may be given again for more",
    )
    users.add_argument(
        "--except-user",
        action="append",
        default=[],
        metavar="USER",
        help="plan everything but this user; may be given again for more",
    )
    command.add_argument(
        "--default-user",
        metavar="USER",
        help="the user of projects whose document names none; without it those stay",
    )
    add_public_host(command)


def add_public_host(command: argparse.ArgumentParser) -> None:
    """Where URLs in documents read the bucket."""
    command.add_argument(
        "--public-host",
        action="append",
        default=[],
        metavar="HOST",
        help="a host at which documents' URLs read the bucket, besides R2's own; may be given again for more",
    )


def add_deleting(command: argparse.ArgumentParser) -> None:
    """What a delete may take for old and for quiet."""
    command.add_argument(
        "--min-age",
        type=age,
        default=timedelta(hours=4),
        metavar="AGE",
        help="delete only what was copied at least this long ago: 30m, 4h, 2d, 0 (default: 4h)",
    )
    command.add_argument(
        "--writers-stopped",
        action="store_true",
        help="nobody writes at old keys any more: delete a thousand in one request, without a condition",
    )
