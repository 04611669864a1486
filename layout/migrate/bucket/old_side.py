"""Listing what is not in the new layout."""

from collections.abc import Iterator

from layout.environment import Environment
from layout.keys import environment_prefix
from layout.migrate.bucket.reader import BucketReader, ListedObject

__all__ = ["ENVIRONMENT_PREFIXES", "old_side_pages"]

ENVIRONMENT_PREFIXES = tuple(environment_prefix(environment=environment) for environment in Environment)
_LAST_CHARACTER = "\U0010ffff"


def old_side_pages(bucket: BucketReader) -> Iterator[list[ListedObject]]:
    """Everything outside dev/, staging/ and prod/, a page at a time; those are jumped over, not read."""
    after = ""
    while True:
        page, more = bucket.page_after(after)
        yield [item for item in page if not item.key.startswith(ENVIRONMENT_PREFIXES)]
        if not more:
            return
        after = page[-1].key
        for prefix in ENVIRONMENT_PREFIXES:
            if after.startswith(prefix):
                after = max(after, prefix + _LAST_CHARACTER)
