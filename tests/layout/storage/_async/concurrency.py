"""Calls at once, on the async side: as tasks. Its twin makes them in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

__all__ = ["concurrently"]

T = TypeVar("T")


async def concurrently(calls: Iterable[Callable[[], Awaitable[T]]]) -> list[T]:
    """Makes all calls at once. Returns what they return, in their order; the first error is raised."""

    async def made(call: Callable[[], Awaitable[T]]) -> T:
        return await call()

    return await asyncio.gather(*(made(call) for call in calls))
