"""What was uploaded, copied or deleted, and how far an upload or a download is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypedDict

from layout.keys import Key

__all__ = ["DeletedFiles", "Progress", "UploadOptions", "UploadedFile", "UploadedPart"]

Progress = Callable[[int, int | None], None]
"""Told after each piece: bytes that are through, and bytes in all; None while that is unknown."""


class UploadOptions(TypedDict, total=False):
    """What every upload may be told, as of `AsyncR2Storage.upload`."""

    content_type: str | None
    metadata: Mapping[str, str] | None
    only_if_absent: bool
    progress: Progress | None


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
