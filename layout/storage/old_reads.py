"""How often an old layout was needed."""

import logging
import threading

from layout.times import utc_now

__all__ = ["OldReads"]

logger = logging.getLogger("layout.storage.old_layout")


class OldReads:
    """How often this process was answered by the old layout; safe to share between threads.

    Attributes:
        count: Objects and heads that were read from old keys, URLs made for them, and listings that showed any.
        last_at: When that was the case last, ISO 8601 in UTC by the clock of this machine; None if never.
    """

    def __init__(self) -> None:
        self.count = 0
        self.last_at: str | None = None
        self._lock = threading.Lock()

    def add(self, new: str, old: str) -> None:
        """Counts one, and logs it."""
        with self._lock:
            self.count += 1
            self.last_at = utc_now()
            count = self.count
        logger.info("%r was read from the old layout at %r, the %d. time in this process", new, old, count)
