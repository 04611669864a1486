"""The rows of a rollback: what it found in the new layout, and how far each has come back.

What may happen to a row is the table in `layout.migrate.plan.return_states`; each change is guarded by it. Every method
that changes something belongs into a transaction of the plan.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from sqlite3 import IntegrityError, Row

from layout.migrate.bucket.reader import ListedObject
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.life import words
from layout.migrate.plan.moves import Proof, State
from layout.migrate.plan.return_states import RETURN_LIFE, ReturnEvent, ReturnState
from layout.migrate.plan.rows import PlannedObject

__all__ = [
    "FoundReturn",
    "Return",
    "ReturnJournal",
    "return_at",
    "return_batches",
    "returns_after",
]


@dataclass(frozen=True, slots=True)
class FoundReturn:
    """What a rollback decides about one object of the new layout.

    Attributes:
        listed: The object at its new key.
        state: RETURN, THERE, NO_PLACE, REFUSED or OLDER.
        old_key: Where it goes; None: nowhere.
        phase: When: media before databases.
        replaces: ETag of the object at the old key that the copy may replace; None: the key must be free.
        replaced_to: Key of the backup that is made of that before.
        old: What is at the old key, if it is the same object.
        proof: By what that is known.
        removable: Whether it came after the plan was made, so that it may go once it is back.
        problem: Why it stays where it is; empty if it does not.
    """

    listed: ListedObject
    state: ReturnState
    old_key: str | None = None
    phase: int = 0
    replaces: str | None = None
    replaced_to: str | None = None
    old: ListedObject | None = None
    proof: Proof | None = None
    removable: bool = True
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Return:
    """One row: where it is, where it goes, how far it has come."""

    planned: PlannedObject
    """The copy back, as copying sees it: its old key is the new layout's, its new key the old one's."""
    state: ReturnState
    phase: int
    removable: bool
    problem: str


_COLUMNS = (
    "id, key, etag, size, modified, storage_class, old_key, phase, state, replaces, replaced_to, old_etag,"
    " old_modified, proof, removable, coalesce(problem, '')"
)


def _return(row: Row) -> Return:
    values = tuple(row)
    planned = PlannedObject(
        id=values[0],
        key=values[1],
        etag=values[2],
        size=values[3],
        modified=values[4],
        state=State.COPY,
        new_key=values[6] or "",
        new_etag=values[11],
        new_modified=values[12],
        proof=None if values[13] is None else Proof(values[13]),
        checked_in=None,
        changed_in=None,
        problem=None,
        storage_class=values[5],
        replaces=values[9],
        replaced_to=values[10],
        own_etag=None,
    )
    return Return(planned, ReturnState(values[8]), values[7], bool(values[14]), values[15])


def return_at(plan: PlanFile, key: str) -> Return | None:
    """The row of an object of the new layout."""
    row = plan.row(f"SELECT {_COLUMNS} FROM returns WHERE key = ?", key)
    return None if row is None else _return(row)


def returns_after(
    plan: PlanFile, states: tuple[ReturnState, ...], after: str, limit: int, phase: int | None = None
) -> list[Return]:
    """Rows in some states, by new key, after one; of one phase if it is given."""
    query = (
        f"SELECT {_COLUMNS} FROM returns WHERE state IN ({words(states)}) AND key > ?"
        " AND (phase = ? OR ? IS NULL) ORDER BY key LIMIT ?"
    )
    return [_return(row) for row in plan.rows(query, after, phase, phase, limit)]


def return_batches(
    plan: PlanFile, states: tuple[ReturnState, ...], size: int, phase: int | None = None
) -> Iterator[list[Return]]:
    """All rows in some states, each once, by new key."""
    last = ""
    while batch := returns_after(plan, states, last, size, phase):
        last = batch[-1].planned.key
        yield batch


def gone_since(plan: PlanFile) -> Iterator[tuple[str, str, State]]:
    """Old key, new key and state of what was at its new key, and is there no more, by new key."""
    query = (
        "SELECT key, new_key, state FROM objects WHERE state IN ('done', 'copied', 'verified', 'deleted')"
        " AND new_key NOT IN (SELECT key FROM returns) ORDER BY new_key"
    )
    for key, new_key, state in plan.rows(query):
        yield key, new_key, State(state)


class ReturnJournal:
    """Writes the rows of a rollback."""

    def __init__(self, plan: PlanFile) -> None:
        self.plan = plan

    def next_run(self) -> int:
        """The number of a rollback that begins now."""
        return 1 + int(self.plan.value("SELECT coalesce(max(found_in), 0) FROM returns"))

    def found(self, page: Iterable[FoundReturn], run: int) -> None:
        """What a page of the new layout holds. One whose old key another goes back to stays where it is."""
        for one in page:
            try:
                self._found(one, run)
            except IntegrityError:
                problem = f"another object of the new layout goes back to {one.old_key!r}"
                self._found(FoundReturn(one.listed, ReturnState.REFUSED, problem=problem), run)

    def listed(self, run: int) -> None:
        """The new layout was listed to its end: what this run did not find is there no more."""
        self.plan.database.execute("DELETE FROM returns WHERE found_in <> ? AND state <> 'removed'", (run,))

    def _found(self, one: FoundReturn, run: int) -> None:
        item, old = one.listed, one.old
        columns = {
            "key": item.key,
            "etag": item.etag,
            "size": item.size,
            "modified": item.modified,
            "storage_class": item.storage_class,
            "old_key": one.old_key,
            "phase": one.phase,
            "state": one.state,
            "replaces": one.replaces,
            "replaced_to": one.replaced_to,
            "old_etag": None if old is None else old.etag,
            "old_modified": None if old is None else old.modified,
            "proof": one.proof,
            "removable": one.removable,
            "found_in": run,
            "problem": one.problem or None,
        }
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        again = ", ".join(f"{name} = excluded.{name}" for name in columns)
        self.plan.database.execute(
            f"INSERT INTO returns ({names}) VALUES ({marks}) ON CONFLICT (key) DO UPDATE SET {again}",
            tuple(columns.values()),
        )

    def returned(self, one: PlannedObject, old: ListedObject, proof: Proof) -> None:
        """The bucket confirmed a copy back."""
        facts = {"old_etag": old.etag, "old_modified": old.modified, "proof": proof, "problem": None}
        self._move(ReturnEvent.RETURNED, one, replaces=None, replaced_to=None, **facts)

    def failed(self, one: PlannedObject, problem: str) -> None:
        """It was not copied back."""
        self._move(ReturnEvent.FAILED, one, problem=problem)

    def taken(self, one: PlannedObject, problem: str) -> None:
        """Another object is at its old key."""
        self._move(ReturnEvent.TAKEN, one, problem=problem)

    def same(self, one: PlannedObject) -> None:
        """Both objects are as they were known to be the same."""
        self._move(ReturnEvent.SAME, one, problem=None)

    def different(self, one: PlannedObject, problem: str) -> None:
        """One of the two is another version by now."""
        self._move(ReturnEvent.DIFFERENT, one, problem=problem)

    def removed(self, one: PlannedObject) -> None:
        """The new object is gone."""
        self._move(ReturnEvent.REMOVED, one, problem=None)

    def kept(self, one: PlannedObject, problem: str) -> None:
        """The bucket refused to delete it."""
        self._move(ReturnEvent.KEPT, one, problem=problem)

    def _move(self, event: ReturnEvent, one: PlannedObject, **facts: object) -> None:
        RETURN_LIFE.move(self.plan, event, one.id, one.key, facts)
