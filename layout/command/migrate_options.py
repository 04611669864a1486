"""Options that several commands of `r2-layout migrate` have, those about local files included."""

import argparse
from pathlib import Path

from layout.environment import Environment
from layout.exit_status import statuses

__all__ = [
    "add_command",
    "add_environment",
    "add_execute",
    "add_made_plan",
    "add_plan",
    "add_rules",
    "add_verdict",
]


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
