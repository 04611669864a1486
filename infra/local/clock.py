"""The time of the local Cloudflare: real time plus an offset that tests and users may advance."""

import threading
from datetime import UTC, datetime, timedelta

__all__ = ["Clock"]


class Clock:
    """What time it is at the local Cloudflare. Thread-safe.

    Only moves forward: lifecycle rules, credential expiry and upload ages would otherwise see
    objects from the future.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        return datetime.now(UTC) + self._offset

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of real time."""
        return self._offset

    def advance(self, step: timedelta) -> datetime:
        """Moves the clock forward by `step`.

        Returns:
            The new time.

        Raises:
            ValueError: The step is negative.
        """
        if step < timedelta(0):
            raise ValueError(f"a clock only advances, and {step!r} is negative: give a step of zero or more")
        with self._lock:
            self._offset += step
        return self.now()
