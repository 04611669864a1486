"""What a request says about an object beside its bytes, and how it is given back."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import Header, decode_header
from email.utils import formatdate

from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.store.models import Bucket, ObjectMetadata, StoredObject

__all__ = [
    "STORAGE_CLASSES",
    "checksum_headers",
    "custom_metadata",
    "kept_headers",
    "object_headers",
    "storage_class",
    "stored_checksums",
    "version_id",
]

_KEPT = (
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
)
_PREFIX = "x-amz-meta-"
STORAGE_CLASSES = {"Standard": "STANDARD", "InfrequentAccess": "STANDARD_IA"}
"""As the control API spells them, and as the S3 API does."""


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that R2 keeps (CFD r2/api/s3/extensions.mdx)."""
    kept = {name: headers[name] for name in _KEPT if headers.get(name)}
    # The framing of a streamed upload is no property of the object.
    codings = kept.pop("content-encoding", "").split(",")
    if coding := ",".join(part for part in codings if part.strip(" ").lower() != "aws-chunked").strip(" "):
        kept["content-encoding"] = coding
    return kept


def custom_metadata(headers: Mapping[str, str]) -> dict[str, str]:
    """The `x-amz-meta-*` values, RFC 2047 decoded as R2 stores them (CFD r2/api/s3/extensions.mdx)."""
    return {
        name.removeprefix(_PREFIX): _decoded(value)
        for name, value in headers.items()
        if name.startswith(_PREFIX)
    }


def storage_class(headers: Mapping[str, str], bucket: Bucket) -> str:
    """The class that was asked for, else the bucket's.

    Raises:
        S3Error: InvalidStorageClass.
    """
    asked = headers.get("x-amz-storage-class")
    if asked is None:
        return STORAGE_CLASSES[bucket.storage_class]
    if asked not in STORAGE_CLASSES.values():
        raise S3Error(ErrorKind.INVALID_STORAGE_CLASS)
    return asked


def stored_checksums(digests: Mapping[str, bytes]) -> dict[str, str]:
    """Checksums in the form in which they are stored and given back."""
    return {algorithm: b64encode(digest).decode() for algorithm, digest in digests.items()}


def object_headers(found: StoredObject) -> dict[str, str]:
    """The headers of an answer to GET or HEAD."""
    metadata = found.metadata
    headers = {
        "ETag": f'"{found.etag}"',
        "Last-Modified": formatdate(found.modified // 1000, usegmt=True),
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
    }
    headers |= {_title(name): value for name, value in metadata.headers.items()}
    headers |= {f"{_PREFIX}{name}": _encoded(value) for name, value in metadata.custom.items()}
    if metadata.storage_class != "STANDARD":
        headers["x-amz-storage-class"] = metadata.storage_class
    return headers


def checksum_headers(metadata: ObjectMetadata) -> dict[str, str]:
    """The `x-amz-checksum-*` headers of what is known about an object."""
    headers = {f"x-amz-checksum-{algorithm}": value for algorithm, value in metadata.checksums.items()}
    if headers:
        composite = any("-" in value for value in metadata.checksums.values())
        headers["x-amz-checksum-type"] = "COMPOSITE" if composite else "FULL_OBJECT"
    return headers


def version_id(bucket: int, found: StoredObject) -> str:
    """The token that R2 shows of a write (`x-amz-version-id`). There are no versions: no call accepts it."""
    written = f"{bucket}/{found.key}/{found.modified}/{found.etag}"
    return hashlib.md5(written.encode(), usedforsecurity=False).hexdigest()


def _title(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _decoded(value: str) -> str:
    # Clients that send raw UTF-8 mean it; the head was read as Latin-1.
    with suppress(UnicodeDecodeError):
        value = value.encode("latin-1").decode()
    if "=?" not in value:
        return value
    try:
        decoded = "".join(_decode_part(part, charset) for part, charset in decode_header(value))
        decoded.encode()  # UTF-7 can spell half of a surrogate pair, which is no text
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return value
    return decoded


def _decode_part(part: bytes | str, charset: str | None) -> str:
    return part if isinstance(part, str) else part.decode(charset or "ascii")


def _encoded(value: str) -> str:
    if value.isascii() and value.isprintable():
        return value
    return Header(value, "utf-8", maxlinelen=1_000_000).encode(linesep="")
