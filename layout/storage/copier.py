"""Copies inside the bucket, of any size and any key, one after the other."""

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from layout.errors import ConditionFailedError, StorageError
from layout.storage.destination_conditions import ONLY_IF_ABSENT, honour_destination_conditions
from layout.storage.error_translation import storage_errors
from layout.storage.limits import GIB, LARGEST_SINGLE, part_size

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["Copier"]


class Copier:
    """Copies by raw keys with one client; each call blocks until the copy is there. Safe to share between threads."""

    def __init__(self, client: "S3Client", bucket: str, *, largest_single: int = LARGEST_SINGLE) -> None:
        """What has more bytes than `largest_single` is copied in parts."""
        self._client = client
        self._bucket = bucket
        self._largest_single = largest_single
        honour_destination_conditions(client)

    def copy(self, source: str, target: str, *, e_tag: str, size: int, only_if_absent: bool) -> str:
        """Copies one version of an object, with its headers and metadata. Returns the ETag of the copy.

        Args:
            source: Key of the object.
            target: Key of the copy.
            e_tag: Of the version to be copied, in its quotes.
            size: Of that version, in bytes.
            only_if_absent: Only if nothing is at `target`.

        Raises:
            ConditionFailedError: The source has another ETag, or something is at `target`.
            ObjectMissingError: There is no source.
        """
        if size > self._largest_single:
            return self._copy_parts(source, target, e_tag, size, only_if_absent=only_if_absent)
        with storage_errors(self._bucket, source):
            answer = self._client.copy_object(
                Bucket=self._bucket,
                Key=target,
                CopySource={"Bucket": self._bucket, "Key": source},
                CopySourceIfMatch=e_tag,
                MetadataDirective="COPY",
                **(ONLY_IF_ABSENT if only_if_absent else {}),
            )
        return answer["CopyObjectResult"]["ETag"]

    def _copy_parts(self, source: str, target: str, e_tag: str, size: int, *, only_if_absent: bool) -> str:
        """The condition is at the completion. R2 knows none on a part's source: that is looked at before and after."""
        headers = self._unchanged(source, e_tag)
        names: dict[str, Any] = {"Bucket": self._bucket, "Key": target}
        with storage_errors(self._bucket, target):
            names["UploadId"] = self._client.create_multipart_upload(**names, **headers)["UploadId"]
        try:
            step = part_size(size, min(GIB // 2, self._largest_single))
            parts: Any = [
                self._copy_part(names, source, number, (number - 1) * step, min(number * step, size) - 1)
                for number in range(1, math.ceil(size / step) + 1)
            ]
            self._unchanged(source, e_tag)
            condition: Any = {"IfNoneMatch": "*"} if only_if_absent else {}
            with storage_errors(self._bucket, target):
                done = self._client.complete_multipart_upload(
                    **names, MultipartUpload={"Parts": parts}, **condition
                )
            return done["ETag"]
        except BaseException:
            with suppress(StorageError), storage_errors(self._bucket, target):
                self._client.abort_multipart_upload(**names)
            raise

    def _copy_part(
        self, names: dict[str, Any], source: str, number: int, first: int, last: int
    ) -> dict[str, Any]:
        with storage_errors(self._bucket, source):
            answer = self._client.upload_part_copy(
                **names,
                PartNumber=number,
                CopySource={"Bucket": self._bucket, "Key": source},
                CopySourceRange=f"bytes={first}-{last}",
            )
        return {"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]}

    def _unchanged(self, source: str, e_tag: str) -> Any:
        """The headers that the copy has to have."""
        with storage_errors(self._bucket, source):
            head: Any = self._client.head_object(Bucket=self._bucket, Key=source)
        if head["ETag"] != e_tag:
            raise ConditionFailedError(
                f"The object {source!r} in bucket {self._bucket!r} has the ETag {head['ETag']}, not {e_tag}.",
                hint="Read it again and decide from what is there now.",
                bucket=self._bucket,
                key=source,
            )
        kept = (
            "CacheControl",
            "ContentDisposition",
            "ContentEncoding",
            "ContentLanguage",
            "ContentType",
            "Metadata",
        )
        return {name: head[name] for name in kept if name in head}
