# Written by `make generate` from layout/storage/_async/downloads.py: change that.
"""Downloads: as a stream, and to a file."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from layout.errors import ConditionFailedError, ObjectMissingError, RangeError, StorageError
from layout.keys import Key
from layout.storage._sync.file_stream import FileStream
from layout.storage._sync.objects import Objects
from layout.storage._sync.waiting import in_thread
from layout.storage.error_translation import storage_errors
from layout.storage.sendable import check_e_tag
from layout.storage.stored_object import StoredObject, stored_object
from layout.storage.unfinished_download import UnfinishedDownload
from layout.storage.uploaded import Progress

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult

__all__ = ["Downloads"]


class Downloads(Objects):
    """Reads objects in flat memory."""

    def open_file(
        self,
        key: Key,
        *,
        start: int | None = None,
        stop: int | None = None,
        suffix: int | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> FileStream:
        """The object as a stream, by one request whose headers have been read.

        Args:
            key: The object.
            start: First byte; None: the first of the object.
            stop: The byte after the last; None, or beyond the end: all there is.
            suffix: Only the last so many bytes, at least one; then without `start` and `stop`.
            if_match: ETag that the object must have.
            if_none_match: ETag that it must not have.

        Raises:
            ObjectMissingError: There is none.
            NotModifiedError: It has the ETag `if_none_match`.
            ConditionFailedError: It has another ETag than `if_match`.
            RangeError: No byte of the range is in the object.
        """
        options = _options(key, start, stop, suffix)
        if if_match is not None:
            options["if_match"] = check_e_tag(if_match)
        if if_none_match is not None:
            options["if_none_match"] = check_e_tag(if_none_match)
        try:
            return self._opened(key, options)
        except RangeError as error:
            error.size = (self.get_object_info(key)).size
            raise

    def _opened(self, key: Key, options: "GetOptions") -> FileStream:
        """From the new key, or from the old one that stands for it: only if the bucket says that none is new."""
        old_key = None
        try:
            result = self._result(str(self.own(key)), options)
        except ObjectMissingError:
            if not self.old_layout or not (old_key := self.old_layout.shown(key)):
                raise
            self.old_layout.reads.add(key, old_key)
            result = self.old_layout.result(old_key, options)
        info = stored_object(key, result, b"", old_key)

        def again(start: int, stop: int) -> "GetResult":
            same: GetOptions = {"range": (start, stop), "if_match": info.e_tag}
            if old_key is not None and self.old_layout:
                return self.old_layout.result(old_key, same)
            return self._result(str(key), same)

        return FileStream(info, self.bucket, result, again)

    def _result(self, key: str, options: "GetOptions") -> "GetResult":
        with storage_errors(self.bucket, key):
            return self._store.get(key, options=options)

    def download_file(self, key: Key, path: Path, *, progress: Progress | None = None) -> StoredObject:
        """The object as a file: whole and verified, or not at all. Returns what was downloaded, without its body.

        It is written beside and put in its place at the end. What an earlier call left, that was cut off, is gone on
        with if the object is still the same. Its size is verified, and its MD5 if the object was written at once.

        Args:
            key: The object.
            path: Where to; a file there is replaced. Its folder must exist.
            progress: Told after each piece.

        Raises:
            ObjectMissingError: There is none.
            StorageError: What came is not the object, of which nothing is left then; or another download to this path
                is under way.
            OSError: The file cannot be written.
        """
        with closing(UnfinishedDownload(path)) as unfinished:
            return self._download(key, unfinished, progress)

    def _download(self, key: Key, unfinished: UnfinishedDownload, progress: Progress | None) -> StoredObject:
        left = unfinished.left()
        if left is not None:
            try:
                stream = self.open_file(key, start=left.size, if_match=left.e_tag)
            except (ConditionFailedError, RangeError):
                # Another version by now, or all of it is there already and this is cheaper than to find out.
                unfinished.remove()
                left = None
        if left is None:
            stream = self.open_file(key)
        with stream:
            file = unfinished.open(stream.info.e_tag)
            for chunk in stream:
                in_thread(file.write, chunk)
                if progress is not None:
                    progress(file.tell(), stream.info.size)
        in_thread(unfinished.finish, stream.info)
        return stream.info


def _options(key: Key, start: int | None, stop: int | None, suffix: int | None) -> "GetOptions":
    if suffix is not None:
        if start is not None or stop is not None or suffix < 1:
            raise StorageError(
                f"The object {str(key)!r} has no last {suffix:,} bytes.",
                hint="Ask for one byte at least, without a first one or one to stop before.",
                key=key,
            )
        return {"range": {"suffix": suffix}}
    if start is None and stop is None:
        return {}
    first = start or 0
    if first < 0 or (stop is not None and stop <= first):
        raise StorageError(
            f"The object {str(key)!r} has no bytes from {start!r} to before {stop!r}.",
            hint="Give a first byte and a later one to stop before.",
            key=key,
        )
    return {"range": {"offset": first} if stop is None else (first, stop)}
