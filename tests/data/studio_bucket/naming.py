"""How the second application's documents name objects: what each value was, and what it must be after the move."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Added", "Names", "Value", "as_moved", "as_written", "named_objects", "presigned", "public"]

ACCOUNT_HOST = "https://0f1e2d3c4b5a69788796a5b4c3d2e1f0.r2.cloudflarestorage.com"
PUBLIC_HOST = "media.shorts.example"


@dataclass(frozen=True)
class Names:
    """A value that means an object.

    Attributes:
        object: Its old key.
        value: As the document has it; None: it is the key.
    """

    object: str
    value: str | None = None


@dataclass(frozen=True)
class Added:
    """A field that is missing, and that readers of the new layout find there.

    Attributes:
        object: The old key of the object that it names then.
    """

    object: str


Value = Names | Added


def public(key: str) -> str:
    """The URL that the application wrote of what it took for the key."""
    return f"https://{PUBLIC_HOST}/{key}"


def presigned(bucket: str, encoded_key: str) -> str:
    """A presigned URL that expired long ago."""
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20240514T123456Z&X-Amz-Expires=3600&X-Amz-Signature=00ff"
    )
    return f"{ACCOUNT_HOST}/{bucket}/{encoded_key}?{query}"


def as_written(documents: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The documents as the application left them."""

    def value_of(value: Value) -> Any:
        if isinstance(value, Added):
            return _LEFT_OUT
        return value.object if value.value is None else value.value

    return {name: _replaced(rows, value_of) for name, rows in documents.items()}


def as_moved(documents: Mapping[str, list[Any]], new_keys: Mapping[str, str]) -> dict[str, list[Any]]:
    """The documents as they must be once each old key has its new one."""
    return {name: _replaced(rows, lambda value: new_keys[value.object]) for name, rows in documents.items()}


def named_objects(documents: Mapping[str, list[Any]]) -> list[str]:
    """The old key of each value that means an object, as often as one does."""
    return [value.object for value in _values(list(documents.values())) if isinstance(value, Names)]


_LEFT_OUT = object()


def _replaced(value: Any, made: Callable[[Value], Any]) -> Any:
    if isinstance(value, Value):
        return made(value)
    if isinstance(value, dict):
        items = ((name, _replaced(inner, made)) for name, inner in value.items())
        return {name: inner for name, inner in items if inner is not _LEFT_OUT}
    if isinstance(value, list):
        return [_replaced(inner, made) for inner in value]
    return copy.copy(value)


def _values(value: Any) -> Iterator[Value]:
    if isinstance(value, Value):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _values(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner)
