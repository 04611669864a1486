"""The headers `If-Match`, `If-None-Match` and `If-Range`, compared with the ETag of an object (RFC 9110, 13)."""

from __future__ import annotations

import re

from layout.storage.e_tags import is_e_tag

__all__ = ["names_version", "strong_e_tag"]

_E_TAGS = re.compile(r'(?:W/)?"[!#-~\x80-\xff]*"')


def names_version(header: str, e_tag: str, *, weak: bool) -> bool:
    """Whether the header names this version, among others maybe; `*` names any.

    Args:
        header: The value of `If-Match` or `If-None-Match`.
        e_tag: Of the object, in its quotes.
        weak: Whether `W/"..."` counts as `"..."`: for `If-None-Match`, not for `If-Match`.
    """
    if header.strip() == "*":
        return True
    named = [found.removeprefix("W/") if weak else found for found in _E_TAGS.findall(header)]
    return e_tag in named


def strong_e_tag(header: str | None) -> str | None:
    """The one strong ETag that the header names, as an object can have it; None if it names none, as a date does."""
    text = (header or "").strip()
    return text if is_e_tag(text) else None
