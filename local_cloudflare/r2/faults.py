"""Faults on purpose: what a network or an overloaded R2 does to a client, by rule."""

import fnmatch
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error

__all__ = ["FaultAction", "FaultRule", "Faults"]


class FaultAction(StrEnum):
    """What happens to a request that a rule matches."""

    ERROR_BEFORE = "error-before"
    """An error; nothing has been done."""
    ERROR_AFTER = "error-after"
    """An error, although all has been done: the lost answer of a write."""
    RESET = "reset"
    """The connection is reset before anything is done."""
    RESET_AFTER = "reset-after"
    """The connection is reset although all has been done."""
    TRUNCATE = "truncate"
    """The answer's body ends early."""
    DELAY = "delay"
    """The answer comes late."""


_ERRORS = {
    429: ErrorKind.TOO_MANY_REQUESTS,
    500: ErrorKind.INTERNAL_ERROR,
    503: ErrorKind.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True)
class FaultRule:
    """Which requests, and what happens to them.

    Attributes:
        action: What happens.
        operation: Pattern (as of a shell) for the operation's name.
        key: Pattern for the key; operations without a key have the key "".
        first: The first matching request that is hit, counted from 1.
        every: Which ones from then on: 1 is each of them, 20 every twentieth.
        spared: Matching requests a second that go through all the same; None is none. A busy bucket.
        times: How many are hit; None is all of those.
        status: 429, 500 or 503, for the two error actions.
        retry_after: Seconds in `Retry-After`, if any.
        seconds: How long `DELAY` waits.
        keep_bytes: How many bytes of the body `TRUNCATE` lets through.
        name: What the request log calls it.
    """

    action: FaultAction
    operation: str = "*"
    key: str = "*"
    first: int = 1
    every: int = 1
    spared: int | None = None
    times: int | None = 1
    status: int = 500
    retry_after: int | None = None
    seconds: float = 0.0
    keep_bytes: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        if self.status not in _ERRORS:
            raise ValueError(f"a fault answers {sorted(_ERRORS)}, not {self.status!r}: choose one of those")
        if self.first < 1:
            raise ValueError(f"requests are counted from 1, not from {self.first!r}")
        if self.every < 1:
            raise ValueError(f"every request is 1, every twentieth 20, not {self.every!r}")
        if self.spared is not None and self.spared < 1:
            raise ValueError(f"1 request or more a second is spared, not {self.spared!r}")

    def error(self) -> S3Error:
        """The error that the client gets."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return S3Error(_ERRORS[self.status], headers=headers, reason="fault on purpose")

    def matches(self, operation: str, key: str) -> bool:
        """Whether the rule is about that request."""
        return fnmatch.fnmatchcase(operation, self.operation) and fnmatch.fnmatchcase(key, self.key)


@dataclass
class _Counted:
    rule: FaultRule
    seen: int = field(default=0)
    spared_at: deque[float] = field(default_factory=deque)

    def hit(self) -> bool:
        if self.rule.spared is not None and self._spare(self.rule.spared):
            return False
        self.seen += 1
        hits, between = divmod(self.seen - self.rule.first, self.rule.every)
        return hits >= 0 and not between and (self.rule.times is None or hits < self.rule.times)

    def _spare(self, most: int) -> bool:
        now = time.monotonic()
        while self.spared_at and now - self.spared_at[0] >= 1:
            self.spared_at.popleft()
        if len(self.spared_at) >= most:
            return False
        self.spared_at.append(now)
        return True


class Faults:
    """The rules in force. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[_Counted] = []

    def add(self, rule: FaultRule) -> None:
        """Puts a rule in force, with its count at zero."""
        with self._lock:
            self._rules.append(_Counted(rule))

    def clear(self) -> None:
        """Ends all rules."""
        with self._lock:
            self._rules.clear()

    def __iter__(self) -> Iterator[FaultRule]:
        with self._lock:
            return iter([counted.rule for counted in self._rules])

    def take(self, operation: str, key: str) -> FaultRule | None:
        """The first rule that hits this request; counts it in every rule that matches."""
        if not self._rules:
            return None
        with self._lock:
            matching = [counted for counted in self._rules if counted.rule.matches(operation, key)]
            hits = [counted.rule for counted in matching if counted.hit()]
        return hits[0] if hits else None
