"""What `mark` answers."""

from layout.console import Result
from layout.documents.marker import MarkerPhase
from layout.environment import Environment
from layout.exit_status import ExitStatus
from layout.keys import marker_key
from layout.migrate.plan.user_filter import UserFilter

__all__ = ["marked"]


def marked(
    environment: Environment, users: UserFilter, phase: MarkerPhase | None, *, there: bool, executed: bool
) -> Result:
    """The answer of `mark`; `phase` is what the marker says now, None if there is none."""
    key = str(marker_key(environment=environment))
    data = {"executed": executed, "key": key, "written": executed and not there, "phase": phase}
    about = f" for {users.told}" if users else ""
    if there:
        return Result(ExitStatus.DONE, [f"Nothing to do: the marker {key} was there before{about}."], data)
    if executed:
        says = f": it says {str(phase)!r}" if users else ""
        return Result(ExitStatus.DONE, [f"Wrote the marker {key}{about}{says}."], data)
    return Result(
        ExitStatus.DONE,
        [f"Would write the marker {key}{about}.", "Nothing was written. Run again with --execute."],
        data,
    )
