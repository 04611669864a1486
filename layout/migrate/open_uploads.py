"""Multipart uploads to old keys that have begun and not ended: no objects yet, so no listing of objects shows them.

A browser may hold one for hours, and complete it after everything was moved and deleted.
"""

from layout.legacy import is_new_key
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.report.reasons import Reasons

__all__ = ["find_open_uploads"]


def find_open_uploads(bucket: BucketReader) -> Reasons:
    """The old keys to which uploads are open, each with the time at which one began.

    Raises:
        StorageError: The bucket did not answer.
    """
    found = Reasons()
    for key, begun in bucket.uploads():
        if not is_new_key(key):
            found.add(key, f"begun at {begun}")
    return found
