"""The uploads of a process: one at a time for each database, always of the newest content, at most one a second.

Whoever asks while one runs gets the one after it, together with everybody else who asks until then. A retry is one more
turn in the same queue. It belongs to the attempt that failed, so a user who does nothing more is served too.
"""

import random
from collections.abc import Iterable
from concurrent.futures import Future, wait
from functools import partial

from layout.errors import (
    DatabaseInUseError,
    LayoutError,
    NoProfileError,
    StorageUnavailableError,
)
from layout.sync.agenda import Agenda, Clock
from layout.sync.exchange import Exchange, Exchanged
from layout.sync.states import DatabaseStatus, SyncEvent, SyncState
from layout.sync.tracked import Tracked

__all__ = ["Uploads"]

BETWEEN_UPLOADS = 1.0
"""Seconds from the end of an upload to the next one of the same database (R2: one write a second on a key)."""
FIRST_RETRY, LAST_RETRY = 1.0, 60.0
"""Seconds to the first retry, doubled each time up to the last; the client has repeated for 45 seconds before."""


class Uploads:
    """Uploads databases in threads of its own.

    Args:
        exchange: Does the uploads.
        threads: How many databases are uploaded at once.
        clock: What time it is.
    """

    def __init__(self, exchange: Exchange, threads: int, clock: Clock) -> None:
        self.clock = clock
        self._exchange = exchange
        self._agenda = Agenda(threads, clock)
        self._closed = False

    def note(self, tracked: Tracked) -> None:
        """It was written, and somebody will ask for its upload."""
        with tracked.lock:
            tracked.move(SyncEvent.WRITTEN)
            tracked.rewritten = True

    def request(self, tracked: Tracked, *, written: bool = False) -> "Future[DatabaseStatus]":
        """Ask for an upload of what is in the database now; nothing is sent if the bucket has it.

        Args:
            tracked: Which.
            written: Whether a change is known, and not only possible.

        Returns:
            What the first attempt comes to: the status, or the error of `Exchange.push`. A later attempt of its own
            accord changes the state alone.
        """
        with tracked.lock:
            if written:
                self.note(tracked)
            if self._closed:
                late: Future[DatabaseStatus] = Future()
                late.set_exception(_closed(tracked))
                return late
            if tracked.waiting is None:
                tracked.waiting = Future()
            if not tracked.running:
                self._schedule(tracked, self.clock.now())
            return tracked.waiting

    def drain(self, all_tracked: Iterable[Tracked], seconds: float) -> list[DatabaseStatus]:
        """Upload what waits, again and again until it is done or the time is over.

        Returns:
            What is neither clean nor of a kind that trying again does not change.
        """
        end = self.clock.now() + seconds
        left = [one for one in all_tracked if _worth_trying(one)]
        while left and (rest := end - self.clock.now()) > 0:
            wait([self.request(one) for one in left], timeout=rest)
            left = [one for one in left if _worth_trying(one)]
        return [one.status() for one in left]

    def close(self, all_tracked: Iterable[Tracked]) -> None:
        """Begin no upload any more, wait for those that run, and tell everybody else who waits."""
        self._closed = True
        self._agenda.close()
        for tracked in all_tracked:
            with tracked.lock:
                future, tracked.waiting = tracked.waiting, None
            if future is not None and not future.done():
                future.set_exception(_closed(tracked))

    def _schedule(self, tracked: Tracked, when: float) -> None:
        tracked.ticket += 1
        self._agenda.add(max(when, tracked.next_upload), partial(self._run, tracked, tracked.ticket))

    def _run(self, tracked: Tracked, ticket: int) -> None:
        with tracked.lock:
            future = tracked.waiting
            if ticket != tracked.ticket or tracked.running or future is None:
                return
            tracked.waiting, tracked.running, tracked.rewritten = None, True, False
            tracked.move(SyncEvent.STARTED)
        try:
            exchanged = self._exchange.push(tracked.database)
        except (LayoutError, OSError) as error:
            self._failed(tracked, error)
            future.set_exception(error)
        except BaseException as error:
            self._failed(tracked, error)
            future.set_exception(error)
            raise
        else:
            self._done(tracked, exchanged)
            if refused := exchanged.conflict or exchanged.in_use:
                future.set_exception(refused)
            else:
                future.set_result(tracked.status())

    def _done(self, tracked: Tracked, exchanged: Exchanged) -> None:
        with tracked.lock:
            refused = exchanged.conflict or exchanged.in_use
            tracked.running, tracked.attempts, tracked.error = False, 0, refused
            tracked.mark = None
            if exchanged.baseline is not None:
                tracked.version = exchanged.baseline.version
            if exchanged.sent:
                tracked.next_upload = self.clock.now() + BETWEEN_UPLOADS
            if refused is not None:
                tracked.conflict, tracked.loaded = exchanged.conflict or tracked.conflict, False
                tracked.move(SyncEvent.LOST)
            else:
                tracked.move(SyncEvent.OVERTAKEN if tracked.rewritten else SyncEvent.UPLOADED)
            if tracked.waiting is not None:
                self._schedule(tracked, self.clock.now())

    def _failed(self, tracked: Tracked, error: BaseException) -> None:
        with tracked.lock:
            tracked.running, tracked.error = False, error if isinstance(error, Exception) else None
            tracked.attempts += 1
            tracked.next_upload = self.clock.now() + BETWEEN_UPLOADS
            later = isinstance(error, StorageUnavailableError | DatabaseInUseError)
            tracked.move(SyncEvent.UNANSWERED if later else SyncEvent.REFUSED)
            if isinstance(error, NoProfileError):
                tracked.loaded = False
            if tracked.waiting is not None:
                self._schedule(tracked, self.clock.now())
                return
            if isinstance(error, NoProfileError):
                # Trying again would be asking for the profile to come back.
                return
            tracked.waiting = Future()
            pause = min(LAST_RETRY, FIRST_RETRY * 2 ** (tracked.attempts - 1))
            spread = random.uniform(0.5, 1)  # noqa: S311 - spreads retries
            self._schedule(tracked, self.clock.now() + pause * spread)


def _worth_trying(tracked: Tracked) -> bool:
    with tracked.lock:
        final = isinstance(tracked.error, NoProfileError) or tracked.state is SyncState.CONFLICT
        return tracked.state is not SyncState.CLEAN and not final


def _closed(tracked: Tracked) -> StorageUnavailableError:
    return StorageUnavailableError(
        f"The database {str(tracked.database)!r} is not uploaded: the sync is closed.",
        hint="The change is on this machine, and is uploaded at the next start: DatabaseSync.recover().",
        key=tracked.database.key,
    )
