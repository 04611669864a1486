"""What names objects: databases, documents, whatever an application keeps elsewhere.

An audit asks any number of sources. Each says three kinds of things while it reads: that something names an object,
that it has read everything that could name an object under a prefix, and that a number may be wrong since something
could not be read. From these follow the references without objects and the objects without references.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from layout.audit.place import Place

if TYPE_CHECKING:
    from layout.audit.inventory import Inventory

__all__ = ["Coverage", "Doubt", "Fault", "Reference", "ReferenceSource", "Statement"]


@dataclass(frozen=True, slots=True)
class Reference:
    """Something names an object.

    Attributes:
        key: The object's key in the scheme.
        where: What names it, for people: `dev/users/.../database.sqlite: raw_clips.filename`.
        holder: Key of the object, or address of the document, that the name stands in.
        required: Whether the object has to be there; otherwise it only counts as named.
    """

    key: str
    where: str
    holder: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Coverage:
    """All that could name an object under a prefix was read: what nobody named has no reference.

    Attributes:
        prefix: It ends in `/`.
    """

    prefix: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A number may be wrong.

    Attributes:
        place: Whose number.
        reason: One sentence without its full stop.
    """

    place: Place
    reason: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that holds references is itself not as it should be.

    Attributes:
        key: The object.
        reason: What is wrong.
        readable: Whether its references could be read all the same: then only its metadata are missing.
    """

    key: str
    reason: str
    readable: bool = False


Statement = Reference | Coverage | Doubt | Fault


class ReferenceSource(Protocol):
    """Something that knows which objects an application uses."""

    name: str
    """For people: what progress and reports call it."""

    def statements(self, inventory: "Inventory") -> Iterator[Statement]:
        """Reads everything, a piece at a time; the inventory knows all objects of the bucket.

        Raises:
            LayoutError: The source cannot be read at all.
        """
