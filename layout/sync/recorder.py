"""What a request did to databases, in an object that everybody who serves the request shares.

A value in a context variable is not enough: frameworks run handlers in a copy of the context, and what they set there
the middleware never sees. So the variable holds one mutable object, and is set once, at the edge.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextvars import ContextVar

from layout.sync.location import Database
from layout.sync.states import DatabaseStatus

__all__ = ["Recorder", "current_recorder", "recording"]


class Recorder:
    """The databases that one request has written. Thread-safe.

    Args:
        upload: Asks for the upload of one, given the size of its conflict log when the change began.
    """

    def __init__(self, upload: "Callable[[Database, int | None], Future[DatabaseStatus]]") -> None:
        self._upload = upload
        self._lock = threading.Lock()
        self._written: dict[Database, None] = {}
        self._waiting: dict[Database, int | None] = {}

    def note(self, database: Database, since: int | None) -> None:
        """It was written: whoever ends the request uploads it.

        Args:
            database: Which.
            since: Size of its conflict log when the change began; None if it may be somebody else's change.
        """
        with self._lock:
            self._written[database] = None
            known = [size for size in (since, self._waiting.get(database)) if size is not None]
            self._waiting[database] = min(known, default=None)

    @property
    def written(self) -> tuple[Database, ...]:
        """What was written, in the order of the first write."""
        with self._lock:
            return tuple(self._written)

    def flush(self) -> "list[Future[DatabaseStatus]]":
        """Upload what was written since the last flush, each database once.

        Threads wait by `.result(seconds)`, asyncio by `asyncio.wrap_future`.
        """
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        return [self._upload(database, since) for database, since in waiting.items()]


_current: ContextVar[Recorder | None] = ContextVar("layout_sync_recorder", default=None)


def current_recorder() -> Recorder | None:
    """The recorder of the current request; None outside of one."""
    return _current.get()


@contextlib.contextmanager
def recording(recorder: Recorder) -> Iterator[Recorder]:
    """Make this the current recorder inside the block; in the end what it still holds is uploaded."""
    outer = _current.get()
    _current.set(recorder)
    try:
        yield recorder
    finally:
        # As a value: a token would restore what it remembers, which is another thing.
        _current.set(outer)
        recorder.flush()
