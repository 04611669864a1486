"""Globs over whole object keys, and what their wildcards matched.

`*` is any text within a segment, `**` any text, slashes included, `?` one character of a segment, `[ab]` and
`[!a-c]` one character of a set; `[*]` is a star. The standard library's `fnmatch` lets `*` cross slashes, and
`pathlib` does not match empty segments, which keys of a bucket have.
"""

import re
from functools import cache

__all__ = ["compile_glob", "expand", "placeholders"]

_WILDCARD = re.compile(r"\*+|\?|\[(!?)(\]?[^\]]*)\]|\[")
_PLACEHOLDER = re.compile(r"\{([0-9]{1,4})\}")


@cache
def compile_glob(glob: str) -> re.Pattern[str]:
    """A pattern for `fullmatch`, with a group for each wildcard in the order of the glob.

    Raises:
        ValueError: It is no glob; the text follows "the glob '...'" in a message.
    """
    parts, end = [], 0
    for found in _WILDCARD.finditer(glob):
        parts += [re.escape(glob[end : found.start()]), f"({_pattern(found)})"]
        end = found.end()
    if not parts:
        raise ValueError("has no wildcard")
    try:
        return re.compile("".join(parts) + re.escape(glob[end:]), re.DOTALL)
    except re.error as error:
        raise ValueError(f"has a set of characters that is none ({error.msg})") from error


def _pattern(found: re.Match[str]) -> str:
    if found.group() in {"*", "**", "?"}:
        return {"*": "[^/]*", "**": ".*", "?": "[^/]"}[found.group()]
    if found.group().startswith("*"):
        raise ValueError(f"has {len(found.group())} stars in a row")
    if found[2] is None:
        raise ValueError("has a '[' without its ']'")
    characters = re.sub(r"([\\\[\]^&~|])", r"\\\1", found[2])
    return f"(?!/)[{'^' if found[1] else ''}{characters}]"


def placeholders(target: str) -> list[int]:
    """The numbers of the wildcards that a target names: `{1}` is what the first one matched."""
    return [int(found[1]) for found in _PLACEHOLDER.finditer(target)]


def expand(target: str, matched: tuple[str, ...]) -> str:
    """The target with what the wildcards matched in the place of `{1}`, `{2}` and so on."""
    return _PLACEHOLDER.sub(lambda found: matched[int(found[1]) - 1], target)
