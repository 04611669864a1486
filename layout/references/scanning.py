"""Reading what all documents of a database say of objects, a batch at a time.

A cursor over keys, not an offset: a document that comes or goes meanwhile moves no other out of sight. MongoDB compares
`_id` only within a type, and applications have written strings where they meant ObjectIds: each type is gone through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bson import json_util
from bson.json_util import CANONICAL_JSON_OPTIONS

from layout.errors import StorageUnavailableError
from layout.references.connecting import clear_errors
from layout.references.records import FoundOwner, FoundPart, FoundReference, Scanned
from layout.references.table import Field, ReferenceTable
from layout.references.walking import MISSING, at_path, value_at

if TYPE_CHECKING:
    from pymongo.database import Database

__all__ = ["from_text", "pages_of", "plain", "scan", "to_text"]

BATCH = 1_000
_TYPES = ("string", "objectId", "number", "binData", "object", "bool", "date", "timestamp")


def scan(database: Database[dict[str, Any]], table: ReferenceTable, batch: int = BATCH) -> Iterator[Scanned]:
    """All that the table declares, collection by collection.

    Raises:
        StorageUnavailableError: The database did not answer, or has ids of a type that no cursor goes through.
    """
    for collection in table.collections:
        for documents in pages_of(database, collection, batch):
            yield _said(documents, collection, table)


def to_text(value: Any) -> str:
    """An id or a way as text that gives it back exactly."""
    return json_util.dumps(value, json_options=CANONICAL_JSON_OPTIONS)


def from_text(text: str) -> Any:
    """What `to_text` was given."""
    if '"$' not in text:
        # Nothing but what JSON has itself, and no document: the usual way, and by far the faster.
        return json.loads(text)
    return json_util.loads(text, json_options=CANONICAL_JSON_OPTIONS)


def plain(value: Any) -> str:
    """An id as other documents and keys spell it; empty for none."""
    return "" if value is None or value is MISSING else str(value)


def pages_of(
    database: Database[dict[str, Any]], collection: str, batch: int = BATCH
) -> Iterator[list[dict[str, Any]]]:
    """Every document of a collection, a batch at a time, by type and value of its `_id`.

    Raises:
        StorageUnavailableError: As of `scan`.
    """
    documents = database[collection]
    for kind in _TYPES:
        last: dict[str, Any] = {}
        while True:
            with clear_errors(database.name):
                found = list(documents.find({"_id": {"$type": kind, **last}}).sort("_id", 1).limit(batch))
            if found:
                yield found
            if len(found) < batch:
                break
            last = {"$gt": found[-1]["_id"]}
    with clear_errors(database.name):
        other = documents.find_one({"_id": {"$not": {"$type": list(_TYPES)}}}, {"_id": 1})
    if other is not None:
        raise StorageUnavailableError(
            f"The collection {collection!r} has an _id of the type {type(other['_id']).__name__}, which cannot be read"
            " in order."
        )


def _said(documents: list[dict[str, Any]], collection: str, table: ReferenceTable) -> Scanned:
    said = Scanned(len(documents))
    for document in documents:
        for owner in table.owners:
            if owner.collection == collection:
                said.owners += _owners(document, owner.spellings, owner.user, table)
        for part in table.parts:
            if part.collection == collection:
                bare = table.bare(plain(value_at(document, part.owner)))
                names = {plain(at.value) for at in at_path(document, part.part)} - {""}
                said.parts += [FoundPart(name, bare) for name in sorted(names) if bare]
        for one in table.fields:
            if one.collection == collection:
                said.references += _references(document, one, table)
    return said


def _owners(
    document: Mapping[str, Any], spellings: tuple[str, ...], user: str, table: ReferenceTable
) -> list[FoundOwner]:
    texts = [plain(value_at(document, path)) for path in spellings]
    # A name may be any text; the document's own id always is one.
    ids = [text for text in texts if text == plain(document["_id"]) or table.is_project_id(text)]
    return [
        FoundOwner(table.bare(text), ids[0], plain(value_at(document, user))) for text in dict.fromkeys(ids)
    ]


def _references(document: Mapping[str, Any], one: Field, table: ReferenceTable) -> Iterator[FoundReference]:
    for at in at_path(document, one.path):
        if isinstance(at.value, str) and at.value:
            group = value_at(at.inner, one.group) if one.group else MISSING
            yield FoundReference(
                one.collection,
                to_text(document["_id"]),
                one.path,
                to_text([list(element) for element in at.elements]),
                at.value,
                one.kind,
                table.bare(plain(value_at(document, one.owner))),
                plain(group),
                one.role,
                one.becomes if _is_free(at.inner, one.becomes) else "",
            )


def _is_free(inner: Mapping[str, Any], path: str) -> bool:
    """Whether a field is missing from a document that is there; no document is made for it, as none could be unmade."""
    head, _, _ = path.rpartition(".")
    parent = value_at(inner, head) if head else inner
    return bool(path) and isinstance(parent, Mapping) and value_at(inner, path) is MISSING
