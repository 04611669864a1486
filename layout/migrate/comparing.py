"""What is at the new keys already: the same object, or another one.

The new layout was listed with everything else. Size and ETag of the listing decide that two objects differ;
only a HEAD of each decides that they are the same, since a delete would take the old one's headers and user
metadata with it. The ETag of an object uploaded in parts is no hash, so it decides nothing.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from sqlite3 import Row

from layout.keys import environment_prefix
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.rows import prefix_end
from layout.migrate.same_object import same_description

__all__ = ["compare_destinations"]

BATCH = 1_000
READERS = 16

# Copies whose new key is taken, beside what is there.
_TAKEN = (
    " WHERE existing.key >= :first AND existing.key < :end AND objects.new_key = existing.key"
    " AND objects.new_key IS NOT NULL AND objects.action <> 'collision' AND objects.action = 'copy'"
)
_SET_DONE = (
    "UPDATE objects SET action = 'done', state = 'copied', reason = 'the same object is at its new key',"
    " new_etag = existing.etag, copied_at = existing.modified FROM objects AS existing"
)
_ONE_EQUAL = f"{_SET_DONE}{_TAKEN} AND objects.id = :id"
# CROSS JOIN keeps the order: new keys from `last` on, each looked up; so all pages together are one pass.
_PAIRS = "SELECT objects.id, objects.key, existing.key AS found FROM objects CROSS JOIN objects AS existing"
_MAY_BE_EQUAL = (
    f"{_PAIRS}{_TAKEN} AND (objects.etag = existing.etag OR objects.etag LIKE '%-%' OR existing.etag LIKE '%-%')"
    " AND objects.size = existing.size AND objects.new_key > :last ORDER BY objects.new_key LIMIT :limit"
)
_SET_CONFLICT = (
    "UPDATE objects SET action = 'conflict', reason = CASE"
    " WHEN objects.size = existing.size AND objects.etag = existing.etag"
    " THEN 'the object at ' || existing.key || ' has the same bytes, but other headers or user metadata'"
    " ELSE 'another object is at ' || existing.key || ': '"
    " || existing.size || ' bytes, ETag ' || existing.etag || ', of ' || existing.modified END"
    " FROM objects AS existing"
)
_CONFLICT = f"{_SET_CONFLICT}{_TAKEN}"
_USER_CONFLICT = (
    "UPDATE objects SET action = 'conflict', reason = users.reason FROM users"
    " WHERE objects.owner = users.owner AND users.state = 'conflict' AND objects.action = 'copy'"
)


def compare_destinations(plan: PlanFile, bucket: BucketReader) -> None:
    """Turns copies into `done` where the same object is at the new key, and into conflicts elsewhere.

    Raises:
        StorageError: A HEAD was not answered.
    """
    prefix = environment_prefix(environment=plan.meta.environment)
    bounds = {"first": prefix, "end": prefix_end(prefix)}
    with plan.transaction() as database:
        database.execute(_USER_CONFLICT)
    with ThreadPoolExecutor(READERS) as pool:
        last = ""
        while pairs := list(plan.database.execute(_MAY_BE_EQUAL, {**bounds, "last": last, "limit": BATCH})):
            last = pairs[-1]["found"]
            equal = list(pool.map(partial(_is_same, bucket), pairs))
            with plan.transaction() as database:
                for pair, same in zip(pairs, equal, strict=True):
                    if same:
                        database.execute(_ONE_EQUAL, {**bounds, "id": pair["id"]})
    with plan.transaction() as database:
        database.execute(_CONFLICT, bounds)


def _is_same(bucket: BucketReader, pair: Row) -> bool:
    return same_description(bucket.head(pair["key"]), bucket.head(pair["found"]))
