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
from layout.sync.conflict_log import conflict_since
from layout.sync.exchange import Exchange
from layout.sync.exchanged import Exchanged
from layout.sync.states import DatabaseStatus, SyncEvent, SyncState
from layout.sync.tracked import Tracked, Waiter

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

    def request(
        self, tracked: Tracked, *, written: bool = False, since: int | None = None
    ) -> "Future[DatabaseStatus]":
        """Ask for an upload of what is in the database now; nothing is sent if the bucket has it.

        Args:
            tracked: Which.
            written: Whether a change is known, and not only possible.
            since: Size of the conflict log when that change began (`layout.sync.conflict_log`).

        Returns:
            What the first attempt comes to: the status, or the error of `Exchange.push`. A later attempt of its own
            accord changes the state alone.
        """
        with tracked.lock:
            if written:
                self.note(tracked)
            waiter = Waiter(since=since)
            if self._closed:
                waiter.future.set_exception(_closed(tracked))
                return waiter.future
            tracked.waiting.append(waiter)
            if not tracked.running:
                self._schedule(tracked, self.clock.now())
            return waiter.future

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
                waiting, tracked.waiting = tracked.waiting, []
            _refuse([one for one in waiting if one.future.set_running_or_notify_cancel()], _closed(tracked))

    def _schedule(self, tracked: Tracked, when: float) -> None:
        tracked.ticket += 1
        self._agenda.add(max(when, tracked.next_upload), partial(self._run, tracked, tracked.ticket))

    def _run(self, tracked: Tracked, ticket: int) -> None:
        with tracked.lock:
            if ticket != tracked.ticket or tracked.running or not tracked.waiting:
                return
            # Whoever was cancelled, as a request whose client has gone, is told nothing; the upload goes on.
            waiting = [one for one in tracked.waiting if one.future.set_running_or_notify_cancel()]
            tracked.waiting, tracked.running, tracked.rewritten = [], True, False
            tracked.move(SyncEvent.STARTED)
        try:
            exchanged = self._exchange.push(tracked.database)
            self._done(tracked, exchanged)
        except (LayoutError, OSError) as error:
            self._failed(tracked, error)
            _refuse(waiting, error)
        except BaseException as error:
            # A fault of this package: whoever waits must hear of it.
            _refuse(waiting, error)
            self._failed(tracked, error)
            raise
        else:
            if refused := exchanged.conflict or exchanged.in_use:
                _refuse(waiting, refused)
            else:
                _tell(waiting, tracked)

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
            if tracked.waiting:
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
            if tracked.waiting:
                self._schedule(tracked, self.clock.now())
                return
            if isinstance(error, NoProfileError):
                # Trying again would be asking for the profile to come back.
                return
            tracked.waiting = [Waiter()]
            pause = min(LAST_RETRY, FIRST_RETRY * 2 ** (tracked.attempts - 1))
            spread = random.uniform(0.5, 1)  # noqa: S311 - spreads retries
            self._schedule(tracked, self.clock.now() + pause * spread)


def _refuse(waiting: list[Waiter], error: BaseException) -> None:
    for waiter in waiting:
        waiter.future.set_exception(error)


def _tell(waiting: list[Waiter], tracked: Tracked) -> None:
    """Success, but for those whose change lost in an upload of somebody else."""
    for waiter in waiting:
        lost = None if waiter.since is None else conflict_since(tracked.database, waiter.since)
        if lost is None:
            waiter.future.set_result(tracked.status())
            continue
        with tracked.lock:
            tracked.conflict = tracked.conflict or lost
        waiter.future.set_exception(lost)


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
