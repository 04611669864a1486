"""Records of the uploads of one owner: found by every spelling of a project's id, and deleted last.

Once they were looked up by another spelling than they were written with, and deleted although objects stayed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pymongo import DeleteOne

from layout.errors import DeletionRefusedError
from layout.references.connecting import clear_errors
from layout.references.owners import RecordOwner
from layout.references.scanning import pages_of, plain, scan, to_text
from layout.references.table import ReferenceTable, Tracking
from layout.references.walking import MISSING, value_at

if TYPE_CHECKING:
    from pymongo.database import Database

__all__ = ["Record", "Records"]


@dataclass(frozen=True)
class Record:
    """One record.

    Attributes:
        collection: Its collection.
        id: Its `_id`.
        path: Where its object's key is.
        key: That key, or what stands in its place.
        user: Whose it is; empty if nothing says so.
    """

    collection: str
    id: Any
    path: str
    key: Any
    user: str

    @property
    def place(self) -> str:
        """For people."""
        return f"{self.collection} {to_text(self.id)}"


class Records:
    """The tracking records of a database.

    Args:
        database: Where they are.
        table: What its collections mean.
        default_user: Whose the projects of nobody are; empty: nobody's.

    Raises:
        StorageUnavailableError: The database did not answer.
    """

    def __init__(
        self, database: Database[dict[str, Any]], table: ReferenceTable, default_user: str = ""
    ) -> None:
        self._database, self._table, self._default_user = database, table, default_user
        self._spellings: defaultdict[str, set[str]] = defaultdict(set)
        self._users: defaultdict[str, set[str]] = defaultdict(set)
        for said in scan(database, replace(table, parts=(), fields=())):
            for one in said.owners:
                self._spellings[one.id].add(one.bare)
                self._users[one.bare] |= {one.user} - table.nobody

    def require_spelling(self, owner: RecordOwner) -> None:
        """Refuses a project by another spelling of its id than the new layout has: no object would lie there.

        Raises:
            DeletionRefusedError: Names the right one.
        """
        bare = self._table.bare(owner.project)
        ids = sorted(one for one, names in self._spellings.items() if owner.project and bare in names)
        if ids and owner.project not in ids:
            raise DeletionRefusedError(
                f"The documents call the project {owner.project!r} {' or '.join(map(repr, ids))}, and so do its keys.",
                hint="Name it so.",
            )

    def of(self, owner: RecordOwner) -> Iterator[list[Record]]:
        """Records that are an owner's, or would be if anything said whose their project is: those have no user.

        Raises:
            StorageUnavailableError: The database did not answer.
        """
        bare = self._table.bare(owner.project)
        wanted = {bare}.union(*(names for names in self._spellings.values() if bare in names))
        for tracking in self._table.tracking:
            for documents in pages_of(self._database, tracking.collection):
                found = [
                    record
                    for document in documents
                    if not owner.project
                    or self._table.bare(plain(value_at(document, tracking.owner))) in wanted
                    if not owner.scene or plain(value_at(document, tracking.part)) == owner.scene
                    if (record := self._record(document, tracking)).user == owner.user
                    or (owner.project and not record.user)
                ]
                if found:
                    yield found

    def delete(self, records: Sequence[Record]) -> int:
        """Deletes records that still name what was read; how many.

        Raises:
            StorageUnavailableError: No answer: some may be deleted; the same call deletes the others.
        """
        deleted = 0
        for collection in dict.fromkeys(record.collection for record in records):
            deletes = [
                DeleteOne(
                    {"_id": one.id, one.path: {"$exists": False} if one.key is MISSING else {"$eq": one.key}}
                )
                for one in records
                if one.collection == collection
            ]
            with clear_errors(self._database.name):
                deleted += self._database[collection].bulk_write(deletes, ordered=False).deleted_count
        return deleted

    def _record(self, document: dict[str, Any], tracking: Tracking) -> Record:
        """With the user of its project's document; else its own, else the constant."""
        users = self._users.get(self._table.bare(plain(value_at(document, tracking.owner))), set())
        own = plain(value_at(document, tracking.user))
        user = own if own not in self._table.nobody else self._default_user
        if users:
            user = next(iter(users)) if len(users) == 1 else ""
        return Record(
            tracking.collection, document["_id"], tracking.key, value_at(document, tracking.key), user
        )
