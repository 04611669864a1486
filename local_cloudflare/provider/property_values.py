"""Pulumi's property values as plain Python, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN

__all__ = ["UNKNOWN", "is_unknown", "plain", "plain_map", "property_map"]

# `UNKNOWN` is a text that stands for a value that a preview cannot know. The library's own `Computed` cannot
# be sent (it raises), and what the engine sends arrives as this text.


def plain(value: PropertyValue) -> Any:
    """The value without its marks. Whole numbers become int, since Pulumi only knows floats."""
    content = value.value
    if isinstance(content, float) and content.is_integer():
        return int(content)
    if isinstance(content, Mapping):
        return {name: plain(inner) for name, inner in content.items()}
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [plain(inner) for inner in content]
    return content


def plain_map(values: Mapping[str, PropertyValue]) -> dict[str, Any]:
    """The same for a resource's properties. Nulls are left out, at every depth."""
    return {
        name: cleaned
        for name, value in values.items()
        if (cleaned := _without_nulls(plain(value))) is not None
    }


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value


def _property(value: Any) -> PropertyValue:
    if isinstance(value, dict):
        return PropertyValue({name: _property(inner) for name, inner in value.items()})
    if isinstance(value, list):
        return PropertyValue([_property(inner) for inner in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)


def property_map(values: Mapping[str, Any], *, secret: Iterable[str] = ()) -> dict[str, PropertyValue]:
    """Plain values as properties; those named in `secret` are marked so."""
    hidden = set(secret)
    return {
        name: _property(value).with_secret(name in hidden)
        for name, value in values.items()
        if value is not None
    }


def is_unknown(value: Any) -> bool:
    """Whether the value, or anything inside it, is not known yet."""
    if isinstance(value, dict):
        return any(is_unknown(inner) for inner in value.values())
    if isinstance(value, list):
        return any(is_unknown(inner) for inner in value)
    return bool(value == UNKNOWN)
