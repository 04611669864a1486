"""Who reads the bodies of a deep verification: nobody, this process, or Dask workers."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, Self

from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.equality import Known
from layout.migrate.plan.rows import PlannedObject
from layout.migrate.reading_bodies import compare_together

__all__ = ["BodyReader", "NobodyReads", "Pair", "ReadHere"]

Pair = tuple[PlannedObject, ListedObject]
"""A row of the plan, and what was listed at its new key."""


class BodyReader(AbstractContextManager["BodyReader"], Protocol):
    """Reads the bodies of pairs, page after page."""

    deep: bool
    """Whether bodies are read at all."""

    def read_each(
        self, pages: Iterable[list[Pair]]
    ) -> Iterator[tuple[list[Pair], Mapping[int, Known] | None]]:
        """Each page with what reading told, by row; None if nothing is read.

        A row that is not there was not read, for want of an answer or of need: whoever judges it asks the bucket.
        """


class NobodyReads:
    """A verification by sizes and ETags."""

    deep = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Nothing was opened."""

    def read_each(self, pages: Iterable[list[Pair]]) -> Iterator[tuple[list[Pair], None]]:
        """Pages as they come."""
        return ((pairs, None) for pairs in pages)


class ReadHere:
    """Reads in this process, page by page."""

    deep = True

    def __init__(self, bucket: BucketReader) -> None:
        self._bucket = bucket
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._runner.close()

    def read_each(self, pages: Iterable[list[Pair]]) -> Iterator[tuple[list[Pair], Mapping[int, Known]]]:
        """Each page after its bodies were read."""
        for pairs in pages:
            yield pairs, self._runner.run(compare_together(self._bucket, pairs))
