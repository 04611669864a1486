"""Where a local database stands, from its content and its baseline. Derived anew each time; no memory is asked."""

import enum
from dataclasses import dataclass

from layout.sync.baseline import Baseline, FileMark, is_held, read_baseline
from layout.sync.location import Database
from layout.sync.snapshot import Snapshot, take_snapshot

__all__ = ["Local", "Position", "look"]


class Position(enum.StrEnum):
    """What can be said of a local database without asking the bucket."""

    ABSENT = "absent"
    """There is no file."""
    SAME = "same"
    """It is the version of the bucket that the baseline names."""
    CHANGED = "changed"
    """It was changed since: the change waits for its upload."""
    LOST = "lost"
    """Its change lost a conflict and is kept in the backups: the bucket's version takes its place."""
    UNKNOWN = "unknown"
    """Nobody knows which version it comes from: it is never uploaded over one."""


@dataclass(frozen=True)
class Local:
    """A look at a local database.

    Attributes:
        position: Where it stands.
        baseline: What was known; None if there is nothing.
        mark: Of the file, taken before it was read; None if there is none.
        content: What is in it; None where its mark made reading it unnecessary, or there is no file.
    """

    position: Position
    baseline: Baseline | None
    mark: FileMark | None = None
    content: Snapshot | None = None


def look(database: Database, *, by_content: bool = False) -> Local:
    """Look at a local database.

    Args:
        database: Which.
        by_content: Read it whatever its mark says.

    Raises:
        DatabaseInUseError: A writer lets nobody read it.
        StorageError: It is damaged.
    """
    baseline, mark = read_baseline(database), FileMark.of(database.path)
    if mark is None:
        return Local(Position.ABSENT, baseline)
    if baseline is not None and baseline.is_of(mark) and not by_content:
        return Local(Position.SAME, baseline, mark)
    content = take_snapshot(database.path)
    held = is_held(database, mark.inode)
    if baseline is None or not baseline.is_about(content, mark, held=held):
        return Local(Position.UNKNOWN, baseline, mark, content)
    return Local(_position(baseline, content), baseline, mark, content)


def _position(baseline: Baseline, content: Snapshot) -> Position:
    if content.sha256 == baseline.sha256:
        return Position.SAME
    return Position.LOST if content.sha256 == baseline.lost else Position.CHANGED
