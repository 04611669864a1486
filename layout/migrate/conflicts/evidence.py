"""What is known of both objects of a conflict, read from the bucket while the plan is made, and kept in the plan."""

import json
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from layout.errors import StorageError
from layout.foreign_words import quoted
from layout.legacy import Phase
from layout.migrate.bucket.pace import BATCH, IN_FLIGHT
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.conflicts.database_facts import DatabaseFacts, read_database
from layout.migrate.equality import Reading
from layout.migrate.plan.blocked import Contested, contested_without_evidence
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.journal import Journal
from layout.migrate.report.progress import Progress

__all__ = ["Evidence", "Side", "gather_evidence"]

_METADATA = "x-amz-meta-"


@dataclass(frozen=True)
class Side:
    """One of the two objects.

    Attributes:
        size: Bytes.
        etag: Without quotes.
        modified: Last-modified time, ISO 8601.
        content_type: Empty if there is none.
        metadata: User metadata by name.
        facts: What its body holds, if it is a database by its name; None if it is not read.
        unread: Why not; empty if it was, or is no database by its name.
    """

    size: int
    etag: str
    modified: str
    content_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    facts: DatabaseFacts | None = None
    unread: str = ""

    def line(self) -> str:
        """The side on one line, whatever characters it has."""
        words = [f"{self.size:,} bytes", f"of {self.modified}", self.content_type or "no content type"]
        words += [f"{name}: {value}" for name, value in sorted(self.metadata.items())]
        if self.facts is not None:
            words.append(_database_words(self.facts))
        if self.unread:
            words.append(self.unread)
        return quoted("; ".join(words))


@dataclass(frozen=True)
class Evidence:
    """Both sides: the object at the old key, and the one at the new key."""

    old: Side
    new: Side

    @classmethod
    def from_json(cls, text: str) -> "Evidence":
        """The evidence as a plan keeps it."""
        found = json.loads(text)
        return cls(_side(found["old"]), _side(found["new"]))

    def to_json(self) -> str:
        """The form that a plan keeps."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def lines(self) -> list[str]:
        """Both sides, one below the other, and what they show together."""
        shown = [f"old: {self.old.line()}", f"new: {self.new.line()}"]
        if self.new_is_empty:
            shown.append("the new database has no rows: new code made it before the old one was moved")
        return shown

    @property
    def new_is_empty(self) -> bool:
        """Whether both are sound databases, and only the old one has rows."""
        old, new = self.old.facts, self.new.facts
        if old is None or new is None or old.fault or new.fault:
            return False
        return bool(old.rows and not new.rows)


def gather_evidence(plan: PlanFile, bucket: BucketReader, reading: Reading, progress: Progress) -> None:
    """Looks at both sides of each conflict of which no evidence is kept yet; the bucket is only read.

    A side that cannot be looked at says why: evidence helps a person to decide, and nothing follows from it.
    """
    last = 0
    with (
        tempfile.TemporaryDirectory(prefix="r2-layout-evidence-") as folder,
        ThreadPoolExecutor(IN_FLIGHT) as pool,
        progress.task("looking at conflicts") as step,
    ):
        look = partial(_look, bucket, reading, Path(folder))
        while contested := contested_without_evidence(plan, last, BATCH):
            last = contested[-1].row
            found = list(pool.map(look, contested))
            with plan.transaction():
                for one, evidence in zip(contested, found, strict=True):
                    Journal(plan).evidence(one.row, evidence.to_json())
            step(len(contested))


def _look(bucket: BucketReader, reading: Reading, folder: Path, one: Contested) -> Evidence:
    is_database = one.phase == Phase.DATABASE
    unread = ""
    if is_database and not reading.take(one.old.size + one.new.size):
        is_database, unread = False, "not read, for --read-limit"
    sides = []
    for name, listed in (("old", one.old), ("new", one.new)):
        side = Side(listed.size, listed.etag, listed.modified, unread=unread)
        path = folder / f"{one.row}-{name}"
        try:
            head = bucket.head(listed.key)
            if head is None or head.etag != listed.etag:
                sides.append(replace(side, unread="it was written again, or deleted, meanwhile"))
                continue
            metadata = {
                key.removeprefix(_METADATA): value
                for key, value in head.described.items()
                if key.startswith(_METADATA)
            }
            side = replace(side, content_type=head.described.get("content-type", ""), metadata=metadata)
            if is_database:
                bucket.download(listed.key, listed.etag, path)
                side = replace(side, facts=read_database(path))
        except StorageError as error:
            side = replace(side, unread=str(error))
        finally:
            path.unlink(missing_ok=True)
        sides.append(side)
    return Evidence(*sides)


def _side(found: dict[str, Any]) -> Side:
    facts = found.pop("facts")
    return Side(**found, facts=None if facts is None else DatabaseFacts(**facts))


def _database_words(database: DatabaseFacts) -> str:
    if database.fault and not database.tables:
        return database.fault
    most = sorted(database.tables.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{name} {rows:,}" for name, rows in most[:5])
    words = f"SQLite, {database.tables_total:,} tables, {database.rows:,} rows ({shown})"
    words += f", user_version {database.user_version}"
    if database.db_version is not None:
        words += f", db_version {database.db_version}"
    return f"{words}; {database.fault}" if database.fault else words
