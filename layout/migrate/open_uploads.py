"""Multipart uploads to old keys that have begun and not ended: no objects yet, so no listing of objects shows them.

A browser may hold one for hours, and complete it after everything was moved and deleted.
"""

from datetime import datetime, timedelta

from layout.errors import DeletionRefusedError
from layout.legacy import is_new_key
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.plan.file import PlanFile
from layout.migrate.report.reasons import Reasons
from layout.migrate.rules.kept import left_alone

__all__ = ["find_open_uploads", "refuse_young_uploads"]


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


def refuse_young_uploads(plan: PlanFile, bucket: BucketReader, min_age: timedelta) -> Reasons:
    """The same, before old objects are deleted: somebody may be about to complete an upload that is young.

    Raises:
        DeletionRefusedError: One to a key that the plan does not leave alone began less than `min_age` ago.
        StorageError: The bucket did not answer.
    """
    found, young = Reasons(), Reasons()
    newest, alone = bucket.now() - min_age, left_alone(plan)
    for key, begun in bucket.uploads():
        if is_new_key(key):
            continue
        found.add(key, f"begun at {begun}")
        if datetime.fromisoformat(begun) > newest and not alone(key):
            young.add(key, begun)
    if young:
        key, begun = next(iter(young.first.items()))
        raise DeletionRefusedError(
            f"{young.total:,} uploads to old keys are open that began less than {min_age} ago, the one to {key!r} at"
            f" {begun}.",
            hint="Their objects come when they are completed, and then belong into the new layout. Let them end,"
            " abort them, wait, or give a smaller --min-age.",
            bucket=plan.meta.bucket,
            key=key,
        )
    return found
