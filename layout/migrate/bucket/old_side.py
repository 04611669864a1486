"""Listing what is not in the new layout."""

from collections.abc import Iterator

from layout.legacy import is_new_key
from layout.migrate.bucket.reader import BucketReader, ListedObject

__all__ = ["old_side_pages"]

_LAST = "\U0010ffff"


def old_side_pages(bucket: BucketReader, but: str | None = None) -> Iterator[list[ListedObject]]:
    """Everything whose key is none of the new layout, a page at a time.

    The environments are read too: a user of an old layout may be called like one of them. Only what is under the
    prefix `but`, of whose keys the caller knows that they are all of the new layout, is left out but for a page.
    """
    for page in _pages(bucket, but):
        yield [item for item in page if not is_new_key(item.key)]


def _pages(bucket: BucketReader, but: str | None) -> Iterator[list[ListedObject]]:
    after = ""
    if but is not None:
        for page in bucket.pages():
            yield page
            if page and page[-1].key.startswith(but):
                # In whatever order keys beyond ASCII come, all between two that begin with it do so too.
                after = but + _LAST
                break
        else:
            return
    yield from bucket.pages(start_after=after)
