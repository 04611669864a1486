"""What is known of a local database: which version of the bucket it was equal to, and when that can still be said.

The baseline lies in a file beside the database (`.sync/{name}.json`), tied to that very file. Whether a change waits
for its upload is not noted anywhere but derived: the content has another hash than the baseline. So nothing can forget
it, neither a crash nor a `kill -9` before the upload, and nothing but the upload of that very content ends it.
"""

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from layout.sync.location import Database, remnants
from layout.sync.snapshot import Snapshot
from layout.whole_file import write_whole

__all__ = [
    "Baseline",
    "FileMark",
    "forget_baseline",
    "let_go",
    "parse_baseline",
    "read_baseline",
    "write_baseline",
]

_ENDING = "json"
# A second name of the file that the baseline is about. Nobody opens it: as long as it is there, no other file can get
# the same inode, which file systems give away again at once.
_SAME_FILE = "same"
# A change within the same tick of the file system's clock leaves the time as it was. Two seconds is the coarsest
# (FAT); a mark that is younger says nothing, and the contents are compared.
_SETTLED_NS = 2_000_000_000
# An answer that is lost as often in a row means an outage, in which nothing takes effect any more.
_MOST_SENT = 50


@dataclass(frozen=True)
class FileMark:
    """By what a file is known to be as it was, without reading it.

    Attributes:
        inode: Of the database: another one is another file.
        files: Size in bytes and time of change in nanoseconds, of the database and of its write-ahead log.
        is_settled: Whether any change after this look would show in another one.
    """

    inode: int
    files: tuple[tuple[int, int], tuple[int, int]]
    is_settled: bool

    @classmethod
    def of(cls, path: Path) -> "FileMark | None":
        """The mark of a database as it is now; None if there is none."""
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        log = next(remnants(path))
        try:
            kept = log.stat()
        except FileNotFoundError:
            kept = None
        # An empty log is that of a reader, and goes with it.
        tail = (kept.st_size, kept.st_mtime_ns) if kept and kept.st_size else (0, 0)
        age = time.time_ns() - max(found.st_mtime_ns, tail[1])
        return cls(found.st_ino, ((found.st_size, found.st_mtime_ns), tail), age > _SETTLED_NS)


class Baseline(BaseModel):
    """The version of the bucket that a local database was equal to.

    Attributes:
        user_id: The owner, so that the file alone says which database it is about.
        profile_id: The owner's profile.
        name: Path in the profile.
        e_tag: Version of the object; None: the bucket said that there is none.
        version: Number of that version, for people.
        sha256: Of the content, as `layout.sync.snapshot.Snapshot` has it; empty if nothing was compared.
        sent: Hashes of the contents that were sent since, whose answers nobody knows: if the bucket has one of them, it
            is this machine's own upload and no other writer's.
        lost: Hash of a content that lost a conflict and is kept in `{env}/backups/`: it may be replaced.
        inode: Of the database.
        mark: Mark of the file when its content was compared, if it was settled then.
        kept_until: Up to when the versions that may be set aside for history are spent, in seconds since 1970.
    """

    model_config = ConfigDict(frozen=True)

    user_id: str
    profile_id: str
    name: str
    e_tag: str | None
    version: int
    sha256: str
    sent: tuple[str, ...] = ()
    lost: str = ""
    inode: int
    mark: tuple[tuple[int, int], tuple[int, int]] | None = None
    kept_until: float = 0.0

    @classmethod
    def of(
        cls,
        database: Database,
        mark: FileMark,
        *,
        e_tag: str | None,
        version: int,
        sha256: str,
        kept_until: float = 0.0,
    ) -> Self:
        """The baseline of a database whose content was read after this mark was taken."""
        return cls(
            user_id=database.user_id,
            profile_id=database.profile_id,
            name=database.name,
            e_tag=e_tag,
            version=version,
            sha256=sha256,
            inode=mark.inode,
            mark=mark.files if mark.is_settled else None,
            kept_until=kept_until,
        )

    def sending(self, sha256: str) -> Self:
        """The baseline before this content is sent; of those before it the newest are kept."""
        kept = [one for one in self.sent if one != sha256][-_MOST_SENT:]
        return self.model_copy(update={"sent": (*kept, sha256)})

    def is_of(self, mark: FileMark) -> bool:
        """Whether the file is known to be as it was when it was compared, without reading it."""
        return mark.inode == self.inode and mark.files == self.mark

    def is_about(self, content: Snapshot, mark: FileMark, *, held: bool) -> bool:
        """Whether this is the baseline of that file, and not of one that was there before it.

        Args:
            content: Of the file.
            mark: Of the file.
            held: Whether its inode was kept from being given away: then it is proof. Else a database without a table
                in place of a version is another file, made by somebody who found none.
        """
        if content.sha256 in {self.sha256, self.lost}:
            return True
        made_anew = content.is_empty and self.e_tag is not None and not held
        return bool(self.sha256 or self.e_tag is None) and mark.inode == self.inode and not made_anew


def read_baseline(database: Database) -> Baseline | None:
    """The baseline of a database; None if there is none, or none that can be read."""
    try:
        text = database.beside(_ENDING).read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return parse_baseline(text)


def parse_baseline(text: str) -> Baseline | None:
    """The baseline that a file holds; None if it holds none."""
    try:
        return Baseline.model_validate_json(text)
    except ValidationError:
        return None


def write_baseline(database: Database, baseline: Baseline) -> None:
    """Write the whole baseline or nothing.

    Raises:
        OSError: It cannot be written: the next access compares with the bucket.
    """
    file = database.beside(_ENDING)
    file.parent.mkdir(parents=True, exist_ok=True)
    _hold(database, baseline.inode)
    write_whole(file, baseline.model_dump_json() + "\n")


def let_go(database: Database) -> None:
    """The file of a baseline may go for good."""
    database.beside(_SAME_FILE).unlink(missing_ok=True)


def forget_baseline(database: Database) -> None:
    """Nothing is known of a database any more: the file has gone for good."""
    let_go(database)
    database.beside(_ENDING).unlink(missing_ok=True)


def is_held(database: Database, inode: int) -> bool:
    """Whether a second name keeps this inode."""
    held = FileMark.of(database.beside(_SAME_FILE))
    return held is not None and held.inode == inode


def _hold(database: Database, inode: int) -> None:
    if is_held(database, inode):
        return
    held = database.beside(_SAME_FILE)
    held.unlink(missing_ok=True)
    # Where there are no links, the number alone has to do.
    with contextlib.suppress(OSError):
        os.link(database.path, held)
