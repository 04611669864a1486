"""The multipart uploads that are under way, and their parts."""

import json
import uuid
from collections.abc import Mapping

from local_cloudflare.r2.store.bucket_table import check_bucket
from local_cloudflare.r2.store.database import Database, Transaction, body_columns, body_from
from local_cloudflare.r2.store.keys import key_bytes
from local_cloudflare.r2.store.models import ObjectMetadata, Part, Upload

__all__ = ["UploadTable", "identity", "public_id"]

_COLUMNS = (
    "id, bucket, key, spelling, initiated, storage_class, headers, custom, checksum_algorithm, customer_key"
)
_SELECT_PARTS = "SELECT number, etag, modified, checksums, size, segments, inline FROM parts WHERE upload = ?"


def public_id(upload: Upload) -> str:
    """An id to show to a client: another one each time.

    R2 shows another id for the same upload on every listing, so nobody may
    compare them; all of them work.
    """
    return f"{upload.id}.{uuid.uuid4().hex}"


def identity(shown: str) -> str:
    """The identity behind an id that a client sent."""
    return shown.partition(".")[0]


class UploadTable:
    """Uploads by their id, parts by number."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, bucket: int, key: str, spelling: str, initiated: int, metadata: ObjectMetadata,
        checksum_algorithm: str | None,
    ) -> Upload:  # fmt: skip
        """Begins an upload.

        Raises:
            BucketMissingError: The bucket was deleted since it was looked up.
        """
        new = Upload(uuid.uuid4().hex, bucket, key, spelling, initiated, metadata, checksum_algorithm)
        with self._database.transaction() as transaction:
            check_bucket(transaction, bucket)
            transaction.execute(
                "INSERT INTO uploads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                new.id, bucket, key_bytes(key), spelling, initiated, metadata.storage_class,
                json.dumps(dict(metadata.headers)), json.dumps(dict(metadata.custom)), checksum_algorithm,
                metadata.customer_key,
            )  # fmt: skip
        return new

    def get(self, bucket: int, key: str, shown: str) -> Upload | None:
        """The upload with that id, if it belongs to that bucket and key."""
        with self._database.snapshot() as transaction:
            return self.find(transaction, bucket, key, shown)

    def find(self, transaction: Transaction, bucket: int, key: str, shown: str) -> Upload | None:
        """`get` inside a transaction of the caller."""
        row = transaction.execute(
            f"SELECT {_COLUMNS} FROM uploads WHERE id = ? AND bucket = ? AND key = ?",  # noqa: S608
            identity(shown), bucket, key_bytes(key),
        ).fetchone()  # fmt: skip
        return None if row is None else _upload(*row)

    def of_bucket(self, bucket: int, prefix: str = "") -> list[Upload]:
        """The uploads of a bucket whose key starts with `prefix`, by key and time of beginning."""
        with self._database.snapshot() as transaction:
            rows = transaction.execute(
                f"SELECT {_COLUMNS} FROM uploads WHERE bucket = ? ORDER BY key, initiated, id",  # noqa: S608
                bucket,
            ).fetchall()  # fmt: skip
        return [upload for row in rows if (upload := _upload(*row)).key.startswith(prefix)]

    def put_part(self, upload: Upload, part: Part) -> bool:
        """Keeps a part, in place of an earlier one with that number. False if the upload has ended."""
        with self._database.transaction() as transaction:
            if self.find(transaction, upload.bucket, upload.key, upload.id) is None:
                return False
            earlier = transaction.execute(
                f"{_SELECT_PARTS} AND number = ?", upload.id, part.number
            ).fetchone()
            transaction.retain(part.body)
            if earlier is not None:
                transaction.release(_part(*earlier).body)
            segments, inline = body_columns(part.body)
            transaction.execute(
                "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                upload.id, part.number, part.etag, part.body.size, part.modified,
                json.dumps(dict(part.checksums)), segments, inline,
            )  # fmt: skip
        return True

    def parts(self, upload: Upload) -> dict[int, Part]:
        """The parts by number, in ascending order."""
        with self._database.snapshot() as transaction:
            return self.find_parts(transaction, upload.id)

    def find_parts(self, transaction: Transaction, upload_id: str) -> dict[int, Part]:
        """`parts` inside a transaction of the caller."""
        rows = transaction.execute(f"{_SELECT_PARTS} ORDER BY number", upload_id).fetchall()
        return {row[0]: _part(*row) for row in rows}

    def remove(self, transaction: Transaction, upload_id: str) -> None:
        """Ends an upload and drops its parts."""
        for part in self.find_parts(transaction, upload_id).values():
            transaction.release(part.body)
        transaction.execute("DELETE FROM parts WHERE upload = ?", upload_id)
        transaction.execute("DELETE FROM uploads WHERE id = ?", upload_id)

    def abort(self, upload: Upload) -> None:
        """`remove` in a transaction of its own."""
        with self._database.transaction() as transaction:
            self.remove(transaction, upload.id)


def _upload(
    upload_id: str, bucket: int, key: bytes, spelling: str, initiated: int, storage_class: str,
    headers: str, custom: str, checksum_algorithm: str | None, customer_key: str,
) -> Upload:  # fmt: skip
    described: tuple[Mapping[str, str], Mapping[str, str]] = (json.loads(headers), json.loads(custom))
    metadata = ObjectMetadata(*described, storage_class, customer_key=customer_key)
    return Upload(upload_id, bucket, key.decode(), spelling, initiated, metadata, checksum_algorithm)


def _part(
    number: int,
    etag: str,
    modified: int,
    checksums: str,
    size: int,
    segments: str | None,
    inline: bytes | None,
) -> Part:
    return Part(number, etag, modified, body_from(size, segments, inline), json.loads(checksums))
