"""Listing what is not in the new layout."""

from collections.abc import Iterator

from layout.legacy import is_new_key
from layout.migrate.bucket.reader import BucketReader, ListedObject

__all__ = ["old_side_pages"]


def old_side_pages(bucket: BucketReader) -> Iterator[list[ListedObject]]:
    """Everything whose key is none of the new layout, a page at a time.

    The environments are read too: a user of an old layout may be called like one of them.
    """
    for page in bucket.pages():
        yield [item for item in page if not is_new_key(item.key)]
