"""What was uploaded, copied or deleted, and how far an upload or a download is."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from layout.keys import Key

__all__ = ["DeletedFiles", "Progress", "UploadOptions", "UploadedFile", "UploadedPart", "e_tag_of_parts"]

Progress = Callable[[int, int | None], None]
"""Told after each piece: bytes that are through, and bytes in all; None while that is unknown."""


class UploadOptions(TypedDict, total=False):
    """What every upload may be told, as of `AsyncR2Storage.upload`."""

    content_type: str | None
    metadata: Mapping[str, str] | None
    only_if_absent: bool
    progress: Progress | None


_MD5 = re.compile(r'"([0-9a-f]{32})"')


@dataclass(frozen=True)
class UploadedFile:
    """An object as it was written.

    Attributes:
        key: Exactly where it is.
        size: Bytes.
        e_tag: Of this version, in the quotes that conditions need.
    """

    key: Key
    size: int
    e_tag: str


@dataclass(frozen=True)
class UploadedPart:
    """A part that has arrived.

    Attributes:
        number: 1 to 10,000.
        size: Bytes.
        e_tag: In its quotes.
    """

    number: int
    size: int
    e_tag: str


@dataclass(frozen=True)
class DeletedFiles:
    """What was deleted.

    Attributes:
        count: Objects.
        size: Their bytes.
    """

    count: int
    size: int


def e_tag_of_parts(parts: Sequence[UploadedPart]) -> str | None:
    """The ETag of an object made of these parts; None if a part's own is no MD5.

    R2 makes it from the MD5 of the parts' MD5s (Cloudflare's R2 docs, `objects/multipart-objects`).
    """
    found = [_MD5.fullmatch(part.e_tag) for part in parts]
    if not all(found):
        return None
    digests = b"".join(bytes.fromhex(match[1]) for match in found if match)
    return f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"'
