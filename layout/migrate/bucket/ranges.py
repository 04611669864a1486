"""Listing a whole bucket in several ranges of keys at once, when it is known where its keys lie.

One listing after another takes as long as R2 needs for all its pages; ranges wait for their pages together. Each range
has one page under way or read, so memory is flat.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import pairwise
from unicodedata import normalize

from layout.migrate.bucket.reader import BucketReader, ListedObject

__all__ = ["KeyRange", "RangePage", "pages_of_ranges", "ranges_without"]


@dataclass(frozen=True)
class KeyRange:
    """Keys after one key and not after another; None: to the end of the bucket."""

    after: str
    to: str | None


@dataclass(frozen=True)
class RangePage:
    """A page of a listing, and which keys it says all of.

    Attributes:
        items: The objects.
        after: The page begins after this key.
        to: It ends with this key; None: with the end of the bucket.
    """

    items: list[ListedObject]
    after: str
    to: str | None


def ranges_without(boundaries: Sequence[str], prefixes: Sequence[str]) -> list[KeyRange]:
    """The ranges between boundaries, without most of what lies under some prefixes.

    What begins with a character from `~` on after the prefix stays: no text is safely after all others.

    Args:
        boundaries: Keys of ASCII, in order: where other keys lie in an order is not documented.
        prefixes: Each ends with `/`.
    """
    edges: list[str | None] = ["", *boundaries, None]
    ranges = [KeyRange(after or "", to) for after, to in pairwise(edges)]
    for prefix in prefixes:
        last = f"{prefix}~"
        before = [KeyRange(one.after, _least(one.to, prefix)) for one in ranges if one.after < prefix]
        behind = [KeyRange(max(one.after, last), one.to) for one in ranges if one.to is None or one.to > last]
        ranges = before + behind
    return ranges


def _least(to: str | None, other: str) -> str:
    return other if to is None else min(to, other)


def pages_of_ranges(
    bucket: BucketReader, ranges: Sequence[KeyRange], pool: ThreadPoolExecutor
) -> Iterator[RangePage]:
    """What is in some ranges; the pages of one range come in order, those of different ranges as they come.

    An object whose key is listed in another Unicode spelling than it is ordered by may come twice.

    Args:
        bucket: What is listed.
        ranges: That do not overlap.
        pool: Its threads wait for the pages.

    Raises:
        StorageError: A page could not be read.
    """
    under_way: dict[Future[tuple[list[ListedObject], bool]], KeyRange] = {
        pool.submit(bucket.page_after, one.after): one for one in ranges
    }
    try:
        while under_way:
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                one, (items, more) = under_way.pop(future), future.result()
                inside = [item for item in items if one.to is None or _is_within(item.key, one.to)]
                if more and (one.to is None or _is_within(items[-1].key, one.to)):
                    rest = replace(one, after=items[-1].key)
                    under_way[pool.submit(bucket.page_after, rest.after)] = rest
                    yield RangePage(inside, one.after, rest.after)
                else:
                    yield RangePage(inside, one.after, one.to)
    finally:
        for future in under_way:
            future.cancel()


def _is_within(key: str, to: str) -> bool:
    """In one of its spellings: what is counted twice does no harm, what is left out does."""
    return key <= to or (not key.isascii() and normalize("NFC", key) <= to)
