"""Which known migrations a bucket needs; writes nothing, not even a file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby

from layout.environment import Environment
from layout.legacy import Decision, Facts, LegacyLayout
from layout.migrate.bucket.old_side import old_side_pages
from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.marking import read_marker
from layout.migrate.report.progress import Progress

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
    """What each layout finds in the bucket; flat memory, and one listing for each layout.

    Raises:
        StorageError: The bucket cannot be read.
    """
    marked = read_marker(bucket, environment) is not None
    states = []
    for layout in layouts:
        state = LayoutState(layout.name, layout.description, marked=marked)
        with progress.task(f"listing for {layout.name}") as step:
            items = chain.from_iterable(_counted(old_side_pages(bucket), step))
            for _, of_root in groupby(items, key=lambda item: item.key.partition("/")[0]):
                _count(state, layout, environment, of_root)
        states.append(state)
    return states


def _counted(pages: Iterable[list[ListedObject]], step: Progress.Step) -> Iterator[list[ListedObject]]:
    for page in pages:
        yield page
        step(len(page))


def _count(
    state: LayoutState, layout: LegacyLayout, environment: Environment, items: Iterable[ListedObject]
) -> None:
    """Adds the objects of one root segment.

    Only all of them together show whether it is a user, so they are counted both ways at once.
    """
    # Any valid profile id does: nothing is planned here.
    as_user = _Tally(Facts(environment, lambda _: "00000000"))
    as_other = _Tally(Facts(environment, lambda _: None))
    is_user = False
    for item in items:
        is_user = is_user or layout.user_shown_by(item.key) is not None
        as_user.add(layout, item)
        as_other.add(layout, item)
    right = as_user if is_user else as_other
    state.users += is_user
    state.objects += right.objects
    state.bytes += right.bytes
    state.unknown += right.unknown


@dataclass
class _Tally:
    """Counts under one assumption."""

    facts: Facts
    objects: int = 0
    bytes: int = 0
    unknown: int = 0

    def add(self, layout: LegacyLayout, item: ListedObject) -> None:
        if layout.place(item.key, self.facts).decision is Decision.MOVE:
            self.objects += 1
            self.bytes += item.size
        else:
            self.unknown += 1
