"""The command line of `r2-layout migrate run`, and the command lines that it stands for."""

import argparse

from layout.command.migrate_options import (
    add_by,
    add_command,
    add_deleting,
    add_environment,
    add_execute,
    add_plan,
    add_planned,
    add_rate,
    add_read_limit,
    add_rules,
    add_verdict,
)
from layout.command.migrate_references import add_mongo
from layout.console import UsageError
from layout.exit_status import statuses
from layout.legacy import LEGACY_LAYOUTS

__all__ = ["STAGES", "add_run", "stage_arguments", "stages_until"]

STAGES = ("plan", "copy", "verify", "mark", "references", "delete")
"""In the order in which they follow each other."""


def add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command `run`."""
    command = add_command(
        commands,
        "run",
        "do the stages one after the other, as a pipeline does; ends where a person has to decide, and is a dry run"
        " unless --execute is given",
    )
    command.epilog = statuses(differences=True, decision=True)
    command.add_argument("layout", choices=sorted(LEGACY_LAYOUTS), help="the old layout")
    command.add_argument(
        "--until",
        required=True,
        choices=("verify", "delete"),
        help="the last stage: verify leaves the old keys in use; delete also marks the environment, lets documents"
        " name the new keys, and deletes the old objects",
    )
    add_environment(command)
    add_plan(command)
    add_verdict(command)
    add_rules(command)
    add_mongo(command)
    add_planned(command)
    command.add_argument(
        "--deep", action="store_true", help="verify also reads all bodies and compares their SHA-256"
    )
    command.add_argument(
        "--bucket", metavar="NAME", help="with --until delete: the bucket's name, typed as a confirmation"
    )
    add_deleting(command)
    add_read_limit(command)
    add_rate(command)
    add_by(command)
    add_execute(command)


def stages_until(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The stages of a run; without documents there are no references.

    Raises:
        UsageError: The bucket's name is missing, or confirms a delete that is not asked for.
    """
    if arguments.until == "delete" and arguments.bucket is None:
        raise UsageError(
            "A run until delete deletes objects, and the bucket's name confirms it.",
            hint="Add --bucket NAME.",
        )
    if arguments.until != "delete" and arguments.bucket is not None:
        raise UsageError(
            "The option --bucket confirms a delete, and this run ends before it.",
            hint="Say --until delete, or leave it out.",
        )
    stages = STAGES[: STAGES.index(arguments.until) + 1]
    with_documents = not LEGACY_LAYOUTS[arguments.layout].has_profiles
    return stages if with_documents else tuple(stage for stage in stages if stage != "references")


def stage_arguments(arguments: argparse.Namespace, stage: str) -> argparse.Namespace:
    """What a stage's own parser would have made of the options of the run that it knows."""
    extra = {"suggest": None, "take_over": "", "follow": False, "until_equal": False, "scheduler": None}
    return argparse.Namespace(**{**vars(arguments), **extra, "command": stage})
