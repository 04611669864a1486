"""Reading bodies on Dask workers: pages of pairs are cut into batches, which the workers share.

This process alone writes the plan. It holds a bounded number of batches in flight, so memory is flat at any number
of objects, and takes results in the order of the pages.
"""

import contextlib
import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from time import monotonic
from typing import Any, Self

from layout.errors import LayoutError, SettingsError, VerificationError
from layout.migrate.body_readers import Pair
from layout.migrate.equality import Known
from layout.migrate.plan.file import PlanFile
from layout.migrate.worker_task import Place, place_here, read_pairs

__all__ = ["DaskWorkers"]

_BATCH = 200
"""Pairs of small objects: about a quarter of a second, where a task below 50 ms is mostly overhead."""
_BATCH_BYTES = 64 << 20
_AHEAD = 4
"""Batches a worker has waiting, so that it never waits for this process."""
_SECONDS = 15
_LOOK_SECONDS = 2


class DaskWorkers:
    """Reads on the workers of a scheduler.

    Args:
        address: Of the scheduler, `tcp://host:port` or `tls://host:port`.
        plan: Whose bucket and endpoint the workers must have.

    Raises:
        SettingsError: Dask is not installed, the address is none, or the scheduler does not answer or has no workers;
            or a worker has no credential, that of a parent, or settings for another bucket.
    """

    deep = True

    def __init__(self, address: str, plan: PlanFile) -> None:
        self._address = address
        self._client = _connected(address)
        try:
            self._check_workers(Place(plan.meta.bucket, plan.meta.endpoint))
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Gives up what is in flight."""
        self._client.close()

    def read_each(self, pages: Iterable[list[Pair]]) -> Iterator[tuple[list[Pair], Mapping[int, Known]]]:
        """Each page once its batches are read, in order; several pages are in flight.

        Raises:
            VerificationError: A batch ended worker after worker, or none is left.
        """
        waiting: deque[tuple[list[Pair], list[Any]]] = deque()
        for pairs in pages:
            futures = [self._client.submit(read_pairs, batch, pure=False) for batch in _batches(pairs)]
            waiting.append((pairs, futures))
            while sum(len(futures) for _, futures in waiting) > self._most_in_flight():
                yield self._gathered(*waiting.popleft())
        while waiting:
            yield self._gathered(*waiting.popleft())

    def _most_in_flight(self) -> int:
        threads: dict[str, int] = self._client.nthreads()
        return _AHEAD * max(1, sum(threads.values()))

    def _gathered(self, pairs: list[Pair], futures: list[Any]) -> tuple[list[Pair], dict[int, Known]]:
        known: dict[int, Known] = {}
        try:
            for future in futures:
                known |= self._result(future)
        except LayoutError:
            raise
        except Exception as error:  # what a task died of can be anything
            raise VerificationError(
                f"The workers of {self._address!r} could not read the bodies: {type(error).__name__}.",
                hint="Look at their logs, start them again, and verify again.",
            ) from error
        return pairs, known

    def _result(self, future: Any) -> dict[int, Known]:
        """Waits for as long as there are workers: a lost one's batch is done again by another."""
        since = monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                found: dict[int, Known] = future.result(timeout=_LOOK_SECONDS)
                future.release()
                return found
            if self._client.nthreads():
                since = monotonic()
            elif monotonic() - since > _SECONDS:
                raise VerificationError(
                    f"The scheduler {self._address!r} has no workers any more.",
                    hint="Start them again, and verify again.",
                )

    def _check_workers(self, wanted: Place) -> None:
        with contextlib.suppress(TimeoutError):
            self._client.wait_for_workers(1, timeout=_SECONDS)
        try:
            places: dict[str, Place | str] = self._client.run(place_here)
        except Exception as error:  # whatever the worker's import of this project raises
            raise SettingsError(
                f"The workers of {self._address!r} cannot run this version of r2-layout: {type(error).__name__}.",
                hint="Install it there as here: pip install 'r2-layout[storage,dask]'.",
            ) from error
        if not places:
            raise SettingsError(
                f"The scheduler {self._address!r} has no workers.",
                hint=f"Start some: dask worker {self._address}",
            )
        for worker, place in sorted(places.items()):
            if isinstance(place, str):
                raise SettingsError(
                    f"The worker {worker} cannot read the bucket: {place.rstrip('.')}.",
                    hint="Start it with R2_BUCKET, R2_ENDPOINT and a temporary credential that may read:"
                    " r2-layout credentials mint --whole-bucket --read-only.",
                )
            if place != wanted:
                raise SettingsError(
                    f"The worker {worker} reads {_words(place)}; the plan is about {_words(wanted)}.",
                    hint="Start it with the settings, and the version of r2-layout, that the plan was made with.",
                )


def _connected(address: str) -> Any:
    try:
        from distributed import Client  # half a second, and an extra
    except ModuleNotFoundError as error:
        raise SettingsError(
            "Spreading a verification needs Dask, which is not installed.",
            hint="Install it: pip install 'r2-layout[dask]'. The workers need the same.",
        ) from error
    # What dies on the way is told by us, once.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    client: Any = Client
    try:
        return client(address, timeout=_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(
            f"The scheduler {address!r} does not answer: {type(error).__name__}.",
            hint="Start one with `dask scheduler`, workers with `dask worker`, and name it as tcp://host:port.",
        ) from error


def _words(place: Place) -> str:
    return f"{place.bucket!r} at {place.endpoint!r} by format {place.format}"


def _batches(pairs: list[Pair]) -> Iterator[list[Pair]]:
    """Pairs in batches of equal weight, as far as one object allows."""
    batch: list[Pair] = []
    size = 0
    for pair in pairs:
        batch.append(pair)
        size += 2 * pair[0].size
        if len(batch) >= _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
