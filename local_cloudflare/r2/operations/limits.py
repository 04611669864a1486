"""R2's limits in bytes and counts.

Sources: CFD r2/platform/limits.mdx and r2/objects/multipart-objects.mdx.
"""

from collections.abc import Mapping, Sequence

from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error

__all__ = [
    "MAX_DELETE_KEYS",
    "MAX_KEY_BYTES",
    "MAX_METADATA_BYTES",
    "MAX_OBJECT_BYTES",
    "MAX_PARTS",
    "MAX_SINGLE_BYTES",
    "MIN_PART_BYTES",
    "check_declared_size",
    "check_key_length",
    "check_metadata_size",
    "check_part_sizes",
    "check_single_size",
]

_MIB, _GIB, _TIB = 2**20, 2**30, 2**40

MAX_KEY_BYTES = 1024
MAX_METADATA_BYTES = 8192
MAX_SINGLE_BYTES = 5 * _GIB - 5 * _MIB
"""One upload, one part, one copy. "5 GiB" in the documents, whose footnote says 4.995 GiB."""
MAX_OBJECT_BYTES = 5 * _TIB - 5 * _GIB
"""A whole object. "5 TiB" in the documents, whose footnote says 4.995 TiB."""
MIN_PART_BYTES = 5 * _MIB
MAX_PARTS = 10_000
MAX_DELETE_KEYS = 1000


def check_key_length(key: str) -> None:
    """A key has 1 to 1,024 bytes of UTF-8 after NFC; else InvalidObjectName (10020)."""
    if not 1 <= len(key.encode()) <= MAX_KEY_BYTES:
        raise S3Error(ErrorKind.INVALID_OBJECT_NAME)


def check_metadata_size(custom: Mapping[str, str]) -> None:
    """Names and decoded values have at most 8,192 bytes together; else MetadataTooLarge (10012).

    The headers that are kept are held to the same by themselves: R2's documents do not say, S3's requests have no
    longer ones, and many clients read no answer that has.
    """
    if (
        sum(_stored_length(name) + _stored_length(value) for name, value in custom.items())
        > MAX_METADATA_BYTES
    ):
        raise S3Error(ErrorKind.METADATA_TOO_LARGE)


def _stored_length(text: str) -> int:
    """R2 keeps texts beyond Latin-1 in two bytes a UTF-16 unit (WSDK .../r2/validator.worker.ts)."""
    if all(ord(character) < 256 for character in text):
        return len(text)
    return len(text.encode("utf-16-le"))


def check_single_size(size: int) -> None:
    """One upload, part or copy has at most 5 GiB - 5 MiB; else EntityTooLarge (100100)."""
    if size > MAX_SINGLE_BYTES:
        raise S3Error(ErrorKind.ENTITY_TOO_LARGE)


def check_declared_size(declared: str | None, size: int) -> None:
    """Whether the parts have the bytes that a completion says (`x-amz-mp-object-size`, AWS); else InvalidRequest."""
    if declared is not None and declared != str(size):
        raise S3Error(
            ErrorKind.INVALID_REQUEST,
            f"The provided 'x-amz-mp-object-size' header value {declared} does not match what was computed: {size}",
        )


def check_part_sizes(sizes: Sequence[int]) -> None:
    """All parts but the last are equal and at least 5 MiB, the last is not larger.

    Raises:
        S3Error: EntityTooSmall (10011), InvalidPart (10048), or EntityTooLarge for the whole.
    """
    *leading, last = sizes
    if any(size < MIN_PART_BYTES for size in leading):
        raise S3Error(ErrorKind.ENTITY_TOO_SMALL)
    if len(set(leading)) > 1 or (leading and last > leading[0]):
        raise S3Error(ErrorKind.UNEQUAL_PARTS)
    if sum(sizes) > MAX_OBJECT_BYTES:
        raise S3Error(ErrorKind.ENTITY_TOO_LARGE)
