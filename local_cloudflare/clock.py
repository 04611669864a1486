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
        self._client_lag = timedelta(0)
        self._listeners: list[Callable[[datetime], object]] = []

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        return datetime.now(UTC) + self._offset

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of real time."""
        return self._offset

    def client_now(self) -> datetime:
        """The time by which clients sign: signatures, presigned URLs and session tokens are judged by it."""
        return self.now() - self._client_lag

    def advance(self, step: timedelta, *, clients_follow: bool = True) -> datetime:
        """Moves the clock forward by `step`.

        Args:
            step: How far.
            clients_follow: Whether the clients' clocks count as moved too, so that what they signed ages.
                False for clients that go on living in real time, which would otherwise be refused as skewed.

        Returns:
            The new time.

        Raises:
            ValueError: The step is negative.
        """
        if step < timedelta(0):
            raise ValueError(f"a clock only advances, and {step!r} is negative: give a step of zero or more")
        with self._lock:
            self._offset += step
            self._client_lag += timedelta(0) if clients_follow else step
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
