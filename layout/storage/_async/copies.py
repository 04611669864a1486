"""Copies and moves inside the bucket."""

from functools import cached_property

from layout.errors import ConditionFailedError, StorageError
from layout.keys import Key
from layout.storage._async.living_users import AsyncLivingUsers
from layout.storage._async.waiting import in_thread
from layout.storage.copier import Copier
from layout.storage.stored_object import StoredObject
from layout.storage.uploaded import UploadedFile

__all__ = ["AsyncCopies"]


class AsyncCopies(AsyncLivingUsers):
    """Copies without a body passing through this machine."""

    @cached_property
    def copier(self) -> Copier:
        """What copies by raw keys, made at the first use."""
        return Copier(self.client, self.bucket)

    async def copy_file(self, source: Key, target: Key, *, overwrite: bool = False) -> UploadedFile:
        """Copy an object, with its headers and metadata.

        Args:
            source: The object.
            target: Where to.
            overwrite: Whatever is at `target` is replaced; else something there is an error.

        Raises:
            ObjectMissingError: There is no source.
            ConditionFailedError: Something is at `target`, or the source was changed meanwhile.
        """
        found = await self._new_source(source)
        return await self._copied(found, source, target, overwrite=overwrite)

    async def move_file(self, source: Key, target: Key) -> UploadedFile:
        """Copy an object, verify the copy, then delete the source.

        Nothing is overwritten. A repetition after a crash finds its own copy and goes on from there; until the source
        is deleted both are there. Whoever writes the source meanwhile must be stopped first: what is written between
        the last look at it and its deletion is lost.

        Raises:
            ObjectMissingError: There is no source; after a crash in the very last step that means that it was moved.
            ConditionFailedError: Another object is at `target`, or the source was changed meanwhile.
            StorageError: The copy is not the same as the source, which is still there.
        """
        if source == target:
            raise StorageError(
                f"The object {str(source)!r} cannot be moved to itself.", hint="Give another key.", key=source
            )
        found = await self._new_source(source)
        try:
            copied = await self._copied(found, source, target, overwrite=False)
        except ConditionFailedError:
            there = await self._found(target)
            # Size alone proves nothing here: another file would be taken for the copy, and the source deleted.
            if there is None or (there.size, there.e_tag) != (found.size, found.e_tag):
                raise
            copied = UploadedFile(target, there.size, there.e_tag)
        there = await self.get_object_info(target)
        if not _are_the_same(found, there):
            raise StorageError(
                f"The copy {str(target)!r} of {str(source)!r} is not the same: {there.size:,} bytes with the ETag"
                f" {there.e_tag}, not {found.size:,} with {found.e_tag}.",
                hint="The source is still there. Look who else writes the copy.",
                bucket=self.bucket,
                key=target,
            )
        if (await self._new_source(source)).e_tag != found.e_tag:
            raise ConditionFailedError(
                f"The object {str(source)!r} was changed while it was moved; both are there.",
                hint="Stop its writer, delete the copy, and move it again.",
                bucket=self.bucket,
                key=source,
            )
        await self.delete_file(source)
        return copied

    async def _copied(
        self, found: StoredObject, source: Key, target: Key, *, overwrite: bool
    ) -> UploadedFile:
        await self.require_living_user(target)
        if not overwrite:
            await self.refuse_if_old(target)
        e_tag = await in_thread(
            self.copier.copy,
            str(source),
            str(self.own(target)),
            e_tag=found.e_tag,
            size=found.size,
            only_if_absent=not overwrite,
        )
        return UploadedFile(target, found.size, e_tag)

    async def _new_source(self, source: Key) -> StoredObject:
        found = await self.get_object_info(source)
        if found.old_key is not None:
            raise ConditionFailedError(
                f"The object {str(source)!r} is still at its old key {found.old_key!r}: it cannot be copied yet.",
                hint="Copy it once a migration has moved it, or upload it anew.",
                bucket=self.bucket,
                key=source,
            )
        return found


def _are_the_same(one: StoredObject, other: StoredObject) -> bool:
    """By size and ETag; of an object that was written in parts a copy has another ETag."""
    return one.size == other.size and (one.e_tag == other.e_tag or "-" in one.e_tag)
