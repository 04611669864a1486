# Written by `make generate` from layout/storage/_async/presigning.py: change that.
"""URLs for browsers, by keys of the layout."""

from datetime import timedelta

from layout.errors import ObjectMissingError, StorageError
from layout.keys import Key
from layout.storage._sync.living_users import LivingUsers
from layout.storage.download_name import content_disposition
from layout.storage.limits import LARGEST_SINGLE
from layout.storage.presigned import PresignedUrl
from layout.storage.sendable import check_content_type

__all__ = ["Presigning"]


class Presigning(LivingUsers):
    """Signs what a browser asks of the bucket by itself."""

    def presign_get(self, key: Key, *, lifetime: timedelta, download_name: str | None = None) -> PresignedUrl:
        """A URL that reads the object; nothing is asked of the bucket, so it may be of a missing object.

        The same URL is handed out again while at least half of its life is left. With `R2_READ_OLD_LAYOUT` the bucket
        is asked whether the URL has to be of the old key.

        Args:
            key: The object.
            lifetime: 1 second to 7 days; a temporary credential ends the URL with itself.
            download_name: The browser saves the object under this name instead of showing it.

        Raises:
            StorageError: The lifetime is none, or the URL has to be of an old key and only a temporary credential
                could sign it.
            InvalidKeyError: The download name cannot be one of a file.
        """
        signer, place = self.signer, str(self.own(key))
        if self.old_layout and (old_key := self._old_key(key)):
            signer, place = self.old_layout.url_signer(), old_key
        query = (
            {"response-content-disposition": content_disposition(download_name)}
            if download_name is not None
            else {}
        )
        return signer.sign("GET", place, lifetime, query=query)

    def presign_put(
        self,
        key: Key,
        *,
        lifetime: timedelta,
        content_type: str,
        size: int,
        only_if_absent: bool = False,
    ) -> PresignedUrl:
        """A URL that writes the object with this content type and of this size.

        Args:
            key: The object.
            lifetime: 1 second to 7 days.
            content_type: Signed, so the holder can send no other. Printable ASCII.
            size: Bytes of the body, signed too: 0 to 4.995 GiB.
            only_if_absent: Signs `If-None-Match: *` too: the first upload wins, the next gets 412.

        Raises:
            StorageError: The lifetime, the content type or the size is none that R2 takes.
            ConditionFailedError: With `only_if_absent`, an old layout is read too and has an object for this key.
            UserDeletedError: The key is of a user who was deleted.
        """
        if not 0 <= size <= LARGEST_SINGLE:
            raise StorageError(
                f"A presigned URL cannot take {size:,} bytes.",
                hint=f"Sign for 0 to {LARGEST_SINGLE:,} bytes; what is larger is uploaded in parts.",
            )
        headers = {"Content-Type": check_content_type(content_type), "Content-Length": str(size)}
        self.require_living_user(key)
        if only_if_absent:
            self.refuse_if_old(key)
            headers["If-None-Match"] = "*"
        return self.signer.sign("PUT", self.own(key), lifetime, headers=headers)

    def _old_key(self, key: Key) -> str | None:
        try:
            return (self.get_object_info(key)).old_key
        except ObjectMissingError:
            return None
