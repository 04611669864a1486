"""Old layouts as named, tested values. Each stays until the last bucket in it has been migrated."""

from collections.abc import Mapping
from types import MappingProxyType

from layout.legacy.flat import FLAT, FlatLayout
from layout.legacy.legacy_layout import Decision, Facts, LegacyLayout, Phase, Placement

__all__ = [
    "FLAT",
    "LEGACY_LAYOUTS",
    "Decision",
    "Facts",
    "FlatLayout",
    "LegacyLayout",
    "Phase",
    "Placement",
]

LEGACY_LAYOUTS: Mapping[str, LegacyLayout] = MappingProxyType({FLAT.name: FLAT})
"""Every known old layout by the name that the migration command takes."""
