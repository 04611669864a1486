"""What documents say, as it was read; no client of the database is needed to speak of it."""

from dataclasses import dataclass, field

from layout.references.table import Kind

__all__ = ["FoundOwner", "FoundPart", "FoundReference", "Scanned"]


@dataclass(frozen=True, slots=True)
class FoundOwner:
    """A project: one of its spellings, without what all have in common; its id and user as the document has them."""

    bare: str
    id: str
    user: str


@dataclass(frozen=True, slots=True)
class FoundPart:
    """A part of a project, such as a scene, and the project's bare id."""

    part: str
    bare: str


@dataclass(frozen=True, slots=True)
class FoundReference:
    """A value that may name an object.

    Attributes:
        collection: Where it is.
        document: The document's `_id`, as canonical extended JSON.
        path: As declared.
        elements: The elements of the lists on the way, as canonical extended JSON.
        value: The text.
        kind: As declared.
        bare: The bare id of its project; empty if the document names none.
        group: Whose file it is.
        role: As declared.
        becomes: Path of the missing field that is to get the key too; empty: none is.
    """

    collection: str
    document: str
    path: str
    elements: str
    value: str
    kind: Kind
    bare: str
    group: str
    role: str
    becomes: str


@dataclass(slots=True)
class Scanned:
    """What a batch of documents says."""

    documents: int = 0
    owners: list[FoundOwner] = field(default_factory=list)
    parts: list[FoundPart] = field(default_factory=list)
    references: list[FoundReference] = field(default_factory=list)
