"""What is at the new keys already: the same object, or another one.

The new layout was listed with everything else, so this costs no request, but for objects uploaded in
parts: their ETag is no hash, and equal size and equal headers decide.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from sqlite3 import Row

from layout.keys import environment_prefix
from layout.migrate.bucket import BucketReader
from layout.migrate.plan_file import PlanFile
from layout.migrate.plan_rows import prefix_end
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
_EQUAL = f"{_SET_DONE}{_TAKEN} AND objects.size = existing.size AND objects.etag = existing.etag"
_ONE_EQUAL = f"{_SET_DONE}{_TAKEN} AND objects.id = :id"
_PAIRS = "SELECT objects.id, objects.key, existing.key AS found FROM objects AS existing, objects"
_IN_PARTS = (
    f"{_PAIRS}{_TAKEN} AND (objects.etag LIKE '%-%' OR existing.etag LIKE '%-%')"
    " AND objects.size = existing.size AND objects.id > :last ORDER BY objects.id LIMIT :limit"
)
_SET_CONFLICT = (
    "UPDATE objects SET action = 'conflict', reason = 'another object is at ' || existing.key || ': '"
    " || existing.size || ' bytes, ETag ' || existing.etag || ', of ' || existing.modified"
    " FROM objects AS existing"
)
_CONFLICT = f"{_SET_CONFLICT}{_TAKEN}"
_USER_CONFLICT = (
    "UPDATE objects SET action = 'conflict', reason = users.reason FROM users"
    " WHERE objects.root = users.root AND users.state = 'conflict' AND objects.action = 'copy'"
)


def compare_destinations(plan: PlanFile, bucket: BucketReader) -> None:
    """Turns copies into `done` where the same object is at the new key, and into conflicts elsewhere.

    Raises:
        StorageError: HEAD of an object uploaded in parts was not answered.
    """
    prefix = environment_prefix(environment=plan.meta.environment)
    bounds = {"first": prefix, "end": prefix_end(prefix)}
    with plan.transaction() as database:
        database.execute(_USER_CONFLICT)
        database.execute(_EQUAL, bounds)
    with ThreadPoolExecutor(READERS) as pool:
        last = 0
        while pairs := list(plan.database.execute(_IN_PARTS, {**bounds, "last": last, "limit": BATCH})):
            last = pairs[-1]["id"]
            equal = list(pool.map(partial(_is_same, bucket), pairs))
            with plan.transaction() as database:
                for pair, same in zip(pairs, equal, strict=True):
                    if same:
                        database.execute(_ONE_EQUAL, {**bounds, "id": pair["id"]})
    with plan.transaction() as database:
        database.execute(_CONFLICT, bounds)


def _is_same(bucket: BucketReader, pair: Row) -> bool:
    return same_description(bucket.head(pair["key"]), bucket.head(pair["found"]))
