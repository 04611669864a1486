"""Setting one value in a document in place of another, if it is still that other: never over what somebody wrote since.

Each change names its very path. An element of a list is found by its id, wherever it stands by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

from layout.references.connecting import clear_errors
from layout.references.scanning import from_text
from layout.references.table import levels
from layout.references.walking import MISSING, at_path

if TYPE_CHECKING:
    from pymongo.database import Database

__all__ = ["Change", "read_values", "rewrite"]


@dataclass(frozen=True, slots=True)
class Change:
    """One value for another at a place as `layout.references.records.FoundReference` names it; None: no field."""

    collection: str
    document: str
    path: str
    elements: str
    old: str | None
    new: str | None


def rewrite(database: Database[dict[str, Any]], changes: Sequence[Change]) -> list[bool]:
    """Makes the changes of which the old value is still there, in one request a collection.

    Returns:
        For each change whether the new value is there afterwards, whoever wrote it.

    Raises:
        StorageUnavailableError: No answer: some changes may have been made; the same call finds them made.
    """
    from pymongo.errors import BulkWriteError

    made = True
    for collection in dict.fromkeys(change.collection for change in changes):
        mine = [change for change in changes if change.collection == collection]
        with clear_errors(database.name):
            try:
                done = database[collection].bulk_write([_update(one) for one in mine], ordered=False)
            except BulkWriteError:
                # A place that cannot be set, such as one inside what is no document; reading tells which.
                made = False
            else:
                made = made and done.modified_count == len(mine)
    if made:
        return [True] * len(changes)
    return [
        value == change.new for value, change in zip(read_values(database, changes), changes, strict=True)
    ]


def read_values(database: Database[dict[str, Any]], changes: Sequence[Change]) -> list[object]:
    """What is now at the place of each change: the value, None if there is no such field, `MISSING` if no such place.

    Raises:
        StorageUnavailableError: The database did not answer: nothing may be concluded.
    """
    documents: dict[tuple[str, str], dict[str, Any]] = {}
    for collection in dict.fromkeys(change.collection for change in changes):
        texts = {change.document for change in changes if change.collection == collection}
        ids = {text: from_text(text) for text in texts}
        with clear_errors(database.name):
            found = {
                repr(one["_id"]): one
                for one in database[collection].find({"_id": {"$in": list(ids.values())}})
            }
        documents |= {(collection, text): found[repr(_id)] for text, _id in ids.items() if repr(_id) in found}
    return [_value(documents.get((change.collection, change.document)), change) for change in changes]


def _value(document: dict[str, Any] | None, change: Change) -> object:
    if document is None:
        return MISSING
    way = tuple(tuple(element) for element in from_text(change.elements))
    for at in at_path(document, change.path):
        if at.elements == way:
            return None if at.value is MISSING else at.value
    return MISSING


def _update(change: Change) -> UpdateOne:
    *lists, last = levels(change.path)
    elements = [tuple(element) for element in from_text(change.elements)]
    wanted: dict[str, Any] = {last: {"$exists": False} if change.old is None else change.old}
    place = last
    filters: list[Mapping[str, Any]] = []
    for depth in range(len(lists) - 1, -1, -1):
        name, (kind, value) = lists[depth], elements[depth]
        if kind == "id" and len(lists) == 1:
            wanted = {name: {"$elemMatch": {"id": value, **wanted}}}
            place = f"{name}.$.{place}"
        elif kind == "id":
            filters.insert(
                0, {f"e{depth}.{path}": text for path, text in {"id": value, **_plain(wanted)}.items()}
            )
            wanted = {name: {"$elemMatch": {"id": value, **wanted}}}
            place = f"{name}.$[e{depth}].{place}"
        else:
            index, element_id = (value, None) if kind == "index" else value
            wanted = {f"{name}.{index}.{path}": text for path, text in {"id": element_id, **wanted}.items()}
            place = f"{name}.{index}.{place}"
    action = {"$unset": {place: ""}} if change.new is None else {"$set": {place: change.new}}
    return UpdateOne({"_id": from_text(change.document), **wanted}, action, array_filters=filters or None)


def _plain(wanted: dict[str, Any]) -> dict[str, Any]:
    """Conditions on values; those on elements further in have filters of their own."""
    return {path: value for path, value in wanted.items() if not isinstance(value, dict)}
