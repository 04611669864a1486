"""What the bucket says of an object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from layout.errors import InvalidKeyError
from layout.keys import parse_key

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectTypeDef
    from obstore import GetResult

__all__ = ["ObjectInfo", "StoredObject", "listed_object", "stored_object"]


@dataclass(frozen=True)
class ObjectInfo:
    """What a listing tells about an object.

    Attributes:
        key: A `Key` if the text fits the scheme, else plain text, which no method of the storage accepts.
        size: Bytes.
        e_tag: Version of the content, in the quotes that conditions need.
        last_modified: Aware time in UTC.
        old_key: Where it lies, if an old layout is read too and its object is not at its new key yet.
    """

    key: str
    size: int
    e_tag: str
    last_modified: datetime
    old_key: str | None = None


@dataclass(frozen=True)
class StoredObject(ObjectInfo):
    """An object with its headers, and its body unless only asked for the head."""

    content_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


def stored_object(key: str, result: "GetResult", body: bytes, old_key: str | None = None) -> StoredObject:
    """Attributes hold both headers and the object's own metadata; only headers begin with a capital."""
    metadata = {str(name): value for name, value in result.attributes.items() if not str(name)[0].isupper()}
    modified: datetime = result.meta["last_modified"]
    return StoredObject(
        key=key,
        size=result.meta["size"],
        e_tag=result.meta["e_tag"] or "",
        last_modified=modified.astimezone(UTC),
        old_key=old_key,
        content_type=result.attributes.get("Content-Type"),
        metadata=metadata,
        body=body,
    )


def listed_object(item: "ObjectTypeDef") -> ObjectInfo:
    """An entry of a listing, with its time as text or not."""
    try:
        key: str = parse_key(item["Key"])
    except InvalidKeyError:
        key = item["Key"]
    return ObjectInfo(key, item["Size"], item["ETag"], datetime.fromisoformat(str(item["LastModified"])))
