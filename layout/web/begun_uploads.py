"""What a browser has begun to upload: one small document an upload, under `temp/`, where R2 removes it after a day.

A signed token would need a secret that all processes share and somebody renews. A document belongs to its user by its
key, is read by every process, and ends by itself.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict

from pydantic import BaseModel, ConfigDict

from layout.errors import InvalidKeyError, ObjectMissingError
from layout.keys import Key, temporary_key
from layout.storage.limits import USUAL_PART, part_size
from layout.storage.r2_storage import AsyncR2Storage

__all__ = ["BegunUpload", "BegunUploads"]

MOST_KNOWN = 1_000


class BegunUpload(BaseModel):
    """What was announced, and what it needs.

    Attributes:
        path: Where the file goes.
        size: Bytes of the file.
        content_type: Of the file.
        overwrite: Whether a file that is there is replaced.
        upload_id: R2's id of an upload in parts; None if one request sends the whole.
        version_before: ETag and time of the file that was there at the beginning; None if there was none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    size: int
    content_type: str
    overwrite: bool
    upload_id: str | None
    version_before: str | None = None

    @property
    def part_size(self) -> int:
        """Bytes of every part but the last."""
        return part_size(self.size) if self.upload_id is not None else self.size

    @property
    def parts(self) -> int:
        """How many parts there are; 1 for a file that is sent at once."""
        return max(1, -(-self.size // self.part_size)) if self.part_size else 1

    def size_of_part(self, number: int) -> int:
        """Bytes of a part, the first of which is 1."""
        return min(self.part_size, self.size - (number - 1) * self.part_size)

    @classmethod
    def is_in_parts(cls, size: int) -> bool:
        """Whether a file of this size goes in parts."""
        return size > USUAL_PART


class BegunUploads:
    """The documents, and the latest of them in memory: they never change."""

    def __init__(self, storage: AsyncR2Storage) -> None:
        self._storage = storage
        self._known: OrderedDict[Key, BegunUpload] = OrderedDict()

    async def add(self, user_id: str, upload: BegunUpload) -> str:
        """Keep it. Returns the id by which its user finds it."""
        identifier = secrets.token_hex(16)
        key = self._key(user_id, identifier)
        await self._storage.create(key, upload.model_dump_json().encode(), content_type="application/json")
        self._remember(key, upload)
        return identifier

    async def find(self, user_id: str, identifier: str) -> BegunUpload:
        """The upload of this user with this id.

        Raises:
            ObjectMissingError: There is none: it ended, or is somebody else's.
        """
        key = self._key(user_id, identifier)
        known = self._known.get(key)
        if known is None:
            known = BegunUpload.model_validate_json((await self._storage.get(key)).body)
            self._remember(key, known)
        return known

    async def remove(self, user_id: str, identifier: str) -> None:
        """Forget it; one that is gone is no error."""
        key = self._key(user_id, identifier)
        self._known.pop(key, None)
        await self._storage.delete_file(key)

    def _remember(self, key: Key, upload: BegunUpload) -> None:
        self._known[key] = upload
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _key(self, user_id: str, identifier: str) -> Key:
        try:
            return temporary_key(
                f"uploads/{user_id}/{identifier}.json", environment=self._storage.environment
            )
        except InvalidKeyError:
            raise ObjectMissingError("There is no such upload.", bucket=self._storage.bucket) from None
