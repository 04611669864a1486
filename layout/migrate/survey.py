"""Which known migrations a bucket needs; writes nothing, not even a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from layout.environment import Environment
from layout.legacy import Facts, LegacyLayout, Verdict
from layout.migrate.bucket import BucketReader
from layout.migrate.marking import read_marker
from layout.migrate.old_side import old_side_pages
from layout.migrate.progress import Progress

__all__ = ["LayoutState", "survey"]


@dataclass
class LayoutState:
    """How much of a bucket is in an old layout.

    Attributes:
        name: Of the layout.
        description: One line.
        users: Root segments that are users.
        objects: Objects that the migration would move.
        bytes: Their size.
        unknown: Objects outside the new layout that it has no rule for.
        marked: Whether the environment's marker is there.
    """

    name: str
    description: str
    users: int = 0
    objects: int = 0
    bytes: int = 0
    unknown: int = 0
    marked: bool = False


def survey(
    bucket: BucketReader, layouts: Iterable[LegacyLayout], environment: Environment, progress: Progress
) -> list[LayoutState]:
    """What each layout finds in the bucket. Memory is that of the largest user's list of keys.

    Raises:
        StorageError: The bucket cannot be read.
    """
    marked = read_marker(bucket, environment) is not None
    states = []
    for layout in layouts:
        state = LayoutState(layout.name, layout.description, marked=marked)
        with progress.task(f"listing for {layout.name}") as step:
            root, keys = "", list[tuple[str, int]]()
            for item in chain.from_iterable(old_side_pages(bucket)):
                step(1)
                if item.key.partition("/")[0] != root:
                    _count(state, layout, environment, keys)
                    root, keys = item.key.partition("/")[0], []
                keys.append((item.key, item.size))
            _count(state, layout, environment, keys)
        states.append(state)
    return states


def _count(
    state: LayoutState, layout: LegacyLayout, environment: Environment, keys: list[tuple[str, int]]
) -> None:
    """Adds the objects of one root segment: only all of them together show whether it is a user."""
    users = {root for key, _ in keys if (root := layout.user_shown_by(key)) is not None}
    state.users += len(users)
    # Any valid profile id does: nothing is planned here.
    facts = Facts(environment, lambda root: "00000000" if root in users else None)
    for key, size in keys:
        if layout.place(key, facts).verdict is Verdict.MOVE:
            state.objects += 1
            state.bytes += size
        else:
            state.unknown += 1
