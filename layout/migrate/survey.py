"""Which known migrations a bucket needs; writes nothing, not even a file."""

from collections.abc import Iterable
from dataclasses import dataclass

from layout.documents.marker import MarkerPhase
from layout.environment import Environment
from layout.legacy import Decision, Facts, LegacyLayout
from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.marker_file import find_marker
from layout.migrate.report.progress import Progress
from layout.migrate.rules.rule import NO_RULES, Rules
from layout.migrate.rules.ruled_layout import RuledLayout

__all__ = ["LayoutState", "survey"]

# Any valid profile id does: nothing is planned here.
_ANY_PROFILE = "00000000"


@dataclass
class LayoutState:
    """How much of a bucket is in an old layout.

    Attributes:
        name: Of the layout.
        description: One line.
        users: Owners that something in the bucket shows to be users.
        objects: Objects that the migration would move.
        bytes: Their size.
        kept: Objects that are in the new layout already.
        ignored: Objects that a rule leaves where they are.
        unknown: Objects that no rule places.
        marked: Whether the environment's marker says that everything is moved.
        phase: What it says; None if there is no marker.
    """

    name: str
    description: str
    users: int = 0
    objects: int = 0
    bytes: int = 0
    kept: int = 0
    ignored: int = 0
    unknown: int = 0
    marked: bool = False
    phase: MarkerPhase | None = None


def survey(
    bucket: BucketReader,
    layouts: Iterable[LegacyLayout],
    environment: Environment,
    progress: Progress,
    rules: Rules = NO_RULES,
) -> list[LayoutState]:
    """What each layout finds in the bucket, in one listing; memory grows with the owners, not the objects.

    With rules, what a plan that is made with them would find.

    Raises:
        StorageError: The bucket cannot be read.
    """
    marker = find_marker(bucket, environment)
    phase = None if marker is None else marker.marker.phase
    counts = [_Count(layout, environment, rules) for layout in layouts]
    with progress.task("listing") as step:
        for page in bucket.pages():
            for item in page:
                for count in counts:
                    count.add(item)
            step(len(page))
    return [count.state(phase) for count in counts]


@dataclass
class _Tally:
    """Objects, and the bytes of those that move."""

    moved: int = 0
    bytes: int = 0
    kept: int = 0
    ignored: int = 0
    unknown: int = 0

    def add(self, decision: Decision, size: int) -> None:
        if decision is Decision.MOVE:
            self.moved += 1
            self.bytes += size
        elif decision is Decision.KEEP:
            self.kept += 1
        elif decision is Decision.IGNORE:
            self.ignored += 1
        else:
            self.unknown += 1

    def add_all(self, other: "_Tally") -> None:
        self.moved += other.moved
        self.bytes += other.bytes
        self.kept += other.kept
        self.ignored += other.ignored
        self.unknown += other.unknown


class _Count:
    """One layout's count.

    What the last key of an owner shows may decide about the first. So the objects of an owner whom nothing
    has shown yet are counted both ways, and the right count is taken once it is known.
    """

    def __init__(self, layout: LegacyLayout, environment: Environment, rules: Rules) -> None:
        self._name, self._description = layout.name, layout.description
        self._layout = RuledLayout(layout, rules)
        self._as_user = Facts(environment, lambda _: _ANY_PROFILE)
        self._as_nobody = Facts(environment, lambda _: None)
        self._users: set[str] = set()
        self._waiting: dict[str, tuple[_Tally, _Tally]] = {}
        self._tally = _Tally()

    def add(self, item: ListedObject) -> None:
        evidence = self._layout.evidence_in(item.key)
        if evidence is not None and evidence.owner not in self._users:
            self._users.add(evidence.owner)
            as_user, _ = self._waiting.pop(evidence.owner, (_Tally(), _Tally()))
            self._tally.add_all(as_user)
        owner = self._layout.owner_of(item.key)
        if owner is None or owner in self._users:
            self._tally.add(self._layout.place(item.key, self._as_user).decision, item.size)
            return
        as_user, as_nobody = self._waiting.setdefault(owner, (_Tally(), _Tally()))
        as_user.add(self._layout.place(item.key, self._as_user).decision, item.size)
        as_nobody.add(self._layout.place(item.key, self._as_nobody).decision, item.size)

    def state(self, phase: MarkerPhase | None) -> LayoutState:
        total = _Tally()
        for tally in (self._tally, *(as_nobody for _, as_nobody in self._waiting.values())):
            total.add_all(tally)
        return LayoutState(
            self._name,
            self._description,
            users=len(self._users),
            objects=total.moved,
            bytes=total.bytes,
            kept=total.kept,
            ignored=total.ignored,
            unknown=total.unknown,
            marked=phase is MarkerPhase.MOVED,
            phase=phase,
        )
