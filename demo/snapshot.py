"""What a bucket holds, read object by object: the evidence that the demonstration compares."""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_READERS = 8


@dataclass(frozen=True)
class Stored:
    """One object as a reader gets it.

    Attributes:
        size: Bytes of the body.
        sha256: Lower-case hex, of the body as it was read, never of a reported checksum.
        content_type: As answered; the store may answer a default for an object stored without one.
        cache_control: As answered, None if there is none.
        metadata: User metadata.
    """

    size: int
    sha256: str
    content_type: str
    cache_control: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


Snapshot = Mapping[str, Stored]


def take_snapshot(s3_client: "S3Client", bucket: str) -> Snapshot:
    """Return every object of a bucket by key, each body read and hashed.

    Raises:
        botocore.exceptions.ClientError: The store refused a listing or a read.
    """
    keys = [
        item["Key"]
        for page in s3_client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for item in page.get("Contents", [])
    ]
    with ThreadPoolExecutor(_READERS, thread_name_prefix="snapshot") as pool:
        return dict(zip(keys, pool.map(lambda key: _read(s3_client, bucket, key), keys), strict=True))


def _read(s3_client: "S3Client", bucket: str, key: str) -> Stored:
    answer = s3_client.get_object(Bucket=bucket, Key=key)
    body = answer["Body"].read()
    return Stored(
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        content_type=answer["ContentType"],
        cache_control=answer.get("CacheControl"),
        metadata=answer["Metadata"],
    )
