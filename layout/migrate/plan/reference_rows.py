"""What a plan knows of documents, as the commands ask for it, and as a layout and the resolver do."""

import json
from collections.abc import Sequence
from sqlite3 import Row

from layout.legacy import NamedIn, Naming, Project
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.life import words
from layout.migrate.plan.moves import TO_MOVE, State
from layout.migrate.plan.reference_journal import PlannedReference
from layout.migrate.plan.reference_states import ReferenceState
from layout.references.resolving import Candidate

__all__ = [
    "PlanDocuments",
    "PlanObjects",
    "count_unreferenced",
    "doubtful_objects",
    "reference_totals",
    "references_in",
    "references_to",
    "references_to_write",
    "unnamed_objects",
    "where_object_goes",
]

_COLUMNS = (
    "r.id, r.collection, r.document, r.path, r.elements, r.value, r.part, r.role, r.becomes, r.object,"
    " r.new_value, r.state"
)
_WRITABLE = (ReferenceState.REWRITE, ReferenceState.RESTORED)


def _reference(row: Row) -> PlannedReference:
    values = tuple(row)
    return PlannedReference(
        id=values[0],
        collection=values[1],
        document=values[2],
        path=values[3],
        elements=values[4],
        value=values[5],
        part=values[6],
        role=values[7],
        becomes=values[8],
        object=values[9],
        new_value=values[10],
        state=ReferenceState(values[11]),
    )


class PlanDocuments:
    """What the documents of a plan say: `layout.legacy.Documents`."""

    def __init__(self, plan: PlanFile) -> None:
        self._plan = plan

    @property
    def default_user(self) -> str:
        """The operator's constant."""
        return self._plan.meta.default_user

    def projects(self, bare_id: str) -> Sequence[Project]:
        """By any spelling."""
        query = "SELECT DISTINCT project, user FROM document_projects WHERE bare = ? ORDER BY project, user"
        return [Project(*row) for row in self._plan.rows(query, bare_id)]

    def projects_of_scene(self, scene: str) -> Sequence[Project]:
        """By the id of a scene."""
        query = (
            "SELECT DISTINCT project, user FROM document_parts JOIN document_projects USING (bare) WHERE part = ?"
            " ORDER BY project, user"
        )
        return [Project(*row) for row in self._plan.rows(query, scene)]

    def naming(self, key: str) -> Sequence[NamedIn]:
        """By what references end in."""
        query = (
            "SELECT DISTINCT project, user, part, role FROM document_references JOIN document_projects USING (bare)"
            " WHERE tail = ? ORDER BY project, user, part, role"
        )
        rows = self._plan.rows(query, key.rpartition("/")[2])
        found = [NamedIn(Project(project, user), part, role) for project, user, part, role in rows]
        # A record of an upload knows no role: what a scene says of the same place says more.
        return [one for one in found if one.media_type] or found


class PlanObjects:
    """The objects of a plan: `layout.references.resolving.Objects`."""

    def __init__(self, plan: PlanFile) -> None:
        self._plan = plan

    def at(self, key: str) -> Candidate | None:
        """What is to be at this key, or is."""
        for query in (
            "SELECT id, key FROM objects WHERE new_key = ? AND new_key IS NOT NULL AND collides = 0",
            "SELECT id, key FROM objects WHERE key = ?",
        ):
            if row := self._plan.row(query, key):
                return Candidate(row["id"], row["key"])
        return None

    def called(self, name: str) -> Sequence[Candidate]:
        """By the last segment of the old key."""
        return self._named("name", name)

    def of_group(self, group: str) -> Sequence[Candidate]:
        """By what the old key says that they belong to."""
        return self._named("part", group)

    def _named(self, column: str, text: str) -> list[Candidate]:
        query = (
            "SELECT object, key, part, name, role, renamed FROM object_names JOIN objects ON objects.id = object"
            f" WHERE {column} = ? ORDER BY key"
        )
        return [
            Candidate(row, key, Naming(part, name, role, renamed=bool(renamed)))
            for row, key, part, name, role, renamed in self._plan.rows(query, text)
        ]


def unnamed_objects(plan: PlanFile, after: int, limit: int) -> list[tuple[int, str]]:
    """Objects of the old layout after a row, by row."""
    query = "SELECT id, key FROM objects WHERE id > ? AND state <> 'keep' ORDER BY id LIMIT ?"
    return [(row["id"], row["key"]) for row in plan.rows(query, after, limit)]


def where_object_goes(plan: PlanFile, row: int) -> tuple[State, str | None]:
    """How far an object has come, and its new key if it has one."""
    found = next(plan.rows("SELECT state, new_key FROM objects WHERE id = ?", row))
    return State(found["state"]), found["new_key"]


def references_in(plan: PlanFile, state: ReferenceState, after: int, limit: int) -> list[PlannedReference]:
    """References in a state after a row, by row."""
    query = f"SELECT {_COLUMNS} FROM document_references AS r WHERE state = ? AND id > ? ORDER BY id LIMIT ?"
    return [_reference(row) for row in plan.rows(query, state, after, limit)]


def references_to_write(plan: PlanFile, after: int, limit: int) -> list[tuple[PlannedReference, str]]:
    """References that are to get the key of an object that a verification found there, each with that key."""
    # The plus keeps SQLite by the rows: by the index of two states it would sort all that are left for each batch.
    query = (
        f"SELECT {_COLUMNS}, objects.new_key FROM document_references AS r CROSS JOIN objects ON objects.id = r.object"
        f" WHERE +r.state IN ({words(_WRITABLE)}) AND objects.state IN ('verified', 'deleted') AND r.id > ?"
        " ORDER BY r.id LIMIT ?"
    )
    return [(_reference(row), row["new_key"]) for row in plan.rows(query, after, limit)]


def references_to(plan: PlanFile, rows: Sequence[int]) -> list[PlannedReference]:
    """All references that name one of these objects."""
    marks = ", ".join("?" * len(rows))
    query = f"SELECT {_COLUMNS} FROM document_references AS r WHERE object IN ({marks}) AND state <> 'gone' ORDER BY id"
    return [_reference(row) for row in plan.rows(query, *rows)]


def doubtful_objects(plan: PlanFile) -> dict[int, str]:
    """Objects that a reference may name which fits several, each with the place of one such reference."""
    found: dict[int, str] = {}
    for row in plan.rows(
        f"SELECT {_COLUMNS}, candidates FROM document_references AS r WHERE state = 'several' ORDER BY id"
    ):
        found |= dict.fromkeys(json.loads(row["candidates"]), _reference(row).place)
    return found


def reference_totals(plan: PlanFile) -> dict[ReferenceState, int]:
    """How many references are in each state."""
    rows = plan.rows("SELECT state, count(*) AS number FROM document_references GROUP BY state")
    return dict.fromkeys(ReferenceState, 0) | {ReferenceState(row["state"]): row["number"] for row in rows}


def count_unreferenced(plan: PlanFile) -> int:
    """How many objects that move no reference names."""
    query = (
        f"SELECT count(*) FROM objects WHERE state IN ({words(TO_MOVE)}, 'unknown')"
        " AND id NOT IN (SELECT object FROM document_references WHERE object IS NOT NULL AND state <> 'gone')"
    )
    return int(plan.value(query))
