"""What one pass of a copy that follows found and did."""

from dataclasses import dataclass, field

from layout.migrate.copying import CopyReport
from layout.migrate.report.reasons import Reasons

__all__ = ["Behind", "PassReport"]


@dataclass(frozen=True)
class Behind:
    """How far the new side is behind the old one when a pass has listed it.

    Attributes:
        objects: Objects to copy, and copies to remove.
        bytes: Size of what is to be copied.
        oldest_seconds: How long ago the oldest of the objects to copy was written, by the bucket's clock; None: none.
    """

    objects: int
    bytes: int
    oldest_seconds: float | None


@dataclass
class PassReport:
    """What one pass found and did.

    Attributes:
        number: Of the pass, from 1.
        seconds: How long it took.
        looked_at: Objects of the old side that were listed.
        written: Old objects that were written since the pass before, new ones included.
        gone: Old objects that are gone.
        behind: How far behind the new side was after the listing.
        removed: Copies of vanished objects that were removed.
        copy: What was copied, and what was not.
        left: Objects that are still to be copied.
        undecided: Objects that wait for a person.
        kept: Objects whose old ones vanished although what is at their new keys is not this plan's, by old key.
        failure: Why the pass could not be ended; empty if it was.
    """

    number: int
    seconds: float = 0.0
    looked_at: int = 0
    written: int = 0
    gone: int = 0
    behind: Behind = Behind(0, 0, None)
    removed: int = 0
    copy: CopyReport = field(default_factory=CopyReport)
    left: int = 0
    undecided: int = 0
    kept: Reasons = field(default_factory=Reasons)
    failure: str = ""

    @property
    def quiet(self) -> bool:
        """Whether nothing was written or deleted at the old side, and all of it was looked at."""
        return not (self.failure or self.written or self.gone)

    @property
    def equal(self) -> bool:
        """Whether both sides agreed for the whole pass: a copy takes time, in which the old side may change."""
        waiting = self.copy.copied or self.left or self.undecided
        return self.quiet and not (waiting or self.kept or self.copy.users)
