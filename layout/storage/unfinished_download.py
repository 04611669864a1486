"""A download beside its place, until it is whole."""

import fcntl
import glob
import hashlib
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from layout.errors import StorageError
from layout.storage.e_tags import md5_of
from layout.storage.stored_object import StoredObject

__all__ = ["UnfinishedDownload"]

_ENDING = ".download"
LONGEST_NAME = 150
"""Bytes: a name in a folder has 255 at most on most disks, and an ETag of R2 up to 38 beside the ending."""


@dataclass(frozen=True)
class Left:
    """What an earlier download left: of which version, and how many bytes."""

    e_tag: str
    size: int


class UnfinishedDownload:
    """The file `.NAME.ETAG.download` beside NAME. Its name tells of which version it is, so it can be gone on with.

    From the first look to the end it is locked: of two downloads to one place one is refused, and none is mixed. Of a
    name that leaves no room for an ETag, the SHA-256 stands for it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        name = os.fsencode(path.name)
        self._name = path.name if len(name) <= LONGEST_NAME else hashlib.sha256(name).hexdigest()
        self._file: BinaryIO | None = None

    def left(self) -> Left | None:
        """What is there of an earlier download; None if nothing is, or bytes of several versions are.

        Raises:
            StorageError: Another download to this place is under way.
        """
        with ExitStack() as others:
            found = [others.enter_context(self._locked(path)) for path in self._paths()]
            if len(found) == 1 and (size := os.fstat(found[0].fileno()).st_size):
                others.pop_all()
                self._file = found[0]
                e_tag = Path(found[0].name).name.removeprefix(f".{self._name}.").removesuffix(_ENDING)
                return Left(f'"{e_tag}"', size)
            for file in found:
                Path(file.name).unlink()
        return None

    def open(self, e_tag: str) -> BinaryIO:
        """The file, for more bytes of the version with this ETag.

        Raises:
            StorageError: As of `left`.
        """
        if self._file is None:
            version = e_tag.strip('"')
            self._file = self._locked(self._path.with_name(f".{self._name}.{version}{_ENDING}"))
        return self._file

    def remove(self) -> None:
        """Removes what was left."""
        if self._file is not None:
            Path(self._file.name).unlink()
        self.close()

    def close(self) -> None:
        """Lets others go on with what is there."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def finish(self, info: StoredObject) -> None:
        """Verifies the file and puts it in its place.

        Raises:
            StorageError: It is not the object.
        """
        assert self._file is not None  # noqa: S101 - opened before
        self._file.flush()
        os.fsync(self._file.fileno())
        written = Path(self._file.name)
        problem = _problem(written, info)
        if problem is not None:
            self.remove()
            raise StorageError(
                f"What was downloaded of {str(info.key)!r} is not the object: {problem}.",
                hint="Download it again; if it is so again, compare the object with its source.",
                key=info.key,
            )
        written.replace(self._path)

    def _locked(self, path: Path) -> BinaryIO:
        file = path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it locked before may have put it in its place, or removed it.
            if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
        except (BlockingIOError, FileNotFoundError):
            pass
        except BaseException:
            file.close()
            raise
        file.close()
        raise StorageError(
            f"The file {str(self._path)!r} is being downloaded already.",
            hint="Wait for the other download, or download to another path.",
        )

    def _paths(self) -> list[Path]:
        """What is there of any version; not what is of a longer name: an ETag has no dot."""
        paths = self._path.parent.glob(f".{glob.escape(self._name)}.*{_ENDING}")
        start = len(f".{self._name}.")
        return [path for path in paths if "." not in path.name[start : -len(_ENDING)] and path.is_file()]


def _problem(file: Path, info: StoredObject) -> str | None:
    size = file.stat().st_size
    if size != info.size:
        return f"it has {size:,} bytes, not {info.size:,}"
    wanted = md5_of(info.e_tag)
    if wanted is not None:
        with file.open("rb") as body:
            found = hashlib.file_digest(body, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if found != wanted:
            return f"its MD5 is not {wanted}"
    return None
