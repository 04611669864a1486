"""A closer look at pairs whose old object is to be deleted: what may go, and why the others stay."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from layout.legacy import is_new_key
from layout.migrate.bucket.observing import listed_at, observe, seem_one_version
from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.equality import described_alike, is_planned_version, is_seen_version
from layout.migrate.live import LiveSince, written_since
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.rows import PlannedObject, is_destination

__all__ = ["Deletable", "DeleteLook", "StillNamed"]


StillNamed = Callable[[list[PlannedObject]], Mapping[str, str]]


def _names_none(_batch: list[PlannedObject]) -> Mapping[str, str]:
    return {}


@dataclass
class Deletable:
    """What a look at a batch found.

    Attributes:
        ready: Rows whose old object may go, each with the version of it that was looked at.
        gone: Rows whose old object is gone already.
        kept: Old keys that stay, and why.
        young: How many stay because their copy is not old enough yet.
    """

    ready: list[tuple[PlannedObject, ListedObject]] = field(default_factory=list)
    gone: list[PlannedObject] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    young: int = 0


@dataclass(frozen=True)
class DeleteLook:
    """Looks at both sides of pairs, just before old objects are deleted.

    Attributes:
        plan: Whose pairs.
        bucket: Where they are.
        live_since: Since when applications work at which new keys.
        newest: Copies that are newer keep their old objects.
        still_named: Asks the documents at that moment which old keys they name, and why those have to stay.
    """

    plan: PlanFile
    bucket: BucketReader
    live_since: LiveSince
    newest: datetime
    still_named: StillNamed = _names_none

    def at(self, batch: list[PlannedObject]) -> Deletable:
        """What may go of a batch now.

        A run may have been cut off after its request: an old object that is gone counts only because the new one is
        there.

        Raises:
            StorageError: The bucket did not answer; nothing may be concluded.
        """
        found = Deletable()
        sources = observe(self.bucket, [row.key for row in batch])
        copies = observe(self.bucket, [row.new_key for row in batch])
        named, at_once = self.still_named(batch), True
        for row in batch:
            source, copy = sources.get(row.key), copies.get(row.new_key)
            reason = self._reason_to_keep(row, source, copy)
            at_once = at_once and _is_as_seen(row, source, copy)
            if reason := reason or named.get(row.key, ""):
                found.kept[row.key] = reason
            elif source is None:
                found.gone.append(row)
            elif datetime.fromisoformat(row.new_modified or "") > self.newest:
                found.young += 1
            else:
                found.ready.append((row, source))
        if not at_once:
            # Looking closer takes time, in which an old object of the batch may be written again.
            self._look_again(found)
        return found

    def _look_again(self, found: Deletable) -> None:
        """Keeps only those ready whose old object is the one that was looked at."""
        now, ready = observe(self.bucket, [row.key for row, _ in found.ready]), []
        for row, source in found.ready:
            again = now.get(row.key)
            if again is None:
                found.gone.append(row)
            elif seem_one_version(again, source):
                ready.append((row, source))
            else:
                found.kept[row.key] = "it was written again while the batch was looked at"
        found.ready = ready

    def _reason_to_keep(
        self, row: PlannedObject, source: ListedObject | None, copy: ListedObject | None
    ) -> str:
        if is_destination(self.plan, row.key) or is_new_key(row.key):
            return "it is where another object moves to"
        if copy is None:
            left_alone = "if it was deleted there on purpose, delete it here by hand"
            return f"nothing is at its new key {row.new_key}; {left_alone}"
        if source is not None and (source.size, source.etag) != (row.size, row.etag):
            return "it was written again after it was planned"
        if _is_as_seen(row, source, copy):
            return ""
        if (copy.size, copy.etag) != (row.size, row.new_etag):
            reason = f"the object at its new key {row.new_key} is not the verified one"
        else:
            reason = "" if source is None else described_alike(self.bucket, row, copy)
        return self._unless_live(row, reason) if reason and self.live_since.at(row.new_key) else reason

    def _unless_live(self, row: PlannedObject, reason: str) -> str:
        """The reason to keep an old object, unless an application has written the new one since it went live.

        The two were equal once. Since then the application has gone on, as it does with databases.
        """
        copy = listed_at(self.bucket, row.new_key)
        if copy is None or is_seen_version(row, copy) or not written_since(copy, self.live_since):
            return reason
        source = listed_at(self.bucket, row.key)
        if source is None or is_planned_version(row, source):
            return ""
        return "its headers or user metadata may have been written again after it was planned"


def _is_as_seen(row: PlannedObject, source: ListedObject | None, copy: ListedObject | None) -> bool:
    """Whether both sides are the versions that the plan knows, so that no closer look is needed."""
    return (
        copy is not None
        and is_seen_version(row, copy)
        and (source is None or is_planned_version(row, source))
    )
