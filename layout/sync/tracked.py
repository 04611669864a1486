"""What this process remembers of a database: its state, and the upload that has its turn next. Never what is in it."""

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from layout.errors import DatabaseConflictError
from layout.sync.baseline import FileMark
from layout.sync.location import Database
from layout.sync.states import SYNC_LIFE, DatabaseStatus, SyncEvent, SyncState

__all__ = ["Tracked", "Waiter"]


@dataclass(frozen=True)
class Waiter:
    """Somebody who asked for an upload.

    Attributes:
        future: What the upload comes to.
        since: Size of the conflict log when the change began; None for somebody who has changed nothing.
    """

    future: "Future[DatabaseStatus]" = field(default_factory=Future)
    since: int | None = None


class Tracked:
    """One database of this process.

    Attributes:
        database: Which.
        lock: Held while one of the others is read or changed, never during a request.
        access: Held by whoever fetches it.
        state: Its state.
        version: Number of the version that the local copy began with.
        error: Why the last attempt failed.
        conflict: The last conflict that nobody took.
        loaded: Whether this process may read the local copy without asking the bucket.
        asked_at: When the bucket was asked last, by the clock of the uploads.
        connections: How many connections are open here; each tells in the end whether it has written.
        mark: By which the local copy is known to be clean without reading it.
        waiting: Who is told by the next upload; nobody, if none was asked for.
        running: Whether an upload runs.
        rewritten: Whether it was written since that upload began.
        ticket: Number of the turn that counts; earlier ones are over.
        attempts: Failed ones in a row.
        next_upload: When the next upload may begin: R2 takes one write a second on a key.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.lock = threading.RLock()
        self.access = threading.Lock()
        self.state = SyncState.CLEAN
        self.version: int | None = None
        self.error: Exception | None = None
        self.conflict: DatabaseConflictError | None = None
        self.loaded = False
        self.asked_at = 0.0
        self.connections = 0
        self.mark: FileMark | None = None
        self.waiting: list[Waiter] = []
        self.running = False
        self.rewritten = False
        self.ticket = 0
        self.attempts = 0
        self.next_upload = 0.0

    def move(self, event: SyncEvent) -> None:
        """Go to the state that the table names; an event that it does not name here is an error of this package."""
        self.state = SYNC_LIFE.states_before(event)[self.state]

    def status(self) -> DatabaseStatus:
        """How it stands."""
        with self.lock:
            return DatabaseStatus(
                self.database.user_id,
                self.database.profile_id,
                self.database.name,
                self.state,
                self.version,
                self.error,
                self.conflict,
            )
