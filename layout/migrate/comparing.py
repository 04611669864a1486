"""What is at the new keys already: the same object, or another one.

The new layout was listed with everything else. Size and ETag of the listing decide that two objects differ;
only a HEAD of each decides that they are the same, since a delete would take the old one's headers and user
metadata with it. The ETag of an object uploaded in parts is no hash, so it decides nothing.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from layout.keys import environment_prefix
from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.rows import PlannedObject, TakenKey, taken_keys
from layout.migrate.same_object import is_multipart, same_description

__all__ = ["compare_destinations", "other_object"]

BATCH = 1_000
READERS = 16


def compare_destinations(plan: PlanFile, bucket: BucketReader) -> None:
    """Turns copies into `done` where the same object is at the new key, and into conflicts elsewhere.

    Raises:
        StorageError: A HEAD was not answered.
    """
    prefix = environment_prefix(environment=plan.meta.environment)
    journal = Journal(plan)
    with plan.transaction():
        journal.unclear_owners()
    last = ""
    with ThreadPoolExecutor(READERS) as pool:
        while taken := taken_keys(plan, prefix, last, BATCH):
            last = taken[-1].planned.new_key
            equal = list(pool.map(partial(_is_same, bucket), taken))
            with plan.transaction():
                for one, same in zip(taken, equal, strict=True):
                    if same:
                        journal.found(one.planned, one.found)
                    else:
                        journal.taken(one.planned, other_object(one.planned, one.found))


def other_object(planned: PlannedObject, found: ListedObject) -> str:
    """Why the object at a new key is not the planned one, for people."""
    if (found.size, found.etag) == (planned.size, planned.etag):
        return f"the object at {planned.new_key} has the same bytes, but other headers or user metadata"
    size_and_etag = f"{found.size} bytes, ETag {found.etag}"
    return f"another object is at {planned.new_key}: {size_and_etag}, of {found.modified}"


def _is_same(bucket: BucketReader, taken: TakenKey) -> bool:
    planned, found = taken.planned, taken.found
    parts = is_multipart(planned.etag) or is_multipart(found.etag)
    if planned.size != found.size or (planned.etag != found.etag and not parts):
        return False
    return same_description(bucket.head(planned.key), bucket.head(found.key))
