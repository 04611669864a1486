"""What is at many keys now, by listing rather than one HEAD a key.

A listing shows ETag, size and time of up to 1,000 neighbours in one request. Keys that belong together
lie together, so a batch costs a request or two; HEAD is only for keys that the listing did not show. Its time
has whole seconds: where a version or its order matters, `listed_at` asks for the milliseconds.
"""

from itertools import takewhile
from unicodedata import normalize

from layout.migrate.bucket.reader import PAGE, BucketReader, ListedObject
from layout.times import write_time

__all__ = ["listed_at", "observe", "seem_one_version", "shown_at", "slices_of"]

_FEW = 13  # one listing costs as much as 12.5 HEADs (class A and class B operations of R2's price list)

_PAGES = 2  # before a batch: what lies between its keys may be much more than the batch


def shown_at(bucket: BucketReader, keys: list[str]) -> dict[str, ListedObject]:
    """Objects at these keys that a page or two of a listing show: no more than a hint, for what is asked again anyhow.

    Raises:
        StorageError: The bucket did not answer.
    """
    wanted = set(keys)
    first, last = min(keys, default=""), max(keys, default="")
    # What the first and the last begin with, all between them do.
    prefix = "".join(
        one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    )
    found: dict[str, ListedObject] = {}
    after = first[:-1]
    for _ in range(_PAGES if keys else 0):
        page, more = bucket.page_after(after, PAGE, prefix)
        found |= {item.key: item for item in page if item.key in wanted}
        if not more or page[-1].key >= last:
            break
        after = page[-1].key
    return found


def observe(bucket: BucketReader, keys: list[str]) -> dict[str, ListedObject]:
    """The objects at these keys; a key that is missing from the answer has no object.

    Raises:
        StorageError: The bucket did not answer; nothing may be concluded.
    """
    found: dict[str, ListedObject] = {}
    waiting = sorted(set(keys))
    unsure: list[str] = []
    while waiting:
        # The listing begins before the first key still wanted: all but its last character.
        # The last few keys of a batch are not worth a whole page, which costs CPU by what it shows.
        page, more = bucket.page_after(waiting[0][:-1], min(PAGE, len(waiting) + _FEW))
        by_key = {item.key: item for item in page}
        last = page[-1].key if page and more else None
        reached = [key for key in waiting if last is None or key <= last]
        waiting = waiting[len(reached) :]
        found |= {key: by_key[key] for key in reached if key in by_key}
        unsure += [key for key in reached if key not in by_key]
        if len(reached) < _FEW:
            # The keys lie far apart: asking for each is cheaper than another page.
            unsure, waiting = unsure + waiting[:_FEW], waiting[_FEW:]
    # The order of keys beyond ASCII is not documented for R2, nor which Unicode spelling a listing shows.
    for key in unsure:
        head = bucket.head(key)
        if head is not None:
            found[key] = ListedObject(
                key, head.etag, head.size, write_time(head.modified), head.storage_class
            )
    return found


def slices_of(keys: list[str], count: int) -> list[list[str]]:
    """Keys in at most `count` groups of neighbours, each to be observed at the same time as the others.

    Keys that lie far apart cost a request each, and one after another they take that many times as long.
    """
    waiting = sorted(set(keys))
    size = max(_FEW, -(-len(waiting) // count))
    return [waiting[first : first + size] for first in range(0, len(waiting), size)]


def listed_at(bucket: BucketReader, key: str) -> ListedObject | None:
    """The object at a key as a listing shows it, last-modified time in milliseconds; None if it shows none.

    Raises:
        StorageError: The bucket did not answer; nothing may be concluded.
    """
    # A key is the first of all that begin with it; the listing may show another Unicode spelling of it.
    page, name = next(bucket.pages(key), []), normalize("NFC", key)
    return next((item for item in page if normalize("NFC", item.key) == name), None)


def seem_one_version(one: ListedObject, other: ListedObject) -> bool:
    """Whether ETag, size and time are equal, the time as far as both tell it: a HEAD shows whole seconds."""
    if (one.etag, one.size) != (other.etag, other.size):
        return False
    shown = None if "." in one.modified and "." in other.modified else len("2026-05-04T03:02:01")
    return one.modified[:shown] == other.modified[:shown]
