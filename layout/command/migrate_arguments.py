"""The arguments of `r2-layout migrate`."""

import argparse
from datetime import timedelta
from pathlib import Path

from layout import program
from layout.command.migrate_local_arguments import add_local
from layout.command.migrate_options import (
    add_by,
    add_command,
    add_deleting,
    add_environment,
    add_execute,
    add_made_plan,
    add_plan,
    add_planned,
    add_rate,
    add_read_limit,
    add_rules,
    add_verdict,
    age,
)
from layout.command.migrate_references import add_mongo
from layout.command.migrate_run_arguments import add_run
from layout.exit_status import statuses
from layout.legacy import LEGACY_LAYOUTS

__all__ = ["make_parser"]

SETTINGS = (
    "The bucket and its credentials come from R2_BUCKET, R2_ENDPOINT, R2_ACCESS_KEY_ID and so on, in the"
    " environment or in .env."
)


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands; `command` in its result names the chosen one."""
    parser = argparse.ArgumentParser(
        prog=program.command("migrate"),
        description="Move a bucket's data from an old layout into the new one. " + SETTINGS,
        epilog="In order: plan, copy, verify, mark, delete; rollback takes it back. See docs/migration.md."
        f" {statuses(differences=True)}",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    command = add_command(
        commands,
        "list",
        "show the known migrations and what they find in this bucket; writes nothing",
        differences=False,
    )
    add_environment(command)
    add_rules(command)

    command = add_command(
        commands, "plan", "decide about every object of the bucket; only reads it, and writes a plan file"
    )
    command.add_argument("layout", choices=sorted(LEGACY_LAYOUTS), help="the old layout")
    add_environment(command)
    add_plan(command)
    add_read_limit(command)
    add_rules(command)
    add_mongo(command)
    add_planned(command)
    command.add_argument(
        "--suggest", type=Path, metavar="FILE", help="write rules for all that stops the copy into a new file"
    )

    command = add_command(
        commands, "explain", "say what a plan does with an object, and by which rule", differences=False
    )
    command.add_argument("key", metavar="KEY", help="its key, old or new")
    add_made_plan(command)

    command = add_command(commands, "copy", "copy to the new keys; a dry run unless --execute is given")
    add_made_plan(command)
    add_read_limit(command)
    add_by(command)
    command.add_argument(
        "--take-over",
        default="",
        metavar="PLAN-ID",
        help="take the place of another plan that has claimed the environment and was given up",
    )
    _add_following(command)
    add_rate(command)
    add_execute(command)

    command = add_command(
        commands,
        "verify",
        "compare the new keys with the plan; reads the bucket, writes a verdict and into the plan what it found",
    )
    add_made_plan(command)
    add_verdict(command)
    command.add_argument("--deep", action="store_true", help="also read all bodies and compare their SHA-256")
    command.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="with --deep: the Dask scheduler on whose workers bodies are read, such as tcp://10.0.0.5:8786",
    )

    command = add_command(
        commands,
        "mark",
        "mark the environment as migrated; a dry run unless --execute is given",
        differences=False,
    )
    add_made_plan(command)
    add_verdict(command)
    add_by(command)
    add_execute(command)

    command = add_command(
        commands, "references", "let documents name the new keys; a dry run unless --execute is given"
    )
    add_made_plan(command)
    add_mongo(command)
    add_execute(command)

    command = add_command(commands, "delete", "delete the old objects; a dry run unless --execute is given")
    add_made_plan(command)
    add_verdict(command)
    command.add_argument(
        "--bucket", required=True, metavar="NAME", help="the bucket's name, typed as a confirmation"
    )
    add_deleting(command)
    add_rate(command)
    add_mongo(command)
    add_execute(command)
    command = add_command(
        commands,
        "rollback",
        "copy back to the old keys, what was written since included; a dry run unless --execute is given",
    )
    add_made_plan(command)
    add_read_limit(command)
    add_by(command)
    command.add_argument(
        "--delete-new",
        action="store_true",
        help="afterwards, as a step of its own: remove the new objects that are back at their old keys",
    )
    command.add_argument(
        "--bucket", metavar="NAME", help="with --delete-new: the bucket's name, typed as a confirmation"
    )
    command.add_argument(
        "--min-age",
        type=age,
        default=timedelta(hours=4),
        metavar="AGE",
        help="with --delete-new: remove only what was copied back at least this long ago (default: 4h)",
    )
    add_mongo(command)
    add_execute(command)
    add_run(commands)
    add_local(commands)
    return parser


def _add_following(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--follow",
        action="store_true",
        help="go on copying what the old application writes, until it is stopped; with --json a line a pass",
    )
    command.add_argument(
        "--until-equal",
        action="store_true",
        help="with --follow: end once both sides agree for a whole pass, as they do when the writers have stopped",
    )
    command.add_argument(
        "--interval",
        type=age,
        default=timedelta(seconds=5),
        metavar="TIME",
        help="with --follow: wait so long between passes: 5s, 10m, 0 (default: 5s)",
    )
