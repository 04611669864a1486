"""What `list` answers."""

from dataclasses import asdict

from layout.console import Result
from layout.environment import Environment
from layout.exit_status import ExitStatus
from layout.migrate.report.amounts import size
from layout.migrate.survey import LayoutState

__all__ = ["states"]


def states(
    bucket: str, environment: Environment, found: list[LayoutState], *, with_rules: bool = False
) -> Result:
    """The answer of `list`."""
    lines = [f"Migrations for the bucket {bucket!r}, environment {environment.value}:"]
    for state in found:
        lines += [
            f"  {state.name}: {state.description}",
            f"    to move: {state.objects:,} objects of {state.users:,} users and games, {size(state.bytes)}",
            f"    kept:    {state.kept:,} objects that are in the new layout already",
            *(
                [f"    ignored: {state.ignored:,} objects that a rule leaves where they are"]
                if with_rules
                else []
            ),
            f"    unknown: {state.unknown:,} objects that no rule places",
            f"    marker:  {state.phase or 'not there'}",
        ]
    data = {"bucket": bucket, "environment": environment, "migrations": [asdict(state) for state in found]}
    return Result(ExitStatus.DONE, lines, data)
