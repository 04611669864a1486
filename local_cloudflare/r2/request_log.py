"""What has been asked of the S3 endpoint lately. No secrets are in it."""

import threading
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

__all__ = ["RequestLog", "RequestRecord"]


@dataclass(frozen=True)
class RequestRecord:
    """One request and its answer, written down just before the answer is sent.

    Attributes:
        number: Counts up from 1.
        time: When it arrived, by the clock of the local Cloudflare.
        seconds: How long the answer took, without sending it.
        operation: As AWS calls it; empty if none was recognised.
        bytes_in: Body bytes received.
        bytes_out: Body bytes of the answer.
        access_key_id: Of the credential, the parent's for a temporary one; empty if none was recognised.
        scope: What that credential opens.
        status: HTTP status; 0 if the connection was reset on purpose.
        error: S3 code, empty if there was none.
        reason: What the error's text does not tell the client.
        fault: Name of the fault rule that was applied, empty if none.
    """

    number: int
    time: datetime
    seconds: float
    method: str
    operation: str
    bucket: str
    key: str
    bytes_in: int
    bytes_out: int
    access_key_id: str
    scope: str
    status: int
    error: str
    reason: str
    fault: str

    def to_json(self) -> dict[str, Any]:
        """The record for machines, its time as ISO 8601."""
        return asdict(self) | {"time": self.time.isoformat()}


class RequestLog:
    """The latest requests, oldest first. Thread-safe."""

    def __init__(self, size: int) -> None:
        self._lock = threading.Lock()
        self._records: deque[RequestRecord] = deque(maxlen=size)
        self._next = 1

    def add(self, **values: Any) -> None:
        """Appends a record; its number is given here."""
        with self._lock:
            self._records.append(RequestRecord(number=self._next, **values))
            self._next += 1

    def __iter__(self) -> Iterator[RequestRecord]:
        with self._lock:
            return iter(list(self._records))

    def __len__(self) -> int:
        return len(self._records)

    def after(self, number: int) -> list[RequestRecord]:
        """The records that are newer than that number."""
        return [record for record in self if record.number > number]

    def count(self) -> Counter[str]:
        """How often each operation was asked for."""
        return Counter(record.operation for record in self)

    def clear(self) -> None:
        """Forgets all records; numbers go on."""
        with self._lock:
            self._records.clear()
