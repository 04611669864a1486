"""Uploads of bytes, of files, and of what comes piece by piece."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

from layout.errors import StorageError
from layout.keys import Key
from layout.storage._async.parts import AsyncParts
from layout.storage._async.waiting import BlockingCalls, in_thread, to_the_end
from layout.storage.limits import USUAL_PART, part_size
from layout.storage.media_types import guess_media_type
from layout.storage.part_sender import PartSender
from layout.storage.sendable import check_body
from layout.storage.uploaded import Progress, UploadedFile

__all__ = ["AsyncUploads"]

IN_FLIGHT = 4
"""Parts under way at once. An upload holds one more in memory than that."""


class AsyncUploads(AsyncParts):
    """Uploads in flat memory."""

    async def upload(
        self,
        key: Key,
        source: "bytes | Path | AsyncIterable[bytes]",
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
        only_if_absent: bool = False,
        progress: Progress | None = None,
    ) -> UploadedFile:
        """Write the object.

        What is larger than 16 MiB goes in equal parts, a few at once. If anything fails, or the task is cancelled, the
        upload is aborted and the object that was there is as it was.

        Args:
            key: The object.
            source: Bytes, the path of a file, or pieces of any size and number.
            content_type: None: what the scheme says of the key, else what its ending says.
            metadata: Kept with the object.
            only_if_absent: Only if there is no object (`If-None-Match: *`).
            progress: Told after each part, by the thread that sent it.

        Raises:
            ConditionFailedError: With `only_if_absent`, an object is there.
            StorageError: The source is of another type, or too large for its parts.
            OSError: The file cannot be read.
            UserDeletedError: The key is of a user who was deleted.
        """
        await self.require_living_user(key)
        content_type = content_type or key.template.content_type or guess_media_type(key)
        pieces, size = _opened(source)
        step = USUAL_PART if size is None else part_size(size)
        async with aclosing(_equal_parts(pieces, step)) as parts:
            first = await anext(parts, b"")
            second = b"" if len(first) < step else await anext(parts, b"")
            if second:
                if only_if_absent:
                    await self.refuse_if_old(key)
                upload_id = await self.begin_parts(key, content_type=content_type, metadata=metadata)
                sender = PartSender(self.client, self.bucket, key, upload_id, size, progress)
                try:
                    async with BlockingCalls(IN_FLIGHT) as calls:
                        await calls.begin(sender.send, 1, first)
                        await calls.begin(sender.send, 2, second)
                        first = second = b""
                        number = 2
                        async for part in parts:
                            number += 1
                            await calls.begin(sender.send, number, part)
                    return await self.complete_parts(
                        key, upload_id, sender.parts, only_if_absent=only_if_absent
                    )
                except BaseException:
                    await to_the_end(self._give_up_parts, key, upload_id)
                    raise
        write = self.create if only_if_absent else self.put
        e_tag = await write(key, first, content_type=content_type, metadata=metadata)
        if progress is not None:
            progress(len(first), len(first))
        return UploadedFile(key, len(first), e_tag)


def _opened(source: Any) -> tuple[AsyncIterator[bytes], int | None]:
    """Pieces of the source, and its size in bytes if that is known."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _of_bytes(memoryview(source).cast("B")), memoryview(source).nbytes
    if isinstance(source, Path):
        return _of_file(source), source.stat().st_size
    if isinstance(source, str) or not hasattr(source, "__aiter__"):
        raise StorageError(
            f"The source of an upload is of the type {type(source).__name__!r}.",
            hint="Use bytes, a pathlib.Path of a file, or an iterator of bytes: an async one if the storage is.",
        )
    return aiter(source), None


async def _of_bytes(body: memoryview) -> AsyncIterator[bytes]:
    for start in range(0, len(body), USUAL_PART):
        yield bytes(body[start : start + USUAL_PART])


async def _of_file(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await in_thread(file.read, USUAL_PART):
            yield piece


async def _equal_parts(pieces: AsyncIterator[bytes], step: int) -> AsyncGenerator[bytes, None]:
    """The pieces, cut anew: each part but the last has `step` bytes."""
    waiting = bytearray()
    async for piece in pieces:
        waiting += check_body(piece)
        while len(waiting) >= step:
            part = bytes(memoryview(waiting)[:step])
            del waiting[:step]
            yield part
    if waiting:
        yield bytes(waiting)
