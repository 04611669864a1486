"""Waiting on the sync side: the names of `_async/waiting`, for threads that may block."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar
from weakref import WeakValueDictionary

__all__ = ["BlockingCalls", "KeyLocks", "in_thread", "sleep", "to_the_end"]

P = ParamSpec("P")
T = TypeVar("T")


def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function returns that blocks until the bucket answers: this very thread waits."""
    return function(*args, **kwargs)


def sleep(seconds: float) -> None:
    """Wait that many seconds."""
    time.sleep(seconds)


def to_the_end(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function returns; nothing cancels a thread."""
    return function(*args, **kwargs)


class BlockingCalls:
    """Blocking calls in a few threads, so that they overlap; the block ends when all of them have.

    The first that fails ends the block with its error; those that have not begun are not made then.
    """

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads)
        self._threads = threads
        self._running: list[Future[Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                while self._running:
                    self._running.pop(0).result()
        finally:
            self._executor.shutdown(cancel_futures=True)

    def begin(self, function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Make the call in a thread; waits until one is free."""
        while len(self._running) >= self._threads:
            self._running.pop(0).result()
        self._running.append(self._executor.submit(function, *args, **kwargs))


class KeyLocks:
    """A lock for each key, for as long as somebody holds or wants it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()

    def of(self, key: str) -> threading.Lock:
        """The lock of a key."""
        return self._locks.setdefault(key, threading.Lock())
