"""Old layouts as named, tested values. Each stays until the last bucket in it has been migrated.

A new one is a module beside `flat.py` and a name in `LEGACY_LAYOUTS` below: docs/legacy_layouts.md shows it whole.
"""

from collections.abc import Mapping
from types import MappingProxyType

from layout.legacy.documents import NO_DOCUMENTS, Documents, NamedIn, Project
from layout.legacy.flat import FLAT, FlatLayout
from layout.legacy.legacy_layout import (
    DATABASE_ENDINGS,
    Decision,
    Evidence,
    Facts,
    LegacyLayout,
    Naming,
    Phase,
    Placement,
    is_new_key,
    move,
    phase_of,
    unknown,
)
from layout.legacy.scenes import SCENES, ScenesLayout

__all__ = [
    "DATABASE_ENDINGS",
    "FLAT",
    "LEGACY_LAYOUTS",
    "NO_DOCUMENTS",
    "SCENES",
    "Decision",
    "Documents",
    "Evidence",
    "Facts",
    "FlatLayout",
    "LegacyLayout",
    "NamedIn",
    "Naming",
    "Phase",
    "Placement",
    "Project",
    "ScenesLayout",
    "is_new_key",
    "move",
    "phase_of",
    "unknown",
]

LEGACY_LAYOUTS: Mapping[str, LegacyLayout] = MappingProxyType({FLAT.name: FLAT, SCENES.name: SCENES})
"""Every known old layout by the name that the migration command takes."""
