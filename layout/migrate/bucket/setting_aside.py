"""A backup of an object that is about to be replaced: made, compared, and only then relied on."""

from layout.errors import ConditionFailedError, StorageError
from layout.migrate.bucket.reader import ObjectHead
from layout.migrate.bucket.writer import BucketWriter

__all__ = ["set_aside"]


def set_aside(bucket: BucketWriter, key: str, etag: str, backup: str) -> None:
    """Copies the version of an object with that ETag to a key in `{env}/backups/`, where nothing may be yet.

    A backup that is there already, from a run that was ended, is compared like one that was made just now.

    Raises:
        ConditionFailedError: The object has another ETag, or is gone; nothing was done.
        StorageError: The backup is not the same as the object, or the bucket did not answer.
    """
    head = bucket.head(key)
    if head is None or head.etag != etag:
        raise ConditionFailedError(
            f"The object {key!r} in bucket {bucket.name!r} is not the one that was to be replaced.",
            hint="Make a new plan.",
            bucket=bucket.name,
            key=key,
        )
    try:
        copied: str | None = bucket.copy_large(key, backup, etag, head.size, head.storage_class)
    except ConditionFailedError:
        copied = None
    there = bucket.head(backup)
    if there is None or not _same(bucket, key, head, backup, there, copied):
        raise StorageError(
            f"The backup {backup!r} is not the same as the object {key!r} that was to be replaced.",
            hint="Nothing was replaced. Look at both; a new plan makes a backup at another key.",
            bucket=bucket.name,
            key=key,
        )


def _same(
    bucket: BucketWriter, key: str, head: ObjectHead, backup: str, there: ObjectHead, copied: str | None
) -> bool:
    """By the ETag of this copy, or of two objects that are no hashes of parts, else by both bodies."""
    if (head.size, head.described) != (there.size, there.described):
        return False
    if copied is not None:
        return there.etag == copied
    if "-" not in head.etag and "-" not in there.etag:
        return head.etag == there.etag
    return bucket.read_through(key, head.etag).sha256 == bucket.read_through(backup, there.etag).sha256
