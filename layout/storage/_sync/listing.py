# Written by `make generate` from layout/storage/_async/listing.py: change that.
"""Pages of a listing, all of them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from layout.storage._sync.waiting import in_thread
from layout.storage.error_translation import storage_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ObjectTypeDef

__all__ = ["listed", "pages"]


def pages(client: "S3Client", bucket: str, prefix: str) -> "Iterator[list[ObjectTypeDef]]":
    """What lies below a prefix, page by page; times as the client gives them.

    boto3, not obstore: one key with an empty segment would end an obstore listing as a whole.
    """
    following: dict[str, Any] | None = {}
    while following is not None:
        with storage_errors(bucket):
            page: ListObjectsV2OutputTypeDef = in_thread(
                client.list_objects_v2, Bucket=bucket, Prefix=prefix, **following
            )
        yield page.get("Contents", [])
        following = {"ContinuationToken": page["NextContinuationToken"]} if page["IsTruncated"] else None


def listed(client: "S3Client", bucket: str, prefix: str) -> "Iterator[ObjectTypeDef]":
    """What lies below a prefix, one by one, in the order of the bucket."""
    for page in pages(client, bucket, prefix):
        for item in page:
            yield item
