"""References from documents follow the objects that a plan moves: read, looked up, rewritten, restored.

Documents are read whole each time, so what an application wrote meanwhile is looked up anew. A reference gets its new
key only once a verification has found the object there, and only in place of the very value that was read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from layout.errors import DeletionRefusedError, PlanError
from layout.keys import users_prefix
from layout.migrate.plan.moves import State
from layout.migrate.plan.reference_journal import PlannedReference, ReferenceJournal
from layout.migrate.plan.reference_rows import (
    PlanObjects,
    doubtful_objects,
    references_in,
    references_to,
    references_to_write,
    unnamed_objects,
    where_object_goes,
)
from layout.migrate.plan.reference_states import ReferenceEvent, ReferenceState
from layout.migrate.report.reasons import Reasons
from layout.references.connecting import Documents
from layout.references.resolving import How, Resolution, resolve
from layout.references.rewriting import Change, read_values, rewrite
from layout.references.scanning import scan
from layout.references.walking import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layout.legacy import LegacyLayout
    from layout.migrate.plan.file import PlanFile
    from layout.migrate.plan.rows import PlannedObject
    from layout.migrate.report.progress import Progress
    from layout.references.table import ReferenceTable

__all__ = [
    "PlanReferences",
    "ReferenceReport",
    "name_objects",
    "read_documents",
    "require_database",
    "require_no_new_key",
    "resolve_references",
    "restore_references",
    "rewrite_references",
    "still_named",
]

BATCH = 1_000


@dataclass
class ReferenceReport:
    """What a run did to references.

    Attributes:
        written: References that have their new key now; of a rollback, their old value.
        changed: Places whose value somebody else wrote meanwhile; they were left as they are.
    """

    written: int = 0
    changed: Reasons = field(default_factory=Reasons)


@dataclass(frozen=True)
class PlanReferences:
    """The documents that a plan is made with: `layout.migrate.document_steps.DocumentSteps`."""

    plan: PlanFile
    documents: Documents
    table: ReferenceTable
    progress: Progress

    def read(self) -> None:
        """What they say of owners, and which values may name objects.

        Raises:
            PlanError: There is not a single document.
            StorageUnavailableError: The database did not answer.
        """
        if not read_documents(self.plan, self.documents, self.table, self.progress):
            names = ", ".join(self.table.collections)
            raise PlanError(
                f"The database {self.documents.name!r} has not a single document in its collections {names}.",
                hint="Check the address of MongoDB and --database.",
            )

    def look_up(self, layout: LegacyLayout) -> None:
        """Which objects those values name, once every object is placed."""
        name_objects(self.plan, layout)
        resolve_references(self.plan, self.progress)


def require_database(plan: PlanFile, name: str) -> None:
    """Refuses another database than the plan was made with.

    Raises:
        PlanError: Names both.
    """
    if plan.meta.documents != name:
        planned = "no documents" if plan.meta.documents is None else f"the database {plan.meta.documents!r}"
        raise PlanError(
            f"The plan {str(plan.path)!r} was made with {planned}, not with the database {name!r}.",
            hint="Check --mongo and --database, or name another plan file.",
        )


def read_documents(plan: PlanFile, database: Documents, table: ReferenceTable, progress: Progress) -> int:
    """Reads all documents into the plan; how many there are.

    Raises:
        StorageUnavailableError: The database did not answer: nothing that was not read is taken for gone.
    """
    journal, run, documents = ReferenceJournal(plan), plan.meta.references_run + 1, 0
    with progress.task("reading documents") as step:
        for said in scan(database, table):
            with plan.transaction():
                journal.owners(said.owners)
                journal.parts(said.parts)
                for one in said.references:
                    journal.met(one, run)
            documents += said.documents
            step(said.documents)
    if documents:
        with plan.transaction():
            journal.read(run)
    return documents


def name_objects(plan: PlanFile, layout: LegacyLayout) -> None:
    """Notes how documents may name each object of the old layout."""
    last = 0
    while batch := unnamed_objects(plan, last, BATCH):
        last = batch[-1][0]
        named = [(row, naming) for row, key in batch if (naming := layout.naming_of(key)) is not None]
        with plan.transaction():
            ReferenceJournal(plan).named(named)


def resolve_references(plan: PlanFile, progress: Progress) -> None:
    """Looks up what each new or changed reference names."""
    objects, hosts, last = PlanObjects(plan), frozenset(plan.meta.hosts), 0
    with progress.task("looking up references") as step:
        while batch := references_in(plan, ReferenceState.FOUND, last, BATCH):
            last = batch[-1].id
            with plan.transaction():
                for one in batch:
                    found = resolve(
                        one.value or "", one.part, one.role, objects, bucket=plan.meta.bucket, hosts=hosts
                    )
                    _note(plan, one, found)
            step(len(batch))


def _note(plan: PlanFile, one: PlannedReference, found: Resolution) -> None:
    journal, event = ReferenceJournal(plan), ReferenceEvent.NAMES_SEVERAL
    if not found.objects:
        elsewhere = found.how is How.EXTERNAL
        event = ReferenceEvent.NAMES_ELSEWHERE if elsewhere else ReferenceEvent.NAMES_NOTHING
    elif len(found.objects) == 1:
        state, new_key = where_object_goes(plan, found.objects[0].row)
        if state is State.KEEP or (new_key is not None and one.value == new_key):
            event = ReferenceEvent.NAMES_NEW
        else:
            event = ReferenceEvent.NAMES if new_key else ReferenceEvent.NAMES_UNMOVED
    journal.resolved(one, event, found)
    if event is ReferenceEvent.NAMES and one.becomes:
        head, mark, _ = one.path.rpartition("[].")
        journal.gets_key(one, head + mark + one.becomes, found.objects[0].row)


def rewrite_references(plan: PlanFile, database: Documents, progress: Progress) -> ReferenceReport:
    """Gives references the new keys of verified objects; call `read_documents` and `resolve_references` before.

    Raises:
        StorageUnavailableError: The database did not answer; the same command goes on.
    """
    report, last = ReferenceReport(), 0
    with progress.task("rewriting references") as step:
        while batch := references_to_write(plan, last, BATCH):
            last = batch[-1][0].id
            with plan.transaction():
                ReferenceJournal(plan).to_be_written((one.id, key) for one, key in batch)
            changes = [_change(one, one.value, key) for one, key in batch]
            done = rewrite(database, changes)
            missed = [index for index, is_done in enumerate(done) if not is_done]
            values = iter(read_values(database, [changes[index] for index in missed]))
            with plan.transaction():
                for (one, _), is_done in zip(batch, done, strict=True):
                    if is_done:
                        report.written += 1
                        ReferenceJournal(plan).written(one)
                    else:
                        _changed(plan, one, next(values), report)
            step(len(batch))
    resolve_references(plan, progress)
    return report


def restore_references(plan: PlanFile, database: Documents, progress: Progress) -> ReferenceReport:
    """Gives documents the values back that this plan replaced, wherever what it wrote is still there.

    Raises:
        StorageUnavailableError: The database did not answer; the same command goes on.
    """
    report, last, journal = ReferenceReport(), 0, ReferenceJournal(plan)
    with progress.task("restoring references") as step:
        while batch := references_in(plan, ReferenceState.WRITTEN, last, BATCH):
            last = batch[-1].id
            done = rewrite(database, [_change(one, one.new_value, one.value) for one in batch])
            with plan.transaction():
                for one, is_done in zip(batch, done, strict=True):
                    if is_done:
                        report.written += 1
                        journal.restored(one)
                    else:
                        report.changed.add(
                            one.place, "it has another value than this plan wrote, and keeps it"
                        )
                        journal.left(one)
            step(len(batch))
    return report


def still_named(plan: PlanFile, database: Documents, batch: Sequence[PlannedObject]) -> dict[str, str]:
    """Old keys that a document still names, read at this moment, each with the reason to keep its object.

    Raises:
        StorageUnavailableError: The database did not answer: nothing may be concluded.
    """
    keys, doubtful = {row.id: row.key for row in batch}, doubtful_objects(plan)
    named = {keys[row]: f"{place} may name it" for row, place in doubtful.items() if row in keys}
    references = references_to(plan, list(keys))
    changes = [_change(one, one.value, one.new_value) for one in references]
    for one, value in zip(references, read_values(database, changes), strict=True):
        if one.object is None or value is MISSING or value is None:
            continue
        if value != (one.value if one.state is ReferenceState.THERE else one.new_value):
            named[keys[one.object]] = f"{one.place} still names it"
    return named


def require_no_new_key(
    plan: PlanFile, database: Documents, table: ReferenceTable, progress: Progress
) -> None:
    """Refuses to have new objects removed while a document names one, by its key or by a URL: read at this moment.

    Raises:
        DeletionRefusedError: A document does; nothing was removed.
        StorageUnavailableError: The database did not answer: nothing may be concluded.
    """
    prefix, named, first = str(users_prefix(environment=plan.meta.environment)), 0, ""
    with progress.task("reading documents") as step:
        for said in scan(database, table):
            for one in said.references:
                if prefix in unquote(one.value):
                    named += 1
                    first = first or f"{one.path} of {one.document} in {one.collection}"
            step(said.documents)
    if named:
        raise DeletionRefusedError(
            f"Values in the documents of {database.name!r} that name objects of the new layout: {named:,};"
            f" the first is {first}.",
            hint="Have the application name the old objects first; a rollback keeps what somebody else has written.",
            bucket=plan.meta.bucket,
        )


def _change(one: PlannedReference, old: str | None, new: str | None) -> Change:
    return Change(one.collection, one.document, one.path, one.elements, old, new)


def _changed(plan: PlanFile, one: PlannedReference, value: object, report: ReferenceReport) -> None:
    journal = ReferenceJournal(plan)
    if isinstance(value, str) and value:
        report.changed.add(one.place, "somebody wrote another value, which was looked up anew")
        journal.changed(one.id, one.place, value, plan.meta.references_run)
    else:
        report.changed.add(one.place, "it is no more")
        journal.gone(one)
