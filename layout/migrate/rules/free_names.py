"""Names that the new layout allows and that nobody has, for keys and users that it refuses."""

import re
from collections.abc import Callable
from unicodedata import normalize

__all__ = ["allowed_path", "allowed_segment", "first_free"]

_REFUSED = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BYTES = 200  # of a segment: less than is allowed, so that a number has room


def allowed_segment(text: str) -> str:
    """A segment like a text, which may be none: refused characters become `_`, the middle of long ones goes."""
    name = _REFUSED.sub("_", normalize("NFC", text))
    if name in {"", ".", ".."}:
        return "_" * max(len(name), 1)
    while len(name.encode()) > _BYTES:
        middle = len(name) // 2
        name = name[: middle - 1] + name[middle:]
    return normalize("NFC", name)


def allowed_path(text: str) -> str:
    """A path like a text, which may be none: without its empty segments."""
    return "/".join(allowed_segment(segment) for segment in text.split("/") if segment) or "_"


def first_free(name: str, is_free: Callable[[str], bool]) -> str:
    """The name, or the first of `name-2.mp4`, `name-3.mp4` and so on that is free."""
    folder, slash, file = name.rpartition("/")
    stem, dot, suffix = file.partition(".")
    number, candidate = 1, name
    while not is_free(candidate):
        number += 1
        candidate = f"{folder}{slash}{stem}-{number}{dot}{suffix}"
    return candidate
