"""The arguments of `r2-layout migrate local`."""

import argparse
from pathlib import Path

from layout import program
from layout.command.migrate_options import (
    add_command,
    add_environment,
    add_execute,
    add_plan,
    add_rules,
    add_verdict,
)
from layout.exit_status import statuses
from layout.legacy import LEGACY_LAYOUTS

__all__ = ["GROUP", "add_local"]

GROUP = "local"


def add_local(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The commands about local files, a group of their own; `local_command` in the result names the chosen one."""
    summary = "move the local files of users (user_data/) by the same steps; talks to no bucket"
    with program.within(GROUP):
        group = commands.add_parser(
            GROUP,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog="In order: plan, copy, verify, delete; until delete, rollback takes it back. See"
            f" docs/migrating_local_files.md. {statuses(differences=True)}",
        )
        inner = group.add_subparsers(dest="local_command", required=True, metavar="COMMAND")
        _add_plan_command(inner)

        command = add_command(
            inner, "copy", "give files their new names beside the old ones; a dry run unless --execute"
        )
        _add_made_plan(command)
        add_execute(command)

        command = add_command(
            inner, "verify", "compare new files with old ones; writes a verdict and into the plan"
        )
        _add_made_plan(command)
        add_verdict(command)
        command.add_argument(
            "--deep", action="store_true", help="also read again what was copied, both files"
        )

        command = add_command(inner, "delete", "take the old names away; a dry run unless --execute is given")
        _add_made_plan(command, root_required=True)
        add_verdict(command)
        add_execute(command)

        command = add_command(
            inner, "rollback", "take the new names away again; a dry run unless --execute is given"
        )
        _add_made_plan(command)
        add_execute(command)


def _add_plan_command(inner: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = add_command(
        inner, "plan", "decide about every file; only reads the tree, and writes a plan file"
    )
    layouts = sorted(name for name, layout in LEGACY_LAYOUTS.items() if layout.has_profiles)
    command.add_argument("layout", choices=layouts, help="the old layout")
    command.add_argument(
        "--root",
        type=Path,
        metavar="FOLDER",
        help="the folder with a folder for each user (default: USER_DATA_BASE, or user_data)",
    )
    add_environment(command)
    add_plan(command)
    add_rules(command)
    command.add_argument(
        "--bucket-plan",
        type=Path,
        metavar="FILE",
        help="the plan of the bucket's migration, after its copy: users get the profiles that they have there",
    )
    command.add_argument(
        "--new-profiles",
        action="store_true",
        help="give a new profile to users of whom neither their profiles.json nor the bucket's plan tells one",
    )


def _add_made_plan(command: argparse.ArgumentParser, *, root_required: bool = False) -> None:
    command.add_argument(
        "--root",
        type=Path,
        required=root_required,
        metavar="FOLDER",
        help="the folder, typed as a confirmation"
        if root_required
        else "the folder, if it is to be compared with the plan's",
    )
    add_environment(command)
    add_plan(command)
