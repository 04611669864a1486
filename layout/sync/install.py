"""Putting a version of the bucket in the place of a local database: beside it, verified, and only with nothing open."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from layout.errors import DatabaseInUseError, StorageError
from layout.storage.e_tags import md5_of
from layout.storage.stored_object import StoredObject
from layout.sync.baseline import Baseline, FileMark, let_go, write_baseline
from layout.sync.file_locks import exclusive_now
from layout.sync.location import Database, remnants
from layout.sync.snapshot import Snapshot, check_file, take_snapshot
from layout.sync.stamps import CONTENT, version_of

__all__ = ["OPEN", "Downloaded", "downloaded", "install", "is_content_of", "make_empty", "remove"]

OPEN = "open"
"""Ending of the lock that whoever has a database open holds with others."""


@dataclass(frozen=True)
class Downloaded:
    """A verified version of the bucket, in a file beside the database.

    Attributes:
        file: Where it is.
        e_tag: Its version.
        version: Its number.
        content: What is in it.
    """

    file: Path
    e_tag: str
    version: int
    content: Snapshot


@contextmanager
def downloaded(database: Database, found: StoredObject) -> Iterator[Downloaded]:
    """Write a version beside the database and verify it; the file is gone after the block.

    Callers hold the lock for comparing, so what a killed process has left of an earlier one is written over.

    Raises:
        StorageError: It is not what the bucket holds, is damaged, or its two versions differ.
    """
    file = database.beside("part")
    file.parent.mkdir(parents=True, exist_ok=True)
    _clear(file)
    try:
        _write(file, found.body)
        version = _verified(file, found)
        yield Downloaded(file, found.e_tag, version, take_snapshot(file))
    finally:
        for path in (file, *remnants(file)):
            path.unlink(missing_ok=True)


def install(database: Database, new: Downloaded, *, instead_of: str | None) -> Baseline:
    """Swap a version in and write its baseline. Callers hold the lock for comparing.

    Args:
        database: Which.
        new: The version.
        instead_of: Hash of the content that it may replace; None: there was no file.

    Raises:
        DatabaseInUseError: It is open, or was changed in the meantime; nothing was replaced.
    """
    with exclusive_now(database.beside(OPEN), str(database)):
        _refuse_other_content(database, instead_of)
        _clear(database.path)
        # The new file keeps the journal mode of the bucket's image; an application sets its own.
        new.file.replace(database.path)
        _flush_folder(database.path.parent)
        return _note(database, e_tag=new.e_tag, version=new.version, sha256=new.content.sha256)


def _note(database: Database, *, e_tag: str | None, version: int, sha256: str) -> Baseline:
    """Write the baseline of a file that was put there just now, while nobody else may open it."""
    mark = FileMark.of(database.path)
    if mark is None:
        raise DatabaseInUseError(
            f"The database {str(database)!r} was taken away while it was put there.",
            hint="Only r2-layout may put files there; it is fetched again at the next access.",
            key=database.key,
        )
    baseline = Baseline.of(database, mark, e_tag=e_tag, version=version, sha256=sha256)
    write_baseline(database, baseline)
    return baseline


def make_empty(database: Database) -> Baseline:
    """Put an empty database where the bucket has none, with the baseline that says so."""
    database.path.parent.mkdir(parents=True, exist_ok=True)
    with exclusive_now(database.beside(OPEN), str(database)):
        _clear(database.path)
        database.path.touch()
        return _note(database, e_tag=None, version=0, sha256=take_snapshot(database.path).sha256)


def remove(database: Database, *, instead_of: str) -> None:
    """Take away a database that is kept elsewhere; its baseline stays, for whoever reads it.

    Raises:
        DatabaseInUseError: As of `install`.
    """
    with exclusive_now(database.beside(OPEN), str(database)):
        _refuse_other_content(database, instead_of)
        _clear(database.path)
        database.path.unlink(missing_ok=True)
        let_go(database)


def is_content_of(found: StoredObject, content: Snapshot) -> bool:
    """Whether an object is this very content, by what its writer noted."""
    return found.metadata.get(CONTENT) == content.sha256


def _verified(file: Path, found: StoredObject) -> int:
    what = f"The database {str(found.key)!r}"
    if len(found.body) != found.size:
        raise StorageError(
            f"{what} arrived with {len(found.body):,} of {found.size:,} bytes.",
            hint="Try again; nothing was replaced.",
            key=str(found.key),
        )
    digest = md5_of(found.e_tag)
    if digest and hashlib.md5(found.body, usedforsecurity=False).hexdigest() != digest:
        raise StorageError(
            f"{what} arrived with other bytes than its ETag {found.e_tag} says.",
            hint="Try again; nothing was replaced.",
            key=str(found.key),
        )
    inside, outside = check_file(file), version_of(found.metadata)
    if CONTENT in found.metadata and inside is not None and inside != outside:
        raise StorageError(
            f"{what} says that it is version {outside}, and inside it is version {inside}.",
            hint="Somebody uploaded other bytes under its metadata: r2-layout sync restore brings a kept version"
            " back.",
            key=str(found.key),
        )
    # What the old application wrote may lack either, or differ: it raised one without uploading the other.
    return max(inside or 0, outside or 0)


def _refuse_other_content(database: Database, expected: str | None) -> None:
    if not database.path.exists():
        return
    if expected is None or take_snapshot(database.path).sha256 != expected:
        raise DatabaseInUseError(
            f"The database {str(database)!r} was changed while its replacement was fetched.",
            hint="It is compared again at the next access.",
            key=database.key,
        )
    log = next(remnants(database.path))
    # Whoever closes a database last empties its log.
    if log.exists() and log.stat().st_size:
        raise DatabaseInUseError(
            f"The database {str(database)!r} is open in another program: there is a write-ahead log.",
            hint="Close it; the swap is tried again at the next access.",
            key=database.key,
        )


def _clear(path: Path) -> None:
    """A left-over log would be replayed over the new file, and the old tables come back."""
    for left in remnants(path):
        left.unlink(missing_ok=True)


def _write(file: Path, body: bytes) -> None:
    with file.open("wb") as target:
        target.write(body)
        target.flush()
        os.fsync(target.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
