"""What a verification says of one object that is at its new key."""

from collections.abc import Mapping
from dataclasses import dataclass

from layout.errors import StorageError
from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.equality import (
    Known,
    Reading,
    compare,
    compare_bodies,
    described_alike,
    is_multipart,
    is_seen_version,
)
from layout.migrate.live import LiveSince, written_since
from layout.migrate.plan.moves import Proof, State
from layout.migrate.plan.rows import PlannedObject
from layout.migrate.report.verdict import Sign

__all__ = ["Judged", "judge", "needs_bucket", "source_difference"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One pair: the plan's row, what was listed at its new key, the sign, why, and by what that is known."""

    row: PlannedObject
    found: ListedObject
    sign: Sign
    reason: str = ""
    proof: Proof | None = None


def judge(
    bucket: BucketReader,
    live_since: LiveSince,
    read: Mapping[int, Known] | None,
    row: PlannedObject,
    found: ListedObject,
) -> Judged:
    """Compares an object with the plan. Asks the bucket only if the plan does not know this very version.

    `read` is what reading bodies told, by row; None if no bodies are to be read.
    """
    if row.state is State.SUPERSEDED:
        return Judged(row, found, ">")
    if row.proof is not None and not is_seen_version(row, found) and written_since(found, live_since):
        return Judged(row, found, ">")
    try:
        known = _known(bucket, read, row, found)
    except StorageError as error:
        return Judged(row, found, "!", str(error))
    if known.unknown:
        return Judged(
            row, found, "!", f"{known.unknown}; verify --deep reads them, and so does copy --execute"
        )
    return Judged(row, found, "*" if known.difference else "=", known.difference, known.proof)


def needs_bucket(read: Mapping[int, Known] | None, row: PlannedObject, found: ListedObject) -> bool:
    """Whether `judge` may have to ask the bucket, so that it belongs into a thread."""
    return not is_seen_version(row, found) if read is None else row.id not in read


def _known(
    bucket: BucketReader, read: Mapping[int, Known] | None, row: PlannedObject, found: ListedObject
) -> Known:
    if found.size != row.size:
        return Known(difference=f"has {found.size} bytes, planned are {row.size}")
    if not is_multipart(row.etag) and not is_multipart(found.etag) and found.etag != row.etag:
        return Known(difference=f"has the ETag {found.etag!r}, planned is {row.etag!r}")
    if row.proof is not None and found.etag != row.new_etag:
        return Known(difference=f"has the ETag {found.etag!r}, its copy had {row.new_etag!r}")
    if row.state is State.DELETED:
        return Known(row.proof)
    if read is not None:
        return read.get(row.id) or compare_bodies(bucket, row, found)
    if row.proof is None:
        return compare(bucket, row, found, Reading(0))
    if is_seen_version(row, found):
        return Known(row.proof)
    difference = described_alike(bucket, row, found)
    return Known(difference=difference) if difference else Known(row.proof)


def source_difference(bucket: BucketReader, row: PlannedObject, listed: ListedObject, run: int) -> str:
    """How an old object that is listed with another version than planned differs from the new one.

    Empty if it was only touched: bytes, headers and user metadata are still those of the new object. That can only
    be asked if verification `run` has met the new object, and no application has written it since it went live.
    """
    if row.state is State.DELETED and row.checked_in != run:
        return f"the old object was written again after it was deleted, and nothing is at {row.new_key}"
    live = row.state is State.SUPERSEDED or row.changed_in == run
    if live or (row.etag, row.size) != (listed.etag, listed.size):
        return "the old object was written again after the plan was made"
    new = ListedObject(row.new_key, row.new_etag or "", row.size, row.new_modified or "")
    try:
        difference = described_alike(bucket, row, new)
    except StorageError as error:
        difference = str(error)
    return f"the old object was written again after the plan was made: {difference}" if difference else ""
