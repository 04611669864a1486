"""Databases of an application: opened here, kept in the bucket."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from layout.errors import DatabaseConflictError, LayoutError, StorageUnavailableError
from layout.mirror.paths import DATABASE_NAME
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.sync.access import Access
from layout.sync.agenda import Clock
from layout.sync.conflict_log import log_size
from layout.sync.durability import Durability
from layout.sync.exchange import Exchange
from layout.sync.file_locks import shared
from layout.sync.install import OPEN
from layout.sync.local_databases import local_databases
from layout.sync.location import Database, locate
from layout.sync.position import Position, look
from layout.sync.recorder import Recorder, current_recorder, recording
from layout.sync.states import DatabaseStatus, SyncState
from layout.sync.tracked import Tracked
from layout.sync.uploads import Uploads
from layout.sync.watch import Watch

__all__ = ["DatabaseSync", "Durability"]


class DatabaseSync:
    """The SQLite databases of one environment on this machine. Safe to share between threads; one a process.

    Args:
        storage: The bucket.
        profiles: The registry, asked before a database is made in the bucket; None asks nobody, so that a database
            of a deleted profile can come back.
        base: Of the local mirror; None means `layout.mirror.paths.user_data_base()`.
        durability: When the end of a `connection` returns that has written.
        wait_seconds: How long it waits at most, with `Durability.WAIT`.
        max_age: After how many seconds an access asks the bucket whether there is a newer version; None: at the
            first access of this process, and after a conflict.
        keep: How many replaced versions are kept in the backups: that many at once, and that many a day from then
            on, each for one more request; `layout.sync.history` says why. 0 keeps none.
        threads: How many databases are uploaded at once.
        clock: What time it is.
    """

    def __init__(
        self,
        storage: R2Storage,
        *,
        profiles: ProfileStore | None,
        base: str | os.PathLike[str] | None = None,
        durability: Durability = Durability.WAIT,
        wait_seconds: float = 60.0,
        max_age: float | None = None,
        keep: int = 0,
        threads: int = 4,
        clock: Clock | None = None,
    ) -> None:
        self.durability = durability
        self._environment = storage.environment
        self._base = base
        self._wait_seconds = wait_seconds
        exchange = Exchange(storage, profiles, keep=keep)
        self._uploads = Uploads(exchange, threads, clock or Clock())
        self._access = Access(exchange, self._uploads, max_age)
        self._lock = threading.Lock()
        self._tracked: dict[Database, Tracked] = {}
        self._named: dict[tuple[str, str, str], Tracked] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def connection(
        self,
        user_id: str,
        profile_id: str,
        name: str = DATABASE_NAME,
        *,
        recorder: Recorder | None = None,
        fresh: bool = False,
        **options: Any,
    ) -> Iterator[sqlite3.Connection]:
        """A connection to the database, which is closed in the end: committed, or rolled back after an error.

        If it has written, the change is uploaded: by the recorder's owner, at the end of the request, if there is a
        recorder; else at once, and with `Durability.WAIT` this returns when the bucket has confirmed it.

        Args:
            user_id: The owner.
            profile_id: The owner's profile; what is current in the context plays no part.
            name: Path in the profile.
            recorder: Of this request; None means the current one, if there is any.
            fresh: Ask the bucket for a newer version first.
            options: For `sqlite3.connect`.

        Raises:
            LayoutError: As of `prepare`; and with `Durability.WAIT`, without a recorder: what `flush` comes to. The
                change is committed on this machine then.
        """
        tracked = self._find(user_id, profile_id, name)
        self._access.prepare(tracked, fresh=fresh)
        path = tracked.database.path
        watch, since = Watch(path), 0
        try:
            with (
                self._opened(tracked) as since,
                watch,
                contextlib.closing(sqlite3.connect(path, **options)) as connection,
            ):
                try:
                    with connection:
                        yield connection
                finally:
                    watch.count(connection)
        except BaseException:
            # What was committed before the error is a change like any other.
            self._written(tracked, recorder, watch, since, wait=False)
            raise
        self._written(tracked, recorder, watch, since, wait=self.durability is Durability.WAIT)

    def prepare(
        self, user_id: str, profile_id: str, name: str = DATABASE_NAME, *, fresh: bool = False
    ) -> DatabaseStatus:
        """Make the local copy usable: fetch it at the first access, after a conflict, or if it is gone.

        Costs one request then, and otherwise none and no more than a look at the file's size and time. It blocks:
        from asyncio, `await asyncio.to_thread(databases.prepare, user_id, profile_id)`.

        Args:
            user_id: The owner.
            profile_id: The owner's profile.
            name: Path in the profile.
            fresh: Ask the bucket in any case, unless a change waits for its upload.

        Raises:
            NoProfileError: The bucket has no such database, and the registry no such profile.
            DatabaseInUseError: After a conflict, a connection that was open before is open still.
            LayoutError: The bucket does not answer, and there is no copy; or what it has is damaged. Never is an
                empty database made then.
        """
        tracked = self._find(user_id, profile_id, name)
        self._access.prepare(tracked, fresh=fresh)
        return tracked.status()

    def recording(self) -> contextlib.AbstractContextManager[Recorder]:
        """A block that is one request: what its connections write is uploaded once, by its recorder's `flush`.

        In the end of the block the recorder flushes what it still holds, and waits for nothing.
        """
        return recording(Recorder(self._upload))

    def flush(self, user_id: str, profile_id: str, name: str = DATABASE_NAME) -> "Future[DatabaseStatus]":
        """Upload what is in the database now; nothing is sent if the bucket has it.

        Returns:
            The status after the upload, or the error of its first attempt; `DatabaseConflictError` if another writer
            was first. After any other error it is tried again by itself.
        """
        return self._uploads.request(self._find(user_id, profile_id, name))

    def state_of(self, user_id: str, profile_id: str, name: str = DATABASE_NAME) -> DatabaseStatus:
        """How the database stands, without any request."""
        return self._find(user_id, profile_id, name).status()

    def states(self) -> list[DatabaseStatus]:
        """How every database stands that this process has met."""
        return [tracked.status() for tracked in self._all()]

    def take_conflict(
        self, user_id: str, profile_id: str, name: str = DATABASE_NAME
    ) -> DatabaseConflictError | None:
        """The last conflict that nobody has taken: whoever takes it tells the user."""
        tracked = self._find(user_id, profile_id, name)
        with tracked.lock:
            conflict, tracked.conflict = tracked.conflict, None
        return conflict

    def recover(self) -> "list[Future[DatabaseStatus]]":
        """Upload what an earlier process has left on this machine: to be called at the start."""
        left = []
        for database in local_databases(self._environment, self._base):
            with contextlib.suppress(LayoutError, OSError):
                if look(database).position is not Position.CHANGED:
                    continue
            tracked = self._find(database.user_id, database.profile_id, database.name)
            left.append(self._uploads.request(tracked, written=True))
        return left

    def forget(self, user_id: str, profile_id: str) -> None:
        """Take the copies of a deleted profile from this machine, and everything that is known of them.

        To be called after the profile's deletion, on each machine; one that is not told finds out at the next access
        or upload. What was never uploaded goes to the backups.

        Raises:
            StorageError: The profile exists.
            DatabaseInUseError: One of them is open.
        """
        met = {tracked.database for tracked in self._all()} | set(
            local_databases(self._environment, self._base)
        )
        for database in sorted(met, key=str):
            if (database.user_id, database.profile_id) == (user_id, profile_id):
                self._access.give_up(database)
                with self._lock:
                    self._tracked.pop(database, None)
                    self._named = {name: one for name, one in self._named.items() if one.database != database}

    def drain(self, seconds: float) -> list[DatabaseStatus]:
        """Upload everything that waits, the databases of all users and profiles, for that long at most.

        Returns:
            What is not in the bucket then.
        """
        for tracked in self._all():
            if tracked.loaded and tracked.state is SyncState.CLEAN:
                # Written by a connection that was opened elsewhere.
                with contextlib.suppress(LayoutError, OSError):
                    self._access.notice(tracked)
        return self._uploads.drain(self._all(), seconds)

    def close(self, seconds: float = 10.0) -> list[DatabaseStatus]:
        """Drain, then end the threads. What is returned waits on this machine, for the next start."""
        left = self.drain(seconds)
        self._uploads.close(self._all())
        return left

    def _find(self, user_id: str, profile_id: str, name: str) -> Tracked:
        named = (user_id, profile_id, name)
        with self._lock:
            if (known := self._named.get(named)) is not None:
                return known
        database = locate(user_id, profile_id, name, environment=self._environment, base=self._base)
        with self._lock:
            return self._named.setdefault(named, self._tracked.setdefault(database, Tracked(database)))

    def _all(self) -> list[Tracked]:
        with self._lock:
            return list(self._tracked.values())

    def _upload(self, database: Database, since: int | None) -> "Future[DatabaseStatus]":
        tracked = self._find(database.user_id, database.profile_id, database.name)
        return self._uploads.request(tracked, written=True, since=since)

    @contextlib.contextmanager
    def _opened(self, tracked: Tracked) -> Iterator[int]:
        """Gives the size of the conflict log: nothing takes the file's place in the block, but its content may lose."""
        with shared(tracked.database.beside(OPEN)):
            with tracked.lock:
                tracked.connections += 1
            try:
                yield log_size(tracked.database)
            finally:
                with tracked.lock:
                    tracked.connections -= 1

    def _written(
        self, tracked: Tracked, recorder: Recorder | None, watch: Watch, size: int, *, wait: bool
    ) -> None:
        if not watch.changed:
            return
        since = size if watch.changed_here else None
        recorder = recorder or current_recorder()
        if recorder is not None:
            self._uploads.note(tracked)
            recorder.note(tracked.database, since)
            return
        future = self._uploads.request(tracked, written=True, since=since)
        if not wait:
            return
        try:
            future.result(self._wait_seconds)
        except TimeoutError:
            if future.done():
                raise
            raise StorageUnavailableError(
                f"The upload of the database {str(tracked.database)!r} has taken more than {self._wait_seconds:g} s.",
                hint="The change is on this machine, and its upload goes on by itself.",
                key=tracked.database.key,
            ) from None
