"""Work that is due at a moment, done by a few threads."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

__all__ = ["Agenda", "Clock"]


class Clock:
    """The time that an agenda goes by; a test has one that it advances."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait on a condition that is held, for that long at most; None: until it is notified."""
        condition.wait(seconds)


class Agenda:
    """Does pieces of work when they are due. The threads begin with the first piece.

    Args:
        threads: How many pieces are done at once.
        clock: What time it is.
    """

    def __init__(self, threads: int, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._ended = False
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="r2-layout-sync")
        self._timer: threading.Thread | None = None

    def add(self, when: float, work: Callable[[], None]) -> None:
        """Do this at that moment of the clock, or at once if it is over. After `close` it is not done."""
        with self._changed:
            if self._ended:
                return
            heapq.heappush(self._due, (when, next(self._order), work))
            if self._timer is None:
                self._timer = threading.Thread(target=self._run, name="r2-layout-sync-timer", daemon=True)
                self._timer.start()
            self._changed.notify()

    def close(self) -> None:
        """Begin nothing any more; what has begun is waited for."""
        with self._changed:
            self._ended = True
            self._due.clear()
            self._changed.notify()
        if self._timer is not None:
            self._timer.join()
        self._workers.shutdown(wait=True)

    def _run(self) -> None:
        with self._changed:
            while not self._ended:
                wait = self._due[0][0] - self._clock.now() if self._due else None
                if wait is not None and wait <= 0:
                    self._workers.submit(heapq.heappop(self._due)[2])
                else:
                    self._clock.wait(self._changed, wait)
