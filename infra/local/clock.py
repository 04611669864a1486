"""The time of the local Cloudflare: real time plus an offset that tests and users may advance."""

import threading
from collections.abc import Callable
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
        self._listeners: list[Callable[[datetime], object]] = []

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
            listeners = list(self._listeners)
        now = self.now()
        for listener in listeners:
            listener(now)
        return now

    def subscribe(self, listener: Callable[[datetime], object]) -> Callable[[], None]:
        """Calls `listener` with the new time after each `advance`.

        Returns:
            A function that ends this.
        """
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe
