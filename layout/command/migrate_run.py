"""`r2-layout migrate run`: the stages of a migration as one command, for pipelines.

It asks nothing. Each stage is the command of its name with the options of the run, so that a person can go on where
it ended; a stage that found something to decide about is the last one.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from layout import program
from layout.command.migrate_run_arguments import stage_arguments, stages_until
from layout.console import Result, say
from layout.errors import PlanBlockedError
from layout.exit_status import ExitStatus
from layout.migrate.report.progress import Progress
from layout.storage.settings import StorageSettings

__all__ = ["Stage", "run_stages"]

Stage = Callable[[argparse.Namespace, StorageSettings, Progress], Result]
"""A command of a migration, with its arguments."""


@dataclass
class _Told:
    """Tells each stage when it has ended: a later one may fail, or the job be cancelled."""

    as_json: bool
    ended: dict[str, int] = field(default_factory=dict)

    def stage(self, name: str, result: Result) -> None:
        self.ended[name] = int(result.status)
        if self.as_json:
            say(json.dumps({"stage": name, "status": int(result.status), **result.data}))
            return
        say(f"== {name}")
        for line in result.lines:
            say(line)


def run_stages(
    commands: Mapping[str, Stage],
    arguments: argparse.Namespace,
    settings: StorageSettings,
    progress: Progress,
) -> Result:
    """Runs the stages until one stops.

    Args:
        commands: The stages by their names.
        arguments: Those of `run`.
        settings: Of the bucket.
        progress: Of all stages.

    Returns:
        The status is 4 if a stage found what a person has to decide about, 3 if only time is missing (objects are too
        young to be deleted), else that of the last stage.

    Raises:
        LayoutError: A stage could not be done; the stages before it were told.
    """
    stages = stages_until(arguments)
    told = _Told(arguments.json)
    for name in stages:
        if not arguments.execute and name not in {"plan", "copy"}:
            break
        try:
            result = commands[name](stage_arguments(arguments, name), settings, progress)
        except PlanBlockedError as blocked:
            result = Result(ExitStatus.DIFFERENCES, [], trouble=blocked)
        told.stage(name, result)
        if result.status:
            return _stopped(arguments, name, result, told)
    lines = [f"Done: {', '.join(told.ended)}."]
    if not arguments.execute:
        left = ", ".join(stages[2:])
        lines = [f"Nothing was written to the bucket. With --execute the stages copy, {left} follow."]
    return Result(ExitStatus.DONE, lines, _data(arguments, told, None), one_line=True)


def _stopped(arguments: argparse.Namespace, name: str, result: Result, told: _Told) -> Result:
    status, reason = result.status, "an error"
    if status == ExitStatus.DIFFERENCES:
        waits = name == "delete" and _only_young(result)
        status = ExitStatus.DIFFERENCES if waits else ExitStatus.DECISION
        reason = "time: run it again later" if waits else "a person, who has to decide"
    again = program.command(
        "migrate", "run", arguments.layout, "--plan", arguments.plan, "--until", arguments.until
    )
    lines = [
        f"Stopped at the stage {name}, which waits for {reason}."
        if status != ExitStatus.ERROR
        else f"Stopped at the stage {name} by {reason}.",
        f"The same command goes on from there: {again} ...",
    ]
    return Result(status, lines, _data(arguments, told, name), one_line=True, trouble=result.trouble)


def _only_young(result: Result) -> bool:
    kept = ("refused", "errors", "left")
    return bool(result.data.get("young")) and not any(result.data[name]["total"] for name in kept)


def _data(arguments: argparse.Namespace, told: _Told, stopped: str | None) -> dict[str, object]:
    return {
        "executed": arguments.execute,
        "until": arguments.until,
        "stages": told.ended,
        "stopped": stopped,
        "plan": str(arguments.plan),
        "verdict": str(arguments.verdict),
    }
