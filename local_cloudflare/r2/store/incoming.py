"""A body on its way in: hashed while it is received, kept in memory while small, in a file when large."""

import hashlib
from typing import BinaryIO

from local_cloudflare.r2.store.blobs import Blobs, Body, Segment
from local_cloudflare.r2.store.checksums import Hasher

__all__ = ["INLINE_LIMIT", "Incoming"]

INLINE_LIMIT = 64 * 1024
"""Bodies up to this many bytes live in the database."""


class Incoming:
    """Receives a body. Use as a context manager: whatever was not taken is removed again."""

    def __init__(self, blobs: Blobs, algorithms: tuple[str, ...] = ()) -> None:
        self._blobs = blobs
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._hashers: dict[str, Hasher] = {name: Hasher(name) for name in algorithms}
        self._buffer = bytearray()
        self._name: str | None = None
        self._file: BinaryIO | None = None
        self._taken = False
        self.size = 0

    def __enter__(self) -> "Incoming":
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._file is not None:
            self._file.close()
        if self._name is not None:
            # The caller's transaction counts the file; without one it is unused.
            self._blobs.unpin([self._name])
            if not self._taken:
                self._blobs.remove([self._name])

    def write(self, data: bytes) -> None:
        """Takes in the next bytes."""
        self.size += len(data)
        self._md5.update(data)
        for hasher in self._hashers.values():
            hasher.update(data)
        if self._file is None and self.size > INLINE_LIMIT:
            self._name = self._blobs.new_name()
            self._file = self._blobs.create(self._name)
            self._blobs.pin([self._name])
            self._file.write(self._buffer)
            self._buffer.clear()
        if self._file is None:
            self._buffer += data
        else:
            self._file.write(data)

    def finish(self) -> Body:
        """The whole body. Its file lives until the end of the block, and on if a transaction retained it."""
        if self._file is None or self._name is None:
            return Body(self.size, bytes(self._buffer))
        self._file.flush()
        return Body(self.size, None, (Segment(self._name, 0, self.size),))

    def keep(self) -> None:
        """Says that a transaction has retained the body."""
        self._taken = True

    def md5(self) -> bytes:
        """MD5 of what was received."""
        return self._md5.digest()

    def checksum(self, algorithm: str) -> bytes:
        """The digest of one of the algorithms named at the start."""
        return self._hashers[algorithm].digest()
