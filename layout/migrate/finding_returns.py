"""What becomes of each object of the new layout in a rollback, by what the plan knows and what is at its old key."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from unicodedata import normalize

from layout.errors import StorageError
from layout.keys import environment_prefix, parse_key
from layout.legacy import LEGACY_LAYOUTS, is_new_key, phase_of
from layout.migrate.bucket.observing import observe, seem_one_version
from layout.migrate.bucket.pace import IN_FLIGHT
from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.equality import Reading, compare, is_seen_version
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.filtering import group_of
from layout.migrate.plan.moves import TO_MOVE, State
from layout.migrate.plan.return_states import ReturnState
from layout.migrate.plan.returns import FoundReturn, Return, return_at
from layout.migrate.plan.rows import PlannedObject, is_listed, planned_at, planned_for
from layout.migrate.planning import facts_of
from layout.migrate.rules.kept import kept_rules
from layout.migrate.rules.ruled_layout import RuledLayout
from layout.migrate.user_group import UserGroup
from layout.set_aside import replaced_key

__all__ = ["Differences", "different_returns", "find_returns", "source_of"]

_OWN = {"marker", "profiles", "selected_profile", "temporary"}
"""What has no old place, and is nobody's data."""


def find_returns(plan: PlanFile, bucket: BucketReader, reading: Reading) -> Iterator[list[FoundReturn]]:
    """What is to become of each object in the new layout that this plan is about, a page at a time.

    Raises:
        StorageError: The bucket did not answer; nothing may be concluded.
    """
    finder = _Finder(plan, bucket, reading)
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for page in bucket.pages(environment_prefix(environment=plan.meta.environment)):
            items = [item for item in page if finder.is_about(item)]
            places = [finder.place(item) for item in items]
            wanted = [place.old_key for place in places if place.old_key is not None]
            found = observe(bucket, wanted) if wanted else {}
            yield list(pool.map(partial(finder.decide, found), places))


@dataclass(frozen=True, slots=True)
class _Place:
    """An object of the new layout, what the plan knows of it, and where it goes."""

    item: ListedObject
    row: PlannedObject | None
    old_key: str | None
    removable: bool
    before: Return | None


class _Finder:
    def __init__(self, plan: PlanFile, bucket: BucketReader, reading: Reading) -> None:
        self._plan, self._bucket, self._reading = plan, bucket, reading
        self._layout = RuledLayout(LEGACY_LAYOUTS[plan.meta.layout], kept_rules(plan))
        self._facts, self._group = facts_of(plan), group_of(plan)

    def is_about(self, item: ListedObject) -> bool:
        """Whether it is data of the new layout, and of those whom the plan moves."""
        name = normalize("NFC", item.key)
        if not is_new_key(name):
            return False
        key = parse_key(name)
        if key.template.name == "backup" and planned_for(self._plan, name) is None:
            return False
        return key.template.name not in _OWN and _is_of(self._group, key.fields.get("user"))

    def place(self, item: ListedObject) -> _Place:
        """Where it goes: to where the plan took it from, or where the old layout has a place for it."""
        name = normalize("NFC", item.key)
        listed = planned_at(self._plan, item.key)
        row = planned_for(self._plan, name)
        if row is not None and not (row.state in TO_MOVE or row.state is State.SUPERSEDED):
            row = None
        old_key: str | None
        if row is not None:
            old_key = row.key
        elif listed is not None and (listed.etag, listed.size) == (item.etag, item.size):
            old_key = None
        else:
            old_key = self._layout.old_key(parse_key(name), self._facts)
        return _Place(item, row, old_key, not is_listed(self._plan, name), return_at(self._plan, item.key))

    def decide(self, there: dict[str, ListedObject], place: _Place) -> FoundReturn:
        """What becomes of it, by what is at its old key."""
        item, old_key = place.item, place.old_key
        if old_key is None and not place.removable:
            return FoundReturn(item, ReturnState.OLDER, removable=False)
        if old_key is None:
            problem = "the old layout has no place for it"
            return FoundReturn(item, ReturnState.NO_PLACE, problem=problem)
        old, found = there.get(old_key), partial(self._found, place)
        if old is None:
            return found(ReturnState.RETURN)
        row, planned = place.row, _copy_of(item, old_key)
        unchanged = row is not None and seem_one_version(source_of(row), old)
        if row is not None and unchanged and is_seen_version(row, item):
            return found(ReturnState.THERE, old=old, proof=row.proof)
        before = place.before
        if before is not None and _is_known(before, item, old):
            return found(ReturnState.THERE, old=old, proof=before.planned.proof)
        try:
            known = compare(self._bucket, planned, old, self._reading)
        except StorageError as error:
            return found(ReturnState.REFUSED, problem=str(error))
        if known.proof is not None:
            return found(ReturnState.THERE, old=old, proof=known.proof)
        if unchanged:
            meta = self._plan.meta
            backup = replaced_key(f"{meta.plan_id}/rollback", f"{meta.layout}/{old_key}", meta.environment)
            return found(ReturnState.RETURN, replaces=old.etag, replaced_to=str(backup))
        return found(
            ReturnState.REFUSED, problem=f"{known.difference or known.unknown}; nothing was overwritten"
        )

    def _found(self, place: _Place, state: ReturnState, **facts: object) -> FoundReturn:
        refused = state is ReturnState.REFUSED
        return FoundReturn(
            place.item,
            state,
            None if refused else place.old_key,
            phase_of(place.item.key),
            removable=place.removable,
            **facts,  # type: ignore[arg-type]
        )


