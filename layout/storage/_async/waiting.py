"""Waiting on the async side: threads for calls that block. Its twin is `_sync/waiting`."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar
from weakref import WeakValueDictionary

__all__ = ["BlockingCalls", "KeyLocks", "in_thread", "sleep", "to_the_end"]

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function returns that blocks until the bucket answers; the event loop goes on meanwhile."""
    return await asyncio.to_thread(function, *args, **kwargs)


async def sleep(seconds: float) -> None:
    """Wait that many seconds."""
    await asyncio.sleep(seconds)


async def to_the_end(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As `in_thread`, and waits for the end also if the task is cancelled meanwhile, which then takes effect."""
    ending = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    cancelled: asyncio.CancelledError | None = None
    while not ending.done():
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return ending.result()


class BlockingCalls:
    """Blocking calls in a few threads, so that they overlap; the block ends when all of them have.

    The first that fails ends the block with its error; those that have not begun are not made then.
    """

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads)
        self._threads = threads
        self._running: list[Future[Any]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                while self._running:
                    await asyncio.wrap_future(self._running.pop(0))
        finally:
            # Whoever is cancelled here must still not go on while a call may take effect.
            await to_the_end(self._executor.shutdown, cancel_futures=True)

    async def begin(self, function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Make the call in a thread; waits until one is free."""
        while len(self._running) >= self._threads:
            await asyncio.wrap_future(self._running.pop(0))
        self._running.append(self._executor.submit(function, *args, **kwargs))


class KeyLocks:
    """A lock for each key, for as long as somebody holds or wants it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: str) -> asyncio.Lock:
        """The lock of a key."""
        return self._locks.setdefault(key, asyncio.Lock())
