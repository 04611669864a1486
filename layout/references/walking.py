"""The values of a declared path in one document, each with the way to it."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from layout.references.table import levels

__all__ = ["MISSING", "At", "Element", "at_path", "value_at"]

MISSING = object()
"""What is at a path that a document does not have."""

Element = tuple[str, Any]
"""An element of a list: `("id", its id)`; `("index", its place)` where it has none; `("twin", [place, id])` where
another has the same."""


@dataclass(frozen=True)
class At:
    """A place in a document.

    Attributes:
        elements: The elements of the lists on the way, the outermost first.
        value: What is there, or `MISSING`.
        inner: The innermost element; the document if the path goes through no list.
    """

    elements: tuple[Element, ...]
    value: Any
    inner: Mapping[str, Any]


def at_path(document: Mapping[str, Any], path: str) -> Iterator[At]:
    """Every place of the path; of an element that is no document none."""
    *lists, last = levels(path)
    yield from _inside(document, lists, last, ())


def value_at(document: Any, path: str) -> Any:
    """What is at a path without lists, or `MISSING`."""
    for part in path.split("."):
        if not isinstance(document, Mapping) or part not in document:
            return MISSING
        document = document[part]
    return document


def _inside(
    document: Mapping[str, Any], lists: list[str], last: str, elements: tuple[Element, ...]
) -> Iterator[At]:
    if not lists:
        yield At(elements, value_at(document, last), document)
        return
    members = value_at(document, lists[0])
    if not isinstance(members, list):
        return
    ids = [member.get("id") if isinstance(member, Mapping) else None for member in members]
    # A list may be long; an id that is a document itself has no hash, and is compared with each of the others.
    counts = Counter(one for one in ids if isinstance(one, Hashable))
    for index, member in enumerate(members):
        if isinstance(member, Mapping):
            one = ids[index]
            is_only = (counts[one] if isinstance(one, Hashable) else ids.count(one)) == 1
            known: Element = ("id", one) if is_only else ("twin", [index, one])
            if one is None:
                known = ("index", index)
            yield from _inside(member, lists[1:], last, (*elements, known))
