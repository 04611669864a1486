"""The exit statuses of every command, and the sentence that each help shows."""

import enum

__all__ = ["ExitStatus", "statuses"]


class ExitStatus(enum.IntEnum):
    """What a command's end means."""

    DONE = 0
    """Done, or there was nothing to do."""
    ERROR = 1
    """It could not be done; standard error says why."""
    USAGE = 2
    """The command line is wrong; nothing was done."""
    DIFFERENCES = 3
    """It was done and found something that a person must decide about: a plan with unknown objects or others
    that stop a copy, a verification or a statement that does not hold, findings of an audit, objects that were kept."""
    DECISION = 4
    """Stages were run one after the other, and one of them found what a person must decide about: those after it
    were not begun."""
    INTERRUPTED = 130
    """SIGINT or SIGTERM ended it."""


_MEANINGS = {
    ExitStatus.DONE: "done",
    ExitStatus.ERROR: "error",
    ExitStatus.USAGE: "usage",
    ExitStatus.DIFFERENCES: "differences found",
    ExitStatus.DECISION: "stopped, a person has to decide",
    ExitStatus.INTERRUPTED: "interrupted",
}


def statuses(*, differences: bool = False, decision: bool = False) -> str:
    """The sentence about exit statuses in a command's help.

    Args:
        differences: Whether the command can end with 3.
        decision: Whether it can end with 4.

    >>> statuses()
    'exit status: 0 done, 1 error, 2 usage, 130 interrupted'
    """
    hidden = {ExitStatus.DIFFERENCES: not differences, ExitStatus.DECISION: not decision}
    shown = (
        f"{status.value} {meaning}" for status, meaning in _MEANINGS.items() if not hidden.get(status, False)
    )
    return f"exit status: {', '.join(shown)}"
