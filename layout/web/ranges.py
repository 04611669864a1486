"""The header `Range`, as far as it is honoured: one range of bytes (RFC 9110, 14.2).

A server may ignore the header. It is ignored where it asks for several ranges, for another unit, or cannot be read;
then the whole file is the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["ByteRange", "parse_range"]

_RANGE = re.compile(r"bytes=\s*([0-9]{0,19})-([0-9]{0,19})\s*", re.IGNORECASE)


@dataclass(frozen=True)
class ByteRange:
    """What `AsyncR2Storage.open_file` takes: from a byte to before another, or only so many of the last."""

    start: int | None = None
    stop: int | None = None
    suffix: int | None = None


def parse_range(header: str | None) -> ByteRange | None:
    """The one range that the header asks for; None for the whole file."""
    found = _RANGE.fullmatch(header or "")
    if found is None:
        return None
    first, last = found.groups()
    if not first:
        return ByteRange(suffix=int(last)) if last and int(last) else None
    start = int(first)
    if not last:
        return ByteRange(start=start)
    return ByteRange(start, int(last) + 1) if int(last) >= start else None
