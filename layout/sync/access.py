"""Whether a local copy can be opened as it is, and fetching it if not."""

from layout.errors import DatabaseInUseError, LayoutError
from layout.sync.baseline import FileMark, read_baseline
from layout.sync.exchange import Exchange
from layout.sync.location import Database
from layout.sync.position import Position, look
from layout.sync.states import SyncEvent, SyncState
from layout.sync.tracked import Tracked
from layout.sync.uploads import Uploads

__all__ = ["Access"]


class Access:
    """Makes local copies usable.

    Args:
        exchange: Fetches them.
        uploads: Uploads what is found changed.
        max_age: As of `DatabaseSync`.
    """

    def __init__(self, exchange: Exchange, uploads: Uploads, max_age: float | None) -> None:
        self._exchange = exchange
        self._uploads = uploads
        self._max_age = max_age

    def prepare(self, tracked: Tracked, *, fresh: bool) -> None:
        """As `DatabaseSync.prepare`."""
        if self._is_usable(tracked, fresh=fresh):
            return
        with tracked.access:
            if not self._is_usable(tracked, fresh=fresh):
                self._load(tracked)

    def give_up(self, database: Database) -> None:
        """As `Exchange.give_up`."""
        self._exchange.give_up(database)

    def _is_usable(self, tracked: Tracked, *, fresh: bool) -> bool:
        """Whether it can be opened as it is: from memory only what the file's own mark confirms."""
        with tracked.lock:
            loaded, state, known, asked_at = tracked.loaded, tracked.state, tracked.mark, tracked.asked_at
            busy = tracked.connections > 0
        mark = FileMark.of(tracked.database.path) if loaded else None
        if mark is None:
            return False
        if state is not SyncState.CLEAN:
            return state is not SyncState.CONFLICT
        if fresh or (self._max_age is not None and self._uploads.clock.now() - asked_at >= self._max_age):
            return False
        if busy or (known is not None and (mark.inode, mark.files) == (known.inode, known.files)):
            return True
        return self.notice(tracked)

    def notice(self, tracked: Tracked) -> bool:
        """Look at a file that is not known to be as it was; False if it must be fetched."""
        try:
            local = look(tracked.database)
        except DatabaseInUseError:
            # Its writer is at work, and says so in the end.
            return True
        if local.position is Position.CHANGED:
            self._uploads.request(tracked, written=True)
            return True
        with tracked.lock:
            tracked.mark = local.mark if local.mark and local.mark.is_settled else None
            if local.baseline is not None:
                tracked.version = local.baseline.version
        return local.position is Position.SAME

    def _load(self, tracked: Tracked) -> None:
        try:
            exchanged = self._exchange.fetch(tracked.database)
        except (LayoutError, OSError) as error:
            with tracked.lock:
                tracked.error = error
            raise
        with tracked.lock:
            baseline = read_baseline(tracked.database) if exchanged.baseline is None else exchanged.baseline
            tracked.version = baseline.version if baseline else None
            tracked.asked_at, tracked.mark = self._uploads.clock.now(), None
            tracked.error = exchanged.unanswered or exchanged.conflict or exchanged.in_use or exchanged.stale
            tracked.conflict = exchanged.conflict or tracked.conflict
            tracked.loaded = exchanged.in_use is None
            # A running upload tells itself what it comes to.
            if exchanged.in_use is not None and not tracked.running:
                tracked.move(SyncEvent.LOST)
            elif exchanged.unanswered is None and not tracked.running:
                tracked.move(SyncEvent.RELOADED)
        if exchanged.unanswered is not None:
            self.notice(tracked)
        if exchanged.in_use is not None:
            raise exchanged.in_use
