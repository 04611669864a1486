"""What has been asked of the control API lately. No secrets are in it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

__all__ = ["ApiLog", "ApiRecord"]


@dataclass(frozen=True)
class ApiRecord:
    """One request that was answered.

    Attributes:
        number: Counts up from 1.
        time: When it was answered, by the clock of the local Cloudflare.
        path: Below `/client/v4/accounts/{account}`, or whole where it names no account.
        status: HTTP status.
        codes: Cloudflare's error numbers; empty for a success.
    """

    number: int
    time: datetime
    method: str
    path: str
    status: int
    codes: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """The record for machines, its time as ISO 8601."""
        return asdict(self) | {"time": self.time.isoformat(), "codes": list(self.codes)}


class ApiLog:
    """The latest requests, oldest first. Thread-safe."""

    def __init__(self, size: int = 10_000) -> None:
        self._lock = threading.Lock()
        self._records: deque[ApiRecord] = deque(maxlen=size)
        self._next = 1

    def add(
        self, *, time: datetime, method: str, path: str, status: int, codes: tuple[int, ...] = ()
    ) -> None:
        """Appends a record; its number is given here."""
        with self._lock:
            self._records.append(ApiRecord(self._next, time, method, path, status, codes))
            self._next += 1

    def __iter__(self) -> Iterator[ApiRecord]:
        with self._lock:
            return iter(list(self._records))

    def after(self, number: int) -> list[ApiRecord]:
        """The records that are newer than that number."""
        return [record for record in self if record.number > number]

    def clear(self) -> None:
        """Forgets all records; numbers go on."""
        with self._lock:
            self._records.clear()
