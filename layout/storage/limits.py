"""How large an object and its parts may be (R2 docs, `platform/limits` and `objects/multipart-objects`)."""

import math

__all__ = ["GIB", "LARGEST_SINGLE", "MIB", "MOST_PARTS", "SMALLEST_PART", "USUAL_PART", "part_size"]

MIB = 1 << 20
GIB = 1 << 30
LARGEST_SINGLE = 5 * GIB - 10 * MIB
"""Bytes of the largest object that one request writes or copies: just below 4.995 GiB."""
SMALLEST_PART = 5 * MIB
MOST_PARTS = 10_000
USUAL_PART = 16 * MIB
"""What is no larger goes in one request, anything else in parts of this size or, if it takes more than 10,000, a larger
one."""


def part_size(size: int, usual: int = USUAL_PART) -> int:
    """The size of every part but the last, for an object of `size` bytes: the usual one, or what 10,000 parts need.

    R2 wants all parts but the last of one size.
    """
    return max(usual, math.ceil(size / MOST_PARTS))
