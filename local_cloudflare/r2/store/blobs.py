"""Bodies too large for the database: files that are counted, pinned while read, and removed when unused."""

import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

__all__ = ["Blobs", "Body", "Segment"]

_CHUNK = 256 * 1024


@dataclass(frozen=True)
class Segment:
    """A run of bytes in one blob file: name, offset and length in bytes."""

    blob: str
    offset: int
    length: int


@dataclass(frozen=True)
class Body:
    """What an object or a part consists of: bytes kept in the database, or segments of files."""

    size: int
    inline: bytes | None = None
    segments: tuple[Segment, ...] = ()

    def cut(self, start: int, length: int) -> "Body":
        """The body of that range, sharing the files."""
        if self.inline is not None:
            part = self.inline[start : start + length]
            return Body(len(part), part)
        return Body(length, None, tuple(_cut(self.segments, start, length)))


def _cut(segments: Iterable[Segment], start: int, length: int) -> Iterator[Segment]:
    for segment in segments:
        if length <= 0:
            return
        if start >= segment.length:
            start -= segment.length
            continue
        taken = min(segment.length - start, length)
        yield Segment(segment.blob, segment.offset + start, taken)
        start, length = 0, length - taken


class Blobs:
    """The folder of blob files. Thread-safe.

    A file is removed when the database no longer refers to it and nobody reads it; so a download
    that runs while its object is replaced still delivers the old bytes, as on R2.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._pins: Counter[str] = Counter()
        self._doomed: set[str] = set()

    def new_name(self) -> str:
        """A name for a new blob; the file does not exist yet."""
        return uuid.uuid4().hex

    def create(self, name: str) -> BinaryIO:
        """Opens a new blob for writing."""
        return self._path(name).open("xb")

    def store(self, data: bytes) -> str:
        """A blob of these bytes."""
        name = self.new_name()
        with self.create(name) as file:
            file.write(data)
        return name

    def create_sparse(self, size: int) -> str:
        """A blob that reads as `size` zero bytes and takes no room on disk."""
        name = self.new_name()
        with self.create(name) as file:
            file.truncate(size)
        return name

    def pin(self, names: Iterable[str]) -> None:
        """Keeps files until `unpin`, whatever is deleted meanwhile."""
        with self._lock:
            self._pins.update(names)

    def unpin(self, names: Iterable[str]) -> None:
        """Ends `pin`; files that became unused in between go now."""
        with self._lock:
            for name in names:
                self._pins[name] -= 1
                if self._pins[name] <= 0:
                    del self._pins[name]
                    if name in self._doomed:
                        self._remove(name)

    def remove(self, names: Iterable[str]) -> None:
        """Removes files, those that are being read as soon as they no longer are."""
        with self._lock:
            for name in names:
                if self._pins[name] > 0:
                    self._doomed.add(name)
                else:
                    self._remove(name)

    def spare(self, names: Iterable[str]) -> None:
        """Keeps files that `remove` was to remove after their last reader, who has put them to another use."""
        with self._lock:
            self._doomed.difference_update(names)

    def sweep(self, known: set[str]) -> None:
        """Removes files that the database does not know: left by a process that was killed."""
        for path in self._folder.iterdir():
            if path.name not in known:
                path.unlink()

    def read(self, segments: Iterable[Segment]) -> Iterator[bytes]:
        """The bytes of segments, in pieces. The caller has pinned their files."""
        for segment in segments:
            with self._path(segment.blob).open("rb") as file:
                file.seek(segment.offset)
                left = segment.length
                while left > 0 and (piece := file.read(min(_CHUNK, left))):
                    left -= len(piece)
                    yield piece

    def _remove(self, name: str) -> None:
        self._doomed.discard(name)
        self._pins.pop(name, None)
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / name
