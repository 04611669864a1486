# Written by `make generate` from layout/storage/_async/file_stream.py: change that.
"""An object that is read piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from layout.errors import ConditionFailedError, RangeError, StorageUnavailableError
from layout.storage.error_translation import storage_errors
from layout.storage.stored_object import StoredObject

if TYPE_CHECKING:
    from obstore import BytesStream, GetResult

__all__ = ["FileStream"]

CHUNK = 1 << 20
"""Bytes of a chunk at least, but for the last."""
ATTEMPTS = 4


class FileStream:
    """The bytes of an object, or of a part of it, as they come.

    A connection that breaks, or is ended because a slow reader took too long, is opened again where it broke, on the
    condition that the object is still the same. The count of attempts begins anew whenever bytes got through.

    Attributes:
        info: What the answer says of the object; `size` is that of the whole.
        start: First byte that is streamed.
        stop: The byte after the last one.
    """

    def __init__(
        self,
        info: StoredObject,
        bucket: str,
        result: GetResult,
        again: Callable[[int, int], GetResult],
    ) -> None:
        """`again` asks for the bytes from one position to before another, of the same version of the object."""
        self.info = info
        self.start, self.stop = result.range
        self._bucket = bucket
        self._position = self.start
        self._again = again
        self._stream: BytesStream | None = result.stream(CHUNK)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection, whether all bytes were read or not."""
        self._stream = None

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks()

    def _chunks(self) -> Iterator[bytes]:
        attempts = 0
        while self._stream is not None and self._position < self.stop:
            try:
                with storage_errors(self._bucket, self.info.key):
                    chunk = next(iter(self._stream), b"")
                    if not chunk:
                        raise _cut_off(self._bucket, self.info.key)
            except RangeError as error:
                raise _changed(self._bucket, self.info.key) from error
            except StorageUnavailableError:
                attempts += 1
                if attempts == ATTEMPTS:
                    raise
                self._stream = (self._again(self._position, self.stop)).stream(CHUNK)
                continue
            attempts = 0
            self._position += len(chunk)
            yield bytes(chunk)


def _cut_off(bucket: str, key: str) -> StorageUnavailableError:
    return StorageUnavailableError(
        f"No answer about object {str(key)!r} in bucket {bucket!r}: it was cut off.",
        hint="Try again later.",
        bucket=bucket,
        key=key,
    )


def _changed(bucket: str, key: str) -> ConditionFailedError:
    return ConditionFailedError(
        f"The object {str(key)!r} in bucket {bucket!r} was changed while it was read.",
        hint="Read it again.",
        bucket=bucket,
        key=key,
    )
