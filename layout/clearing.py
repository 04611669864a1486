"""Emptying an environment, or a whole bucket: what is there is listed, deleted, and listed again until nothing is.

A locked object cannot be deleted before its time, whoever asks. It is told and left: what a pass could not delete is
not what the next one waits for.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from layout.errors import StorageError
from layout.migrate.bucket.reader import BucketReader, OpenUpload
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.report.progress import Progress
from layout.migrate.report.reasons import Reasons

__all__ = ["MOST_PASSES", "Cleared", "clear", "look"]

MOST_PASSES = 10
_LOCKED = "ObjectLockedByBucketPolicy"


@dataclass
class Cleared:
    """What became of what was there; in a dry run, what would.

    Attributes:
        objects: How many objects were deleted.
        bytes: Their size.
        uploads: How many open uploads were aborted.
        young: Open uploads that are too young to be aborted, with the time at which each began.
        refused_uploads: Open uploads that the bucket did not abort, with what it says.
        locked: Objects that a lock rule of the bucket holds, with what the bucket says.
        failed: Objects that the bucket refused to delete for another reason.
        passes: How many listings it took.
        growing: Whether the last listing still showed objects that could be deleted: somebody goes on writing.
    """

    objects: int = 0
    bytes: int = 0
    uploads: int = 0
    young: Reasons = field(default_factory=Reasons)
    refused_uploads: Reasons = field(default_factory=Reasons)
    locked: Reasons = field(default_factory=Reasons)
    failed: Reasons = field(default_factory=Reasons)
    passes: int = 0
    growing: bool = False

    @property
    def left(self) -> bool:
        """Whether something is still there."""
        return bool(self.young or self.refused_uploads or self.locked or self.failed) or self.growing


def look(
    bucket: BucketReader,
    prefix: str,
    min_age: timedelta,
    progress: Progress,
    *,
    objects: bool = True,
    kept: Collection[str] = (),
) -> Cleared:
    """What `clear` would delete.

    Args:
        bucket: The bucket.
        prefix: Of an environment, or empty for the whole bucket.
        min_age: Younger uploads are left alone.
        progress: Told of what was listed.
        objects: False: only uploads.
        kept: Keys of objects that stay.

    Raises:
        StorageError: The bucket did not answer.
    """
    found = Cleared(passes=1)
    found.uploads = sum(1 for _ in _old_uploads(bucket, prefix, min_age, found))
    if objects:
        with progress.task("listed") as step:
            for page in bucket.pages(prefix):
                sizes = [item.size for item in page if item.key not in kept]
                found.objects += len(sizes)
                found.bytes += sum(sizes)
                step(len(sizes))
    return found


def clear(
    bucket: BucketWriter,
    prefix: str,
    min_age: timedelta,
    progress: Progress,
    *,
    objects: bool = True,
    kept: Collection[str] = (),
) -> Cleared:
    """Aborts open uploads, deletes everything under a prefix, and lists again until nothing more can be deleted.

    The arguments are those of `look`.

    Raises:
        StorageError: The bucket did not answer; what was deleted stays deleted, and a repetition goes on.
    """
    done = Cleared()
    # All of them first: aborting one changes the listing.
    for upload in list(_old_uploads(bucket, prefix, min_age, done)):
        try:
            bucket.abort(upload)
        except StorageError as error:
            done.refused_uploads.add(upload.key, str(error))
        else:
            done.uploads += 1
    if objects:
        with progress.task("deleted") as step:
            deleted = 1
            while deleted and done.passes < MOST_PASSES:
                deleted = _pass(bucket, prefix, done, step, kept)
            done.growing = deleted > 0
    return done


def _pass(
    bucket: BucketWriter, prefix: str, done: Cleared, step: Progress.Step, kept: Collection[str]
) -> int:
    """One listing and the deletes of what it shows. Gives how many it deleted: if none, another would not either."""
    deleted = 0
    # Those of the last pass: what was refused once may have been deleted since.
    done.locked, done.failed = Reasons(), Reasons()
    for listed in bucket.pages(prefix):
        page = [item for item in listed if item.key not in kept]
        refused = bucket.delete([item.key for item in page]) if page else {}
        for key, reason in refused.items():
            (done.locked if reason.startswith(_LOCKED) else done.failed).add(key, reason)
        gone = [item for item in page if item.key not in refused]
        deleted += len(gone)
        done.bytes += sum(item.size for item in gone)
        step(len(gone))
    done.objects += deleted
    done.passes += 1
    return deleted


def _old_uploads(
    bucket: BucketReader, prefix: str, min_age: timedelta, done: Cleared
) -> Iterator[OpenUpload]:
    newest = bucket.now() - min_age
    for upload in bucket.open_uploads(prefix):
        if datetime.fromisoformat(upload.begun) > newest:
            done.young.add(upload.key, f"begun at {upload.begun}")
        else:
            yield upload