def _is_of(group: UserGroup, user: str | None) -> bool:
    return group.others if user is None else (user in group.users) != group.others


def _copy_of(item: ListedObject, old_key: str) -> PlannedObject:
    return PlannedObject(
        id=0,
        key=item.key,
        etag=item.etag,
        size=item.size,
        modified=item.modified,
        state=State.COPY,
        new_key=old_key,
        new_etag=None,
        new_modified=None,
        proof=None,
        checked_in=None,
        changed_in=None,
        problem=None,
        storage_class=item.storage_class,
        replaces=None,
        replaced_to=None,
        own_etag=None,
    )


def _is_known(before: Return, item: ListedObject, old: ListedObject) -> bool:
    """Whether an earlier run of the rollback knew these two versions to be the same object."""
    known = seem_one_version(source_of(before.planned), item)
    return known and before.planned.proof is not None and seem_one_version(target_of(before.planned), old)


@dataclass
class Differences:
    """How pairs are no longer the versions that were known to be the same, by row.

    Attributes:
        problems: What is wrong with a pair.
        gone: Pairs of which only the new object is gone.
    """

    problems: dict[int, str] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)


def different_returns(bucket: BucketReader, batch: list[Return]) -> Differences:
    """Looks at both sides of pairs again.

    Raises:
        StorageError: The bucket did not answer; nothing may be concluded.
    """
    keys = [key for one in batch for key in (one.planned.key, one.planned.new_key)]
    found = observe(bucket, keys)
    different = Differences()
    for one in batch:
        row, old_key = one.planned.id, one.planned.new_key
        new, old = found.get(one.planned.key), found.get(old_key)
        if old is None:
            different.problems[row] = f"nothing is at {old_key!r} any more"
        elif not seem_one_version(target_of(one.planned), old):
            different.problems[row] = f"the object at {old_key!r} was written again"
        elif new is None:
            different.gone.add(row)
        elif not seem_one_version(source_of(one.planned), new):
            different.problems[row] = "it was written again after it was listed"
    return different


def source_of(planned: PlannedObject) -> ListedObject:
    """The object that is copied, as the plan knows it."""
    return ListedObject(planned.key, planned.etag, planned.size, planned.modified)


def target_of(planned: PlannedObject) -> ListedObject:
    """The same object where it was copied to, as the plan knows it."""
    return ListedObject(planned.new_key, planned.new_etag or "", planned.size, planned.new_modified or "")
