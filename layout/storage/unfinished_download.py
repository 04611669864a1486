"""A download beside its place, until it is whole."""

import glob
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from layout.errors import StorageError
from layout.storage.stored_object import StoredObject

__all__ = ["UnfinishedDownload"]

_MD5 = re.compile(r'"([0-9a-f]{32})"')
_ENDING = ".download"


@dataclass(frozen=True)
class Left:
    """What an earlier download left: of which version, and how many bytes."""

    e_tag: str
    size: int


class UnfinishedDownload:
    """The file `.NAME.ETAG.download` beside NAME. Its name tells of which version it is, so it can be gone on with."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Path | None = None

    def left(self) -> Left | None:
        """What is there of an earlier download; None if nothing is, or bytes of several versions are."""
        found = self._files()
        if len(found) != 1 or not found[0].stat().st_size:
            for file in found:
                file.unlink()
            return None
        e_tag = found[0].name.removeprefix(f".{self._path.name}.").removesuffix(_ENDING)
        return Left(f'"{e_tag}"', found[0].stat().st_size)

    def open(self, e_tag: str) -> BinaryIO:
        """The file, for more bytes of the version with this ETag."""
        version = e_tag.strip('"')
        self._file = self._path.with_name(f".{self._path.name}.{version}{_ENDING}")
        return self._file.open("ab")

    def remove(self) -> None:
        """Removes what is there."""
        for file in self._files():
            file.unlink()

    def _files(self) -> list[Path]:
        """What is there of any version; not what is of a longer name: an ETag has no dot."""
        files = self._path.parent.glob(f".{glob.escape(self._path.name)}.*{_ENDING}")
        start = len(f".{self._path.name}.")
        return [file for file in files if "." not in file.name[start : -len(_ENDING)] and file.is_file()]

    def finish(self, info: StoredObject) -> None:
        """Verifies the file and puts it in its place.

        Raises:
            StorageError: It is not the object.
        """
        assert self._file is not None  # noqa: S101 - opened before
        problem = _problem(self._file, info)
        if problem is not None:
            self._file.unlink()
            raise StorageError(
                f"What was downloaded of {str(info.key)!r} is not the object: {problem}.",
                hint="Download it again; if it is so again, compare the object with its source.",
                key=info.key,
            )
        self._file.replace(self._path)


def _problem(file: Path, info: StoredObject) -> str | None:
    with file.open("rb") as body:
        os.fsync(body.fileno())
        size = file.stat().st_size
        if size != info.size:
            return f"it has {size:,} bytes, not {info.size:,}"
        wanted = _MD5.fullmatch(info.e_tag)
        if (
            wanted
            and hashlib.file_digest(body, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() != wanted[1]
        ):
            return f"its MD5 is not {wanted[1]}"
    return None
