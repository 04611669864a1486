"""How many requests of a migration are under way at once, and how many writes begin in a second.

Every request of a migration asks one `Pace`: those of boto3 by hooks on its client, each repetition of a refused one
included, and copies through obstore before each attempt, since the store that copies repeats nothing itself. Bodies
that obstore reads for `verify --deep` are outside: it goes on inside a body that broke off, which only it can do.

- What the bucket is too busy for (429, 5xx, no answer) halves what is under way, and holds everything back for a
  moment that doubles until something is answered. One such answer in many is no sign of a busy bucket (R2 also
  answers 429 to a second write on one key); a fifth of the latest is.
- What it answers well lets one more copy go, once each copy under way had an answer, as long as answers do not become
  slower: more copies at once than the bucket works on only wait there.

docs/migration.md ("How fast") has the arithmetic.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layout.errors import SettingsError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = [
    "BATCH",
    "BATCH_SECONDS",
    "DEFAULT_RATE",
    "FEW_IN_FLIGHT",
    "IN_FLIGHT",
    "MOST_RATE",
    "PART_COPIES",
    "Pace",
]

IN_FLIGHT = 16
"""Threads of boto3, and requests at once before anything is known of the bucket. At R2's usual 50 ms an answer they
make 320 requests a second, about what boto3 manages on one core."""

FEW_IN_FLIGHT = IN_FLIGHT // 4
"""Requests at once about single objects, beside a listing or a reading of documents."""

MOST_IN_FLIGHT = 128
"""Copies at once at most: 2,560 writes a second at 50 ms an answer."""

PART_COPIES = 4
"""Parts at once of one object that is too large to be copied whole (above 4.99 GiB)."""

BATCH = 1_000
"""Objects that are looked at, done and noted together: what R2 shows on a page of a listing, and deletes at once."""

BATCH_SECONDS = 3.0
"""After this time a batch begins nothing more, so that what it did is noted: a run that is killed loses no more."""

DEFAULT_RATE = 3_000
"""Writes a second. A bucket of R2 takes about 4,000 (Cloudflare's R2 docs, `reference/optimizing-performance`), and
the application's own writes share them."""

MOST_RATE = 100_000

_WEIGHT = 1 / 16  # of one answer in the share of refused ones
_BUSY_SHARE = 0.2
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_TURN = 0.01  # seconds between two looks for a free place; rare, since there are no more who copy than places
_BURST = 0.05  # seconds of unused writes that may be made up for
_SLOWER, _MUCH_SLOWER = 1.5, 2.0
_READS = frozenset({"GetObject", "HeadObject", "ListMultipartUploads", "ListObjectsV2", "ListParts"})


class Pace:
    """What all requests to one bucket ask before they are sent. Threads and coroutines may share it.

    Args:
        rate: Writes a second at most, 1 to `MOST_RATE`.
        clock: Seconds, never going back.

    Raises:
        SettingsError: The rate is out of these bounds.
    """

    def __init__(self, rate: int = DEFAULT_RATE, *, clock: Callable[[], float] = time.monotonic) -> None:
        if not 1 <= rate <= MOST_RATE:
            raise SettingsError(f"A rate is 1 to {MOST_RATE:,} writes a second, not {rate:,}.")
        self._seconds_a_write = 1 / rate
        self._clock = clock
        self._lock = threading.Lock()
        self._local = threading.local()
        self._limit = float(IN_FLIGHT)
        self._under_way = 0
        self._full = False
        self._next_write = clock()
        self._share = 0.0
        self._pause = 0.0
        self._held_until = self._reduced_at = clock()
        self._answers, self._measured, self._seconds, self._quickest = 0, 0, 0.0, float("inf")

    @property
    def in_flight(self) -> int:
        """How many requests may be under way now."""
        return int(self._limit)

    def attach(self, client: "S3Client") -> None:
        """Lets each request of a boto3 client wait for its turn, and learns from each answer."""
        client.meta.events.register("before-send.s3", self._before_send)
        client.meta.events.register("needs-retry.s3", self._after_answer)

    def spend(self, writes: int) -> None:
        """Waits until so many writes may begin, for what is more than one write in a request."""
        time.sleep(self.reserve(writes))

    async def begin_write(self) -> float:
        """Waits until a write may be sent; gives when that was. `end` must follow."""
        if delay := self.reserve(1):
            await asyncio.sleep(delay)
        while delay := self.enter():
            await asyncio.sleep(delay)
        return self._clock()

    def reserve(self, writes: int) -> float:
        """Takes the next moment for so many writes; gives the seconds until then."""
        with self._lock:
            now = self._clock()
            due = max(self._next_write, now - _BURST)
            self._next_write = due + writes * self._seconds_a_write
        return max(0.0, due - now)

    def enter(self) -> float:
        """0 if a request may be sent, after which `end` must follow; else the seconds after which to ask again."""
        with self._lock:
            now = self._clock()
            if now < self._held_until:
                return self._held_until - now
            if self._under_way >= self.in_flight:
                return _TURN
            self._under_way += 1
            self._full = self._full or self._under_way >= self.in_flight
            return 0.0

    def end(self, began: float, *, busy: bool, measured: bool = False, retry_after: float = 0.0) -> None:
        """A request was answered, or will not be.

        Args:
            began: When it was sent.
            busy: The bucket was too busy for it, or did not answer.
            measured: How long it took may be compared with others: all of them ask for the same.
            retry_after: Seconds that the answer says to wait.
        """
        with self._lock:
            now = self._clock()
            self._under_way -= 1
            self._share += ((1.0 if busy else 0.0) - self._share) * _WEIGHT
            # What was sent before the last reduction says nothing about the time after it.
            current = began >= self._reduced_at
            if busy:
                if current and self._share > _BUSY_SHARE:
                    self._reduce(now, retry_after)
                return
            if current:
                self._pause = 0.0
            self._answers += 1
            if measured:
                self._measured += 1
                self._seconds += now - began
            if self._answers >= self.in_flight:
                self._adapt()

    def _reduce(self, now: float, retry_after: float) -> None:
        self._limit = max(1.0, self._limit / 2)
        self._pause = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, 2 * self._pause))
        self._reduced_at = self._held_until = now + max(self._pause, retry_after)
        self._forget_answers()

    def _adapt(self) -> None:
        """After as many good answers as there are places: one place more, or fewer."""
        most, mean = float(IN_FLIGHT), 0.0
        if self._measured:
            most, mean = float(MOST_IN_FLIGHT), self._seconds / self._measured
            self._quickest = min(self._quickest, mean)
        if mean > _MUCH_SLOWER * self._quickest:
            # Slowness takes away only what quick answers had given.
            self._limit = max(min(self._limit, IN_FLIGHT), self._limit * 0.9)
        elif self._full and mean <= _SLOWER * self._quickest:
            self._limit = max(self._limit, min(most, self._limit + 1))
        self._forget_answers()

    def _forget_answers(self) -> None:
        self._answers, self._measured, self._seconds, self._full = 0, 0, 0.0, False

    def _before_send(self, event_name: str, **_: Any) -> None:
        if event_name.rpartition(".")[2] not in _READS and (delay := self.reserve(1)):
            time.sleep(delay)
        while delay := self.enter():
            time.sleep(delay)
        self._local.began = self._clock()

    def _after_answer(self, response: tuple[Any, Any] | None, **_: Any) -> None:
        began, self._local.began = getattr(self._local, "began", None), None
        if began is None:
            return
        if response is None:
            self.end(began, busy=True)
            return
        status, wait = response[0].status_code, response[0].headers.get("Retry-After", "")
        busy = status in {408, 429} or (status >= 500 and status != 501)
        self.end(began, busy=busy, retry_after=float(wait) if wait.isdecimal() else 0.0)
