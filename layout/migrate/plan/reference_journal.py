"""What a plan notes of documents: every statement that changes what it knows of a reference."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from layout.legacy import Naming
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.life import words
from layout.migrate.plan.reference_states import REFERENCE_LIFE, ReferenceEvent, ReferenceState
from layout.references.records import FoundOwner, FoundPart, FoundReference
from layout.references.resolving import Resolution, tail_of

__all__ = ["PlannedReference", "ReferenceJournal"]

_WRITABLE = (ReferenceState.REWRITE, ReferenceState.RESTORED)


@dataclass(frozen=True, slots=True)
class PlannedReference:
    """One row: where it is, the value before this plan, its object's row, and the key that it gets or got."""

    id: int
    collection: str
    document: str
    path: str
    elements: str
    value: str | None
    part: str
    role: str
    becomes: str
    object: int | None
    new_value: str | None
    state: ReferenceState

    @property
    def place(self) -> str:
        """For people."""
        return f"{self.collection} {self.document} {self.path}"


class ReferenceJournal:
    """Writes into the tables of one plan; each method belongs into a transaction."""

    def __init__(self, plan: PlanFile) -> None:
        self.plan = plan

    def owners(self, found: Iterable[FoundOwner]) -> None:
        """Projects that documents describe."""
        self.plan.database.executemany(
            "INSERT OR IGNORE INTO document_projects VALUES (?, ?, ?)",
            ((one.bare, one.id, one.user) for one in found),
        )

    def parts(self, found: Iterable[FoundPart]) -> None:
        """Parts of projects that documents describe."""
        self.plan.database.executemany(
            "INSERT OR IGNORE INTO document_parts VALUES (?, ?)", ((one.part, one.bare) for one in found)
        )

    def named(self, names: Iterable[tuple[int, Naming]]) -> None:
        """How documents may name objects, by their rows."""
        self.plan.database.executemany(
            "INSERT OR IGNORE INTO object_names VALUES (?, ?, ?, ?, ?)",
            ((row, one.group, one.name, one.role, one.renamed) for row, one in names),
        )

    def met(self, one: FoundReference, run: int) -> None:
        """A value that reading `run` found: of a new place, as it was, as this plan wrote it, or another one."""
        place = (one.collection, one.document, one.path, one.elements)
        row = self.plan.row(
            "SELECT id, value, new_value, state FROM document_references"
            " WHERE collection = ? AND document = ? AND path = ? AND elements = ?",
            *place,
        )
        if row is None:
            self.plan.database.execute(
                "INSERT INTO document_references (collection, document, path, elements, value, tail, bare, part,"
                " role, becomes, met_in) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *place,
                    one.value,
                    tail_of(one.value, one.kind),
                    one.bare,
                    one.group,
                    one.role,
                    one.becomes,
                    run,
                ),
            )
            return
        state, where = ReferenceState(row["state"]), " ".join(place[:3])
        written = row["new_value"] is not None and one.value == row["new_value"]
        if written and state in _WRITABLE:
            # A run was cut off between writing and noting it.
            self._move(ReferenceEvent.WRITTEN, row["id"], where, met_in=run)
        elif state is ReferenceState.WRITTEN and one.value == row["value"]:
            self._move(ReferenceEvent.UNWRITTEN, row["id"], where, met_in=run)
        elif (written and state is ReferenceState.WRITTEN) or (
            one.value == row["value"] and state not in {ReferenceState.GONE, ReferenceState.LEFT}
        ):
            self.plan.database.execute(
                "UPDATE document_references SET met_in = ? WHERE id = ?", (run, row["id"])
            )
        else:
            self.changed(row["id"], where, one.value, run)

    def read(self, run: int) -> None:
        """Reading `run` has met all that there is; a missing field that is to get a key is not met."""
        self.plan.database.execute(
            f"UPDATE document_references SET {REFERENCE_LIFE.new_state(ReferenceEvent.GONE)}"
            f" WHERE met_in <> ? AND {REFERENCE_LIFE.guard(ReferenceEvent.GONE)}"
            f" AND NOT (value IS NULL AND state IN ({words(_WRITABLE)}))",
            (run,),
        )
        self.plan.note(references_run=run)

    def resolved(self, one: PlannedReference, event: ReferenceEvent, resolution: Resolution) -> None:
        """What it names."""
        rows = [candidate.row for candidate in resolution.objects]
        self._move(
            event,
            one.id,
            one.place,
            how=resolution.how,
            object=rows[0] if len(rows) == 1 else None,
            candidates=json.dumps(rows if len(rows) > 1 else []),
        )

    def gets_key(self, one: PlannedReference, path: str, row: int) -> None:
        """A field beside it that is missing gets the key of its object too; the first that says so is right."""
        self.plan.database.execute(
            "INSERT OR IGNORE INTO document_references (collection, document, path, elements, bare, part, role, how,"
            " object, met_in, state) SELECT collection, document, ?, elements, bare, part, role, how, ?, met_in, ?"
            " FROM document_references WHERE id = ?",
            (path, row, ReferenceState.REWRITE, one.id),
        )

    def to_be_written(self, some: Iterable[tuple[int, str]]) -> None:
        """The keys that references are about to get, before they get them: a run that is cut off knows its own."""
        self.plan.database.executemany(
            "UPDATE document_references SET new_value = ? WHERE id = ?", ((key, row) for row, key in some)
        )

    def written(self, one: PlannedReference) -> None:
        """The document has the new key."""
        self._move(ReferenceEvent.WRITTEN, one.id, one.place)

    def changed(self, row: int, place: str, value: str, run: int) -> None:
        """Somebody wrote another value, which is looked up anew."""
        facts = {"value": value, "tail": tail_of(value), "met_in": run, "object": None, "new_value": None}
        self._move(ReferenceEvent.CHANGED, row, place, **facts)

    def gone(self, one: PlannedReference) -> None:
        """There is no such place any more."""
        self._move(ReferenceEvent.GONE, one.id, one.place)

    def restored(self, one: PlannedReference) -> None:
        """The document has the old value again."""
        self._move(ReferenceEvent.RESTORED, one.id, one.place)

    def left(self, one: PlannedReference) -> None:
        """The document has another value than this plan wrote."""
        self._move(ReferenceEvent.LEFT, one.id, one.place)

    def _move(self, event: ReferenceEvent, row: int, place: str, **facts: object) -> None:
        REFERENCE_LIFE.move(self.plan, event, row, place, facts)
