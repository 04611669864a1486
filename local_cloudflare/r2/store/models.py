"""What the store keeps: buckets, objects, multipart uploads and their parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from local_cloudflare.r2.store.blobs import Body

__all__ = [
    "Bucket",
    "ObjectMetadata",
    "Part",
    "StoredObject",
    "Upload",
    "from_milliseconds",
    "to_milliseconds",
]


@dataclass(frozen=True)
class Bucket:
    """A bucket. `storage_class` is `Standard` or `InfrequentAccess`, as the control API spells it."""

    id: int
    name: str
    jurisdiction: str
    created: datetime
    storage_class: str
    location: str | None


@dataclass(frozen=True)
class ObjectMetadata:
    """What a client says about an object beside its bytes.

    Attributes:
        headers: Content-Type and the other headers that are given back as they came, by lower-case name.
        custom: The `x-amz-meta-*` values, decoded, by lower-case name without that prefix.
        storage_class: `STANDARD` or `STANDARD_IA`, as the S3 API spells it.
        checksums: Base64 values by algorithm, such as `{"sha256": "..."}`.
        customer_key: MD5 (base64) of the key that its reader must give; empty if none is needed.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    custom: Mapping[str, str] = field(default_factory=dict)
    storage_class: str = "STANDARD"
    checksums: Mapping[str, str] = field(default_factory=dict)
    customer_key: str = ""


@dataclass(frozen=True)
class StoredObject:
    """An object as it is kept.

    Attributes:
        key: The key in NFC, its identity.
        spelling: The key as it was last uploaded, which is what listings show.
        etag: Without quotes.
        modified: Milliseconds since the epoch.
        part_sizes: Sizes of the parts of a multipart object, in order; empty for others.
    """

    key: str
    spelling: str
    etag: str
    modified: int
    body: Body
    metadata: ObjectMetadata
    part_sizes: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Length of the body in bytes."""
        return self.body.size


@dataclass(frozen=True)
class Upload:
    """A multipart upload that is neither completed nor aborted. `initiated` in milliseconds."""

    id: str
    bucket: int
    key: str
    spelling: str
    initiated: int
    metadata: ObjectMetadata
    checksum_algorithm: str | None = None


@dataclass(frozen=True)
class Part:
    """An uploaded part. `etag` without quotes, `modified` in milliseconds."""

    number: int
    etag: str
    modified: int
    body: Body
    checksums: Mapping[str, str] = field(default_factory=dict)


def to_milliseconds(time: datetime) -> int:
    """Milliseconds since the epoch, as the store keeps times."""
    return round(time.timestamp() * 1000)


def from_milliseconds(milliseconds: int) -> datetime:
    """The aware UTC time of such a number."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
