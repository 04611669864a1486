"""What a listing showed, in a temporary SQLite file: the memory of an audit does not grow with the bucket."""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from layout.audit.place import Place

__all__ = ["Expiring", "File", "Inventory", "Month", "Owner", "Sum"]

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE sums (
    environment TEXT, area TEXT, user TEXT, owner TEXT, month TEXT,
    objects INTEGER, bytes INTEGER, oldest TEXT, newest TEXT,
    PRIMARY KEY (environment, area, user, owner, month)
) WITHOUT ROWID;
CREATE TABLE expiring (
    environment TEXT, area TEXT, day TEXT, objects INTEGER, bytes INTEGER, PRIMARY KEY (environment, area, day)
) WITHOUT ROWID;
CREATE TABLE files (
    key TEXT PRIMARY KEY, etag TEXT, size INTEGER, document INTEGER, referred INTEGER DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE registered (
    environment TEXT, user TEXT, profile TEXT, deleted INTEGER, PRIMARY KEY (environment, user, profile)
) WITHOUT ROWID;
CREATE TABLE registries (
    environment TEXT, user TEXT, readable INTEGER, PRIMARY KEY (environment, user)
) WITHOUT ROWID;
CREATE TABLE covered (prefix TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE doubts (
    environment TEXT, area TEXT, user TEXT, owner TEXT, reason TEXT,
    PRIMARY KEY (environment, area, user, owner, reason)
) WITHOUT ROWID;
"""
_PAGE = 500


class File(NamedTuple):
    """An object of the listing whose key the scheme knows: key in NFC, ETag without quotes, bytes."""

    key: str
    etag: str
    size: int


class Sum(NamedTuple):
    """What lies in one place; `oldest` and `newest` as the bucket wrote them; `doubts` are reasons, a line each."""

    place: Place
    objects: int
    bytes: int
    oldest: str
    newest: str
    doubts: str


class Month(NamedTuple):
    """What was written in a month, `2026-11`, and is there still."""

    month: str
    objects: int
    bytes: int


class Expiring(NamedTuple):
    """What ends on a day, `2026-11-28`."""

    environment: str
    area: str
    day: str
    objects: int
    bytes: int


class Owner(NamedTuple):
    """A user, or one of its profiles, and what lies there."""

    environment: str
    user: str
    owner: str
    objects: int
    bytes: int


class Inventory:
    """The temporary file. It is written by the thread that made it.

    Args:
        path: Where; there is no such file yet.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path)
        self._database.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    # --- what the listing shows ---

    def add_sums(self, rows: Iterable[tuple[str | int, ...]]) -> None:
        """Adds to the sums: environment, area, user, owner, month, objects, bytes, oldest, newest."""
        self._database.executemany(
            "INSERT INTO sums VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " objects = objects + excluded.objects, bytes = bytes + excluded.bytes,"
            " oldest = min(oldest, excluded.oldest), newest = max(newest, excluded.newest)",
            rows,
        )

    def add_expiring(self, rows: Iterable[tuple[str | int, ...]]) -> None:
        """Adds what ends: environment, area, day, objects, bytes."""
        self._database.executemany(
            "INSERT INTO expiring VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " objects = objects + excluded.objects, bytes = bytes + excluded.bytes",
            rows,
        )

    def add_files(self, rows: Iterable[tuple[str, str, int, bool]]) -> None:
        """Adds objects of the scheme: key, ETag, bytes, whether the scheme names its content type."""
        self._database.executemany(
            "INSERT OR REPLACE INTO files (key, etag, size, document) VALUES (?, ?, ?, ?)", rows
        )

    # --- what is read afterwards ---

    def documents(self) -> Iterator[File]:
        """The objects whose content type the scheme names."""
        return self._files("document = 1", "")

    def files_ending(self, ending: str) -> Iterator[File]:
        """The objects whose key ends so."""
        return self._files("substr(key, -length(:word)) = :word", ending)

    def files_in(self, prefix: str) -> Iterator[File]:
        """The objects under a prefix."""
        return self._files("key >= :word AND key < :word || char(1114111)", prefix)

    def register(
        self, environment: str, user: str, names: tuple[Iterable[str], Iterable[str]] | None
    ) -> None:
        """Keeps what a user's profiles.json says: the profiles, and those that were deleted; None: unreadable."""
        self._database.execute(
            "INSERT OR IGNORE INTO registries VALUES (?, ?, ?)", (environment, user, names is not None)
        )
        profiles, deleted = names or ((), ())
        rows = [*((name, 0) for name in profiles), *((name, 1) for name in deleted)]
        self._database.executemany(
            "INSERT OR IGNORE INTO registered VALUES (?, ?, ?, ?)",
            [(environment, user, name, gone) for name, gone in rows],
        )

    def refer(self, key: str) -> bool:
        """Something names an object; False if there is none."""
        return self._database.execute("UPDATE files SET referred = 1 WHERE key = ?", (key,)).rowcount > 0

    def cover(self, prefix: str) -> None:
        """All that could name an object under a prefix was asked."""
        self._database.execute("INSERT OR IGNORE INTO covered VALUES (?)", (prefix,))

    def doubt(self, place: Place, reason: str) -> None:
        """A number of a place may be wrong. A place without objects is one from now on."""
        self._database.execute("INSERT OR IGNORE INTO doubts VALUES (?, ?, ?, ?, ?)", (*place, reason))
        self.add_sums([(*place, "", 0, 0, "", "")])

    def doubt_written_since(self, moment: str, reason: str) -> None:
        """Doubts every place in which something was written at a moment or later."""
        self._database.execute(
            "INSERT OR IGNORE INTO doubts SELECT DISTINCT environment, area, user, owner, ? FROM sums"
            " WHERE newest >= ?",
            (reason, moment),
        )

    # --- what is made of it ---

    def sums(self) -> Iterator[Sum]:
        """Every place, in order."""
        for *place, objects, size, oldest, newest, doubts in self._database.execute(
            "SELECT environment, area, user, owner, sum(objects), sum(bytes),"
            " coalesce(min(nullif(oldest, '')), ''), max(newest),"
            " coalesce((SELECT group_concat(reason, char(10)) FROM doubts WHERE"
            " (doubts.environment, doubts.area, doubts.user, doubts.owner)"
            " = (sums.environment, sums.area, sums.user, sums.owner)), '')"
            " FROM sums GROUP BY environment, area, user, owner ORDER BY environment, area, user, owner"
        ):
            yield Sum(Place(*place), objects, size, oldest, newest, doubts)

    def months(self) -> list[Month]:
        """What was written when."""
        query = (
            "SELECT month, sum(objects), sum(bytes) FROM sums WHERE month != '' GROUP BY month ORDER BY month"
        )
        return [Month(*row) for row in self._database.execute(query)]

    def expiring(self) -> list[Expiring]:
        """What ends when."""
        query = "SELECT * FROM expiring ORDER BY day, environment, area"
        return [Expiring(*row) for row in self._database.execute(query)]

    def largest_users(self, most: int) -> list[Owner]:
        """The users with the most bytes, over all areas."""
        query = (
            "SELECT environment, user, '', sum(objects), sum(bytes) FROM sums WHERE user != ''"
            " GROUP BY environment, user ORDER BY 5 DESC, 1, 2 LIMIT ?"
        )
        return [Owner(*row) for row in self._database.execute(query, (most,))]

    def count_users(self) -> int:
        """How many users there are, each environment for itself."""
        query = "SELECT count(*) FROM (SELECT DISTINCT environment, user FROM sums WHERE user != '')"
        (count,) = self._database.execute(query).fetchone()
        return int(count)

    def users_without_registry(self, areas: tuple[str, ...]) -> Iterator[Owner]:
        """Users with objects in these areas, whose profiles.json is not there; `owner`: their profile if it is one."""
        marks = ", ".join("?" * len(areas))
        query = (
            "SELECT environment, user, CASE count(DISTINCT nullif(owner, '')) WHEN 1 THEN max(owner) ELSE '' END,"  # noqa: S608
            " sum(objects), sum(bytes) FROM sums"
            f" WHERE area IN ({marks}) AND objects > 0 AND (environment, user) NOT IN"
            " (SELECT environment, user FROM registries)"
            " GROUP BY environment, user ORDER BY environment, user"
        )
        for row in self._database.execute(query, areas):
            yield Owner(*row)

    def profiles_with_objects(self, area: str, *, deleted: bool) -> Iterator[Owner]:
        """Profiles with objects that their registry does not name, or that it names as deleted."""
        query = (
            "SELECT s.environment, s.user, s.owner, sum(s.objects), sum(s.bytes) FROM sums s"
            " LEFT JOIN registered r ON (r.environment, r.user, r.profile) = (s.environment, s.user, s.owner)"
            " WHERE s.area = ? AND s.objects > 0 AND r.deleted IS ?"
            " AND (s.environment, s.user) IN (SELECT environment, user FROM registries WHERE readable)"
            " GROUP BY s.environment, s.user, s.owner ORDER BY s.environment, s.user, s.owner"
        )
        for row in self._database.execute(query, (area, 1 if deleted else None)):
            yield Owner(*row)

    def profiles_without_objects(self, area: str) -> Iterator[Owner]:
        """Profiles that a registry names and that have not a single object."""
        query = (
            "SELECT environment, user, profile, 0, 0 FROM registered r WHERE deleted = 0 AND NOT EXISTS"
            " (SELECT 1 FROM sums s WHERE s.area = ? AND s.objects > 0 AND"
            " (s.environment, s.user, s.owner) = (r.environment, r.user, r.profile))"
            " ORDER BY environment, user, profile"
        )
        for row in self._database.execute(query, (area,)):
            yield Owner(*row)

    def unreferenced(self) -> Iterator[File]:
        """Objects under the covered prefixes that nothing names, each once."""
        last = ""
        for prefix, key, etag, size in self._database.execute(
            "SELECT c.prefix, f.key, f.etag, f.size FROM covered c JOIN files f"
            " ON f.key >= c.prefix AND f.key < c.prefix || char(1114111) AND f.referred = 0"
            " ORDER BY f.key, c.prefix"
        ):
            # Not a doubt about the order: a folder and its sub-folder may both be covered.
            if key != last and key.startswith(prefix):
                last = key
                yield File(key, etag, size)

    def _files(self, condition: str, word: str) -> Iterator[File]:
        """A page at a time, since whoever reads them may change rows meanwhile."""
        last = ""
        while True:
            rows = self._database.execute(
                "SELECT key, etag, size FROM files"  # noqa: S608 - the condition is one of three above
                f" WHERE key > :last AND {condition} ORDER BY key LIMIT :most",
                {"last": last, "word": word, "most": _PAGE},
            ).fetchall()
            if not rows:
                return
            for row in rows:
                yield File(*row)
            last = rows[-1][0]
