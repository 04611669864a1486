"""What an exchange with the bucket came to."""

from dataclasses import dataclass

from layout.errors import DatabaseConflictError, DatabaseInUseError, StorageUnavailableError
from layout.sync.baseline import Baseline

__all__ = ["Exchanged"]


@dataclass(frozen=True)
class Exchanged:
    """What an exchange came to.

    Attributes:
        baseline: What is known of the local copy now.
        conflict: The change that was refused and set aside, if one was.
        in_use: Why the bucket's version could not take the place of a local one that must not be read, if so.
        stale: The same of a local one that may: it is an older version.
        unanswered: Why nothing is known of the bucket, if it gave no answer and the local copy is read all the same.
        sent: Whether a version was uploaded, or tried to be.
    """

    baseline: Baseline | None
    conflict: DatabaseConflictError | None = None
    in_use: DatabaseInUseError | None = None
    stale: DatabaseInUseError | None = None
    unanswered: StorageUnavailableError | None = None
    sent: bool = False
