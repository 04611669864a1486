"""What a Dask worker does for a deep verification: it reads bodies, with a credential of its own.

A task holds keys, ETags and sizes and nothing that opens a bucket. The worker's process finds its credential where
every program of this project does, in its own `R2_*` variables: a temporary one that may read, never the parent.
A task has no effect, so one that a lost worker had begun, or finished, may be done again.
"""

import asyncio
from dataclasses import dataclass
from functools import lru_cache

from layout.errors import SettingsError, StorageError
from layout.migrate.body_readers import Pair
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.equality import Known, compare_bodies
from layout.migrate.plan.moves import State
from layout.migrate.plan.schema import FORMAT
from layout.migrate.reading_bodies import compare_together
from layout.storage.settings import load_settings

__all__ = ["Place", "place_here", "read_pairs"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process reads, and by which version of the plan's format: bucket, endpoint, format."""

    bucket: str
    endpoint: str
    format: int = FORMAT


def place_here() -> Place | str:
    """Where this process reads by its own settings, or why it cannot."""
    try:
        settings = load_settings()
    except SettingsError as error:
        return str(error)
    if settings.session_token is None and settings.account_id is not None:
        return "its R2_SECRET_ACCESS_KEY is that of a parent token, from which others can be minted"
    return Place(settings.bucket, settings.endpoint)


def read_pairs(pairs: list[Pair]) -> dict[int, Known]:
    """What is known of pairs after both bodies were read, by row; one that got no answer is left out.

    Raises:
        SettingsError: This process has no settings for a bucket.
    """
    bucket = _reader()
    known = asyncio.run(compare_together(bucket, pairs))
    for planned, found in pairs:
        if planned.id in known or planned.size != found.size or planned.state is State.DELETED:
            continue
        try:
            known[planned.id] = compare_bodies(bucket, planned, found)
        except StorageError:
            # Not read, so not known: the process that judges asks the bucket itself.
            continue
    return known


@lru_cache(maxsize=1)
def _reader() -> BucketReader:
    """One for the life of the worker's process, whose connections stay open from task to task."""
    return BucketReader(load_settings())
