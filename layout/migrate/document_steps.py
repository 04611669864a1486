"""What planning does with documents that name objects; `layout.migrate.referring` does it, which needs their client."""

from typing import Protocol

from layout.legacy import LegacyLayout

__all__ = ["DocumentSteps"]


class DocumentSteps(Protocol):
    """Two steps between those about objects."""

    def read(self) -> None:
        """Before objects are placed: a layout may ask what documents say."""

    def look_up(self, layout: LegacyLayout) -> None:
        """Once every object is placed: what each reference names."""
