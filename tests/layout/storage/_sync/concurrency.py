"""Calls at once, on the sync side: in threads. Its twin makes them as tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["concurrently"]

T = TypeVar("T")


def concurrently(calls: Iterable[Callable[[], T]]) -> list[T]:
    """Makes all calls at once. Returns what they return, in their order; the first error is raised."""
    wanted = list(calls)
    with ThreadPoolExecutor(max(1, min(64, len(wanted)))) as threads:
        return list(threads.map(lambda call: call(), wanted))
