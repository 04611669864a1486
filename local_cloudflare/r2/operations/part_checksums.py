"""The checksums of an object of parts: computed from the parts, never taken from who declares them."""

import base64
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error, not_implemented, not_implemented_header
from local_cloudflare.r2.protocol.xml import leaf, local_name
from local_cloudflare.r2.store.checksums import ALGORITHMS, COMPOSITE_ALGORITHMS, Hasher, combined_crc64nvme
from local_cloudflare.r2.store.models import Part, Upload

__all__ = ["checked_checksums", "listed_checksums", "part_has"]


def listed_checksums(part: ET.Element) -> dict[str, str]:
    """The checksums that a completion names for a part, by algorithm.

    Raises:
        S3Error: NotImplemented for an algorithm that R2 does not have: it would be taken on trust.
    """
    found = {}
    for child in part:
        name = local_name(child)
        if name.startswith("Checksum"):
            algorithm = name.removeprefix("Checksum").lower()
            if algorithm not in ALGORITHMS:
                raise not_implemented(f"CompleteMultipartUpload {name}")
            if algorithm in found:
                raise S3Error(ErrorKind.MALFORMED_XML)
            found[algorithm] = leaf(child)
    return found


def part_has(context: Context, part: Part, algorithm: str, declared: str) -> bool:
    """Whether a part has the checksum that a completion names for it (base64)."""
    return base64.b64encode(_digest(context, part, algorithm)).decode() == declared


def checked_checksums(context: Context, upload: Upload, parts: Sequence[Part]) -> dict[str, str]:
    """The checksum to keep with the object: that of the upload's algorithm.

    What the completion declares of the whole object is compared, whatever its algorithm.

    Raises:
        S3Error: BadDigest; NotImplemented for a type of checksum that R2 does not make of that algorithm
            (CFD r2/api/s3/api.mdx, checksum types).
    """
    names = {name: context.header(f"x-amz-checksum-{name}") for name in ALGORITHMS}
    declared = {name: value for name, value in names.items() if value is not None}
    of_upload = [] if upload.checksum_algorithm is None else [upload.checksum_algorithm]
    _check_type(context, list(declared) or of_upload)
    for name, value in declared.items():
        actual, _, count = _of_object(context, parts, name).partition("-")
        given, dash, number = value.partition("-")
        if given != actual or (dash and number != count):
            raise S3Error(ErrorKind.BAD_DIGEST)
    return {name: _of_object(context, parts, name) for name in of_upload}


def _check_type(context: Context, algorithms: Sequence[str]) -> None:
    given = context.header("x-amz-checksum-type")
    if given is None:
        return
    for name in algorithms:
        made = "COMPOSITE" if name in COMPOSITE_ALGORITHMS else "FULL_OBJECT"
        if given.upper() != made:
            raise not_implemented_header("x-amz-checksum-type", given)


def _of_object(context: Context, parts: Sequence[Part], algorithm: str) -> str:
    """CRC64NVME of all bytes; of the others the checksum of the parts' checksums, and their number."""
    digests = [_digest(context, part, algorithm) for part in parts]
    if algorithm not in COMPOSITE_ALGORITHMS:
        sizes = [part.body.size for part in parts]
        return base64.b64encode(combined_crc64nvme(zip(digests, sizes, strict=True))).decode()
    hasher = Hasher(algorithm)
    for digest in digests:
        hasher.update(digest)
    return f"{base64.b64encode(hasher.digest()).decode()}-{len(parts)}"


def _digest(context: Context, part: Part, algorithm: str) -> bytes:
    """The checksum of a part: known since its upload if it is of the upload's algorithm, else read again."""
    if (stored := part.checksums.get(algorithm)) is not None:
        return base64.b64decode(stored)
    hasher = Hasher(algorithm)
    hasher.update(part.body.inline or b"")
    for piece in context.store.blobs.read(part.body.segments):
        hasher.update(piece)
    return hasher.digest()
