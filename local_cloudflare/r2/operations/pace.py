"""At most one upload or copy a second to one key, as on R2."""

import math
import threading
import time
from collections import OrderedDict

from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.store.models import StoredObject
from local_cloudflare.r2.store.object_table import Check

__all__ = ["Pace"]

_REMEMBERED = 100_000


class Pace:
    """Refuses an upload or copy that follows another one to the same key too soon (429, 10058).

    Sources: CFD r2/reference/optimizing-performance.mdx ("concurrent writes to one key limited to
    1/s"), r2/api/error-codes.mdx. Deletes are not held to it and do not count: the measured reports are of
    uploads (superdesigndev/treg#456), and the lock files of OpenTofu and Pulumi, which are uploaded and
    deleted within the second, work on R2. Counted in real time, not in the clock's: a test that advances the
    clock does not write faster.
    """

    def __init__(self, interval_seconds: float) -> None:
        self.interval_seconds = interval_seconds
        self._lock = threading.Lock()
        self._last: OrderedDict[tuple[int, str], float] = OrderedDict()

    def guard(self, bucket: int, key: str, check: Check) -> Check:
        """A check that refuses also because of the pace, and counts the writes that it lets pass.

        It runs inside the transaction of the write, so of two writers at once one is refused.
        """
        if self.interval_seconds <= 0:
            return check

        def guarded(current: StoredObject | None) -> None:
            now = time.monotonic()
            with self._lock:
                last = self._last.get((bucket, key))
            if last is not None and now - last < self.interval_seconds:
                raise S3Error(
                    ErrorKind.TOO_MANY_REQUESTS, headers={"Retry-After": self._retry_after(now - last)}
                )
            check(current)
            self._note(bucket, key, now)

        return guarded

    def _retry_after(self, elapsed: float) -> str:
        return str(max(1, math.ceil(self.interval_seconds - elapsed)))

    def _note(self, bucket: int, key: str, now: float) -> None:
        with self._lock:
            self._last[bucket, key] = now
            self._last.move_to_end((bucket, key))
            while len(self._last) > _REMEMBERED:
                self._last.popitem(last=False)
