# Written by `make generate` from layout/storage/_async/parts.py: change that.
"""Uploads in parts: each part by a request of its own, from here or from a browser."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from layout.errors import ConditionFailedError, ObjectMissingError, StorageError
from layout.keys import Key
from layout.storage._sync.presigning import Presigning
from layout.storage._sync.waiting import in_thread, to_the_end
from layout.storage.e_tags import e_tag_of_parts
from layout.storage.error_translation import storage_errors
from layout.storage.limits import LARGEST_SINGLE, MOST_PARTS
from layout.storage.presigned import PresignedUrl
from layout.storage.sendable import check_content_type, check_metadata
from layout.storage.uploaded import UploadedFile, UploadedPart

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ListPartsOutputTypeDef

__all__ = ["Parts"]


class Parts(Presigning):
    """Begins, continues and ends uploads in parts. R2 ends one that nobody completes after 7 days."""

    def begin_parts(self, key: Key, *, content_type: str, metadata: Mapping[str, str] | None = None) -> str:
        """Begin an upload in parts. Returns its id, which whoever continues it must name with the key.

        Whoever is cancelled meanwhile leaves none behind: nobody would know its id.

        Raises:
            UserDeletedError: The key is of a user who was deleted.
        """
        self.require_living_user(key)
        begun: list[str] = []

        def begin() -> None:
            answer = self.client.create_multipart_upload(
                Bucket=self.bucket,
                Key=str(key),
                ContentType=check_content_type(content_type),
                Metadata=check_metadata(metadata or {}),
            )
            begun.append(answer["UploadId"])

        try:
            with storage_errors(self.bucket, self.own(key)):
                to_the_end(begin)
        except BaseException:
            for upload_id in begun:
                to_the_end(self._give_up_parts, key, upload_id)
            raise
        return begun[0]

    def _give_up_parts(self, key: Key, upload_id: str) -> None:
        """Abort an upload that failed, as far as the bucket answers: R2 ends it by itself in 7 days. It blocks."""
        with suppress(StorageError):
            self._abort_parts(key, upload_id)

    def _abort_parts(self, key: Key, upload_id: str) -> None:
        with storage_errors(self.bucket, self.own(key)):
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=str(key), UploadId=upload_id)

    def presign_part(
        self, key: Key, upload_id: str, number: int, *, size: int, lifetime: timedelta
    ) -> PresignedUrl:
        """A URL that writes one part of this size.

        Args:
            key: The object.
            upload_id: From `begin_parts`.
            number: 1 to 10,000.
            size: Bytes, signed: all parts but the last must be of one size, of 5 MiB at least.
            lifetime: 1 second to 7 days.

        Raises:
            StorageError: The number, the size or the lifetime is none that R2 takes.
        """
        if not 1 <= number <= MOST_PARTS or not 0 < size <= LARGEST_SINGLE:
            raise StorageError(
                f"There is no part {number:,} of {size:,} bytes.",
                hint=f"Number parts from 1 to {MOST_PARTS:,}, each of 1 to {LARGEST_SINGLE:,} bytes.",
            )
        query = {"partNumber": str(number), "uploadId": upload_id}
        return self.signer.sign(
            "PUT", self.own(key), lifetime, query=query, headers={"Content-Length": str(size)}
        )

    def list_parts(self, key: Key, upload_id: str) -> list[UploadedPart]:
        """The parts that have arrived, by number, all pages.

        Raises:
            ObjectMissingError: There is no such upload: it was completed, aborted, or ended by itself.
        """
        found: list[UploadedPart] = []
        following: dict[str, Any] | None = {}
        while following is not None:
            with storage_errors(self.bucket, self.own(key)):
                page: ListPartsOutputTypeDef = in_thread(
                    self.client.list_parts,
                    Bucket=self.bucket,
                    Key=str(key),
                    UploadId=upload_id,
                    **following,
                )
            found += [
                UploadedPart(part["PartNumber"], part["Size"], part["ETag"]) for part in page.get("Parts", [])
            ]
            following = {"PartNumberMarker": page["NextPartNumberMarker"]} if page["IsTruncated"] else None
        return found

    def complete_parts(
        self,
        key: Key,
        upload_id: str,
        parts: Sequence[UploadedPart],
        *,
        only_if_absent: bool = False,
    ) -> UploadedFile:
        """Make the object of its parts.

        A repetition of a completion that took effect, and whose answer was lost, answers the same.

        Args:
            key: The object.
            upload_id: From `begin_parts`.
            parts: All of them, in their order.
            only_if_absent: Only if there is no object (`If-None-Match: *`); R2 ends the upload that fails so.

        Raises:
            ConditionFailedError: With `only_if_absent`, another object is there.
            ObjectMissingError: There is no such upload.
            UserDeletedError: The key is of a user who was deleted meanwhile.
        """
        self.require_living_user(key)
        if only_if_absent:
            self.refuse_if_old(key)
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if only_if_absent else {}
        chosen: Any = [{"PartNumber": part.number, "ETag": part.e_tag} for part in parts]
        size = sum(part.size for part in parts)
        try:
            with storage_errors(self.bucket, self.own(key)):
                answer = in_thread(
                    self.client.complete_multipart_upload,
                    Bucket=self.bucket,
                    Key=str(key),
                    UploadId=upload_id,
                    MultipartUpload={"Parts": chosen},
                    **condition,
                )
            return UploadedFile(key, size, answer["ETag"])
        except (ConditionFailedError, ObjectMissingError):
            found = self._found(key)
            if found is None or found.e_tag != e_tag_of_parts(part.e_tag for part in parts):
                raise
            return UploadedFile(key, found.size, found.e_tag)

    def abort_parts(self, key: Key, upload_id: str) -> None:
        """End an upload and remove its parts. One that has ended already is no error."""
        with suppress(ObjectMissingError):
            in_thread(self._abort_parts, key, upload_id)
