"""The sending of parts from several threads."""

import threading
from typing import TYPE_CHECKING

from layout.errors import StorageError
from layout.keys import Key
from layout.storage.error_translation import storage_errors
from layout.storage.limits import MOST_PARTS
from layout.storage.uploaded import Progress, UploadedPart

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["PartSender"]


class PartSender:
    """Sends the parts of one upload; each call blocks until its part has arrived."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        key: Key,
        upload_id: str,
        size: int | None,
        progress: Progress | None,
    ) -> None:
        """`size` is that of the whole, in bytes, if it is known."""
        self._client = client
        self._bucket = bucket
        self._key = key
        self._upload_id = upload_id
        self._size = size
        self._progress = progress
        self._sent: dict[int, UploadedPart] = {}
        self._done = 0
        self._lock = threading.Lock()

    @property
    def parts(self) -> list[UploadedPart]:
        """Those that have arrived, in their order."""
        return [self._sent[number] for number in sorted(self._sent)]

    def send(self, number: int, body: bytes) -> None:
        """Sends one part.

        Raises:
            StorageError: The upload has more parts than an object can have.
        """
        if number > MOST_PARTS:
            raise StorageError(
                f"The object {str(self._key)!r} is larger than {MOST_PARTS:,} parts of {len(body):,} bytes.",
                hint="Upload it from a file, whose size is known: its parts are then larger.",
                bucket=self._bucket,
                key=self._key,
            )
        with storage_errors(self._bucket, self._key):
            answer = self._client.upload_part(
                Bucket=self._bucket,
                Key=str(self._key),
                UploadId=self._upload_id,
                PartNumber=number,
                Body=body,
            )
        with self._lock:
            self._sent[number] = UploadedPart(number, len(body), answer["ETag"])
            self._done += len(body)
            if self._progress is not None:
                self._progress(self._done, self._size)
