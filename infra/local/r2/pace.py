"""At most one write a second to one key, as on R2."""

import threading
import time
from collections import OrderedDict

from infra.local.r2.errors import ErrorKind, S3Error

__all__ = ["Pace"]

_REMEMBERED = 100_000


class Pace:
    """Refuses a write that follows another one to the same key too soon (429, 10058).

    Sources: CFD r2/reference/optimizing-performance.mdx ("concurrent writes to one key limited to
    1/s"), r2/api/error-codes.mdx. Real time, not the clock's: a test that advances the clock does
    not write faster.
    """

    def __init__(self, interval_seconds: float) -> None:
        self.interval_seconds = interval_seconds
        self._lock = threading.Lock()
        self._last: OrderedDict[tuple[int, str], float] = OrderedDict()

    def check(self, bucket: int, key: str) -> None:
        """Refuses if the key was written less than the interval ago.

        Raises:
            S3Error: TooManyRequests, with Retry-After in whole seconds.
        """
        if self.interval_seconds <= 0:
            return
        now = time.monotonic()
        with self._lock:
            last = self._last.get((bucket, key))
        if last is not None and now - last < self.interval_seconds:
            raise S3Error(ErrorKind.TOO_MANY_REQUESTS, headers={"Retry-After": "1"})

    def note(self, bucket: int, key: str) -> None:
        """Remembers that the key has just been written."""
        if self.interval_seconds <= 0:
            return
        with self._lock:
            self._last[bucket, key] = time.monotonic()
            self._last.move_to_end((bucket, key))
            while len(self._last) > _REMEMBERED:
                self._last.popitem(last=False)
