"""What `mark` answers."""

from layout.console import Result
from layout.environment import Environment
from layout.exit_status import ExitStatus
from layout.keys import marker_key

__all__ = ["marked"]


def marked(environment: Environment, *, there: bool, executed: bool) -> Result:
    """The answer of `mark`."""
    key = str(marker_key(environment=environment))
    data = {"executed": executed, "key": key, "written": executed and not there}
    if there:
        return Result(ExitStatus.DONE, [f"Nothing to do: the marker {key} was there before."], data)
    if executed:
        return Result(ExitStatus.DONE, [f"Wrote the marker {key}."], data)
    return Result(
        ExitStatus.DONE,
        [f"Would write the marker {key}.", "Nothing was written. Run again with --execute."],
        data,
    )
