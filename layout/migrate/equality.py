"""What is known of a pair: an old object, and the object at its new key.

Two objects count as the same one only by proof, and the plan keeps which. Equal size, headers and user
metadata are necessary and never enough: a database is often written again at the same size. Where there is
no proof, nothing is known, and neither a copy nor a delete may follow from it.

A version of an object is its ETag, size and last-modified time. The ETag of one key changes with the bytes
alone, so a key whose time has changed under the same ETag may have other headers and user metadata.
"""

import threading
from dataclasses import dataclass

from layout.errors import ConditionFailedError, ObjectMissingError
from layout.migrate.bucket.observing import seem_one_version
from layout.migrate.bucket.reader import BucketReader, ListedObject, ObjectHead, ReadBody
from layout.migrate.plan.moves import Proof
from layout.migrate.plan.rows import PlannedObject

__all__ = [
    "DEFAULT_READ_LIMIT",
    "Known",
    "Reading",
    "compare",
    "compare_bodies",
    "compare_read",
    "described_alike",
    "is_about_old",
    "is_multipart",
    "is_own_copy",
    "is_planned_version",
    "is_seen_version",
    "new_changed",
    "old_changed",
    "old_vanished",
]

DEFAULT_READ_LIMIT = 10 << 30
"""Bytes of bodies that a plan or a copy reads unless it is told otherwise: 10 GiB."""

_AGAIN = "the old object was written again after it was planned"
_VANISHED = "the old object vanished after it was planned"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a pair. Exactly one of the three is set.

    Attributes:
        proof: By what they are the same object, bytes, headers and user metadata.
        difference: How they differ.
        unknown: Why nothing is known.
    """

    proof: Proof | None = None
    difference: str = ""
    unknown: str = ""


class Reading:
    """How many bytes of bodies a run may still read, and how many it has read. Threads may share it.

    Attributes:
        limit: Bytes in all; None reads without a limit.
        bytes: Bytes that were read.
        objects: How often both bodies of a pair were read.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.bytes = 0
        self.objects = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Whether both bodies of a pair, `count` bytes together, may be read; counts them if so."""
        with self._lock:
            if self.limit is not None and self.bytes + count > self.limit:
                return False
            self.bytes += count
            self.objects += 1
            return True


def is_multipart(etag: str) -> bool:
    """Whether this ETag is of an object uploaded in parts: a hash of hashes and `-N`, no hash of the body.

    What R2 makes of it when the object is copied is not documented, so it must not be compared as if it
    were one. Source: Cloudflare's R2 docs, `objects/multipart-objects`.
    """
    return "-" in etag


def is_planned_version(planned: PlannedObject, listed: ListedObject) -> bool:
    """Whether the old key still holds the version that the plan knows."""
    return (planned.etag, planned.size, planned.modified) == (listed.etag, listed.size, listed.modified)


def is_seen_version(planned: PlannedObject, found: ListedObject) -> bool:
    """Whether the new key still holds the version that was last known to be the same object."""
    seen = planned.new_etag, planned.size, planned.new_modified
    return planned.proof is not None and seen == (found.etag, found.size, found.modified)


def is_own_copy(planned: PlannedObject, found: ListedObject) -> bool:
    """Whether the new key still holds what this plan copied there, by ETag and time.

    The object at the old key may have been written again since. A HEAD shows whole seconds of the time.
    """
    if planned.own_etag is None or planned.own_etag != planned.new_etag:
        return False
    seen = ListedObject(found.key, planned.own_etag, found.size, planned.new_modified or "")
    return seem_one_version(seen, found)


def described_alike(bucket: BucketReader, planned: PlannedObject, found: ListedObject) -> str:
    """How headers or user metadata differ, by a HEAD of each; empty if they are equal.

    Also the two HEADs have to show the ETags that the caller speaks of.
    """
    old, new = bucket.head(planned.key), bucket.head(found.key)
    return _shown_difference(planned, found, old, new)


def _shown_difference(
    planned: PlannedObject, found: ListedObject, old: ObjectHead | None, new: ObjectHead | None
) -> str:
    if old is None:
        return _VANISHED
    if (old.etag, old.size) != (planned.etag, planned.size):
        return _AGAIN
    if new is None or (new.etag, new.size) != (found.etag, found.size):
        return new_changed(planned).difference
    if old.described != new.described:
        what = "has the same bytes" if planned.etag == found.etag else "has the same size"
        return f"the object at {planned.new_key} {what}, but other headers or user metadata"
    return ""


def compare(bucket: BucketReader, planned: PlannedObject, found: ListedObject, reading: Reading) -> Known:
    """Finds out whether the object at a new key is the planned one, for as few bytes as possible.

    Raises:
        StorageError: The bucket did not answer; nothing is known.
    """
    if planned.size != found.size:
        return Known(difference=_other(planned, found))
    in_parts = is_multipart(planned.etag) or is_multipart(found.etag)
    if not in_parts and planned.etag != found.etag:
        return Known(difference=_other(planned, found))
    if difference := described_alike(bucket, planned, found):
        return Known(difference=difference)
    if not in_parts:
        return Known(Proof.ETAG)
    if not reading.take(2 * planned.size):
        return Known(
            unknown=f"nothing is known of the {planned.size:,} bytes at {planned.new_key}: size and headers are equal,"
            " and the ETag of an object uploaded in parts is no hash"
        )
    return compare_bodies(bucket, planned, found)


def compare_bodies(bucket: BucketReader, planned: PlannedObject, found: ListedObject) -> Known:
    """Reads both bodies, on the condition that they are the versions in question.

    Raises:
        StorageError: The bucket did not answer; nothing is known.
    """
    try:
        old = bucket.read_through(planned.key, planned.etag)
    except ObjectMissingError:
        return old_vanished()
    except ConditionFailedError:
        return old_changed()
    try:
        new = bucket.read_through(found.key, found.etag)
    except (ObjectMissingError, ConditionFailedError):
        return new_changed(planned)
    return compare_read(planned, found, old, new)


def compare_read(planned: PlannedObject, found: ListedObject, old: ReadBody, new: ReadBody) -> Known:
    """What is known once both bodies were read."""
    if difference := _shown_difference(planned, found, old.head, new.head):
        return Known(difference=difference)
    if old.sha256 != new.sha256:
        return Known(difference=f"the object at {planned.new_key} has another SHA-256 than the old one")
    return Known(Proof.BODIES)


def is_about_old(difference: str) -> bool:
    """Whether a difference says nothing of the new object: the old one is not the planned version any more."""
    return difference in (_AGAIN, _VANISHED)


def old_vanished() -> Known:
    """The old object is gone."""
    return Known(difference=_VANISHED)


def old_changed() -> Known:
    """The old object is another version than planned."""
    return Known(difference=_AGAIN)


def new_changed(planned: PlannedObject) -> Known:
    """The new object is another version than it was listed with."""
    return Known(difference=f"the object at {planned.new_key} was written again while it was compared")


def _other(planned: PlannedObject, found: ListedObject) -> str:
    what = f"{found.size} bytes, ETag {found.etag}, of {found.modified}"
    return f"another object is at {planned.new_key}: {what}"
