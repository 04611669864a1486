"""A history of writes that a bucket acknowledged, and whether what is there now can follow from it.

One writer a key at a time: then the order of its writes is the order in which they were sent. A write without an answer
may have taken effect or not, until the next one of the same key is acknowledged.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["History", "Observed"]


@dataclass(frozen=True)
class Write:
    """One write: the SHA-256 of the body, which no other write has, or None for a delete."""

    body: str | None
    acknowledged: bool


@dataclass
class History:
    """Writes by key, in the order in which they were sent. Threads may share it."""

    writes: dict[str, list[Write]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, key: str, body: str | None, *, acknowledged: bool) -> None:
        """Notes a write that has ended."""
        with self._lock:
            self.writes.setdefault(key, []).append(Write(body, acknowledged))

    @property
    def acknowledged(self) -> int:
        """How many writes were acknowledged."""
        with self._lock:
            return sum(write.acknowledged for writes in self.writes.values() for write in writes)

    def faults(self, found: Mapping[str, str]) -> list[str]:
        """What cannot follow from the history, a line for each key; `found` are bodies by key."""
        lines = [f"{key!r} was never written" for key in found.keys() - self.writes.keys()]
        for key, writes in self.writes.items():
            body = found.get(key)
            possible = _last_versions(writes)
            if body in possible:
                continue
            if body is None:
                lines.append(f"{key!r} is lost")
            elif None in possible:
                lines.append(f"{key!r} is there again although it was deleted")
            elif any(write.body == body for write in writes):
                lines.append(f"{key!r} is an older version")
            else:
                lines.append(f"{key!r} is what nobody wrote")
        return sorted(lines)


def _last_versions(writes: list[Write]) -> set[str | None]:
    """What may be there: the last acknowledged write, or one after it that had no answer."""
    last = max((number for number, write in enumerate(writes) if write.acknowledged), default=None)
    if last is None:
        return {None, *(write.body for write in writes)}
    return {write.body for write in writes[last:]}


@dataclass
class Observed:
    """What was seen of a side that follows the writes: it may be behind, but never goes back.

    Attributes:
        history: Of the side that is followed.
        faults: What cannot be, a line for each sight of it.
    """

    history: History
    faults: list[str] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)

    def see(self, found: Mapping[str, str]) -> None:
        """Compares what is there now, bodies by key, with what was there before."""
        for key, body in found.items():
            writes = list(self.history.writes.get(key, ()))
            number = next((number for number, write in enumerate(writes) if write.body == body), None)
            if number is None:
                # A write is noted once it was answered; it may be seen, and followed, before that.
                continue
            if number < self._seen.get(key, 0):
                self.faults.append(f"{key!r} went back to an older version")
            self._seen[key] = number
        for key in self._seen.keys() - found.keys():
            writes = list(self.history.writes[key])
            if all(write.body is not None for write in writes[self._seen[key] :]):
                self.faults.append(f"{key!r} was taken away although nobody deleted it")
