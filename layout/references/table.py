"""Which fields of an application's documents name objects, as a value.

A path is written with dots, and `[]` after a list: `scenes[].media.storageKey`. An element of a list is known again by
its `id` if it has one, since an application may reorder the list meanwhile, and by its place otherwise.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from layout.errors import SchemeError

__all__ = ["Field", "Kind", "Owner", "Part", "ReferenceTable", "Tracking", "levels"]

_LIST = "[]."


class Kind(enum.StrEnum):
    """What a field was meant to hold; its values may be of another form."""

    KEY = "key"
    """A key of the bucket, or what was taken for one: a file name, the end of a URL."""
    URL = "url"
    """An address: of an object, public or presigned, or of something elsewhere."""


@dataclass(frozen=True)
class Field:
    """A field that names objects.

    Attributes:
        collection: Its collection.
        path: Where in a document.
        kind: What it holds.
        owner: Path in the document of the id of the project that the document is, or is of.
        group: Path of what the file belongs to, such as a scene's id: in the innermost element of the path, or else in
            the document; empty: none.
        role: Which file of the group it is, such as `audio`; empty: any.
        becomes: Path, from the innermost element, of the field that gets the key if it is missing; for a URL whose
            readers read a key from now on. Empty: none.

    Raises:
        SchemeError: The path ends in a list or in nothing.
    """

    collection: str
    path: str
    kind: Kind
    owner: str
    group: str = ""
    role: str = ""
    becomes: str = ""

    def __post_init__(self) -> None:
        if (
            not all(part for level in levels(self.path) for part in level.split("."))
            or "[" in levels(self.path)[-1]
        ):
            raise SchemeError(
                f"The path {self.path!r} of the collection {self.collection!r} names no field.",
                hint="Write it like scenes[].media.url, with a field at its end.",
            )


@dataclass(frozen=True)
class Owner:
    """A collection whose documents are projects.

    Attributes:
        collection: Its name.
        spellings: Paths of the ids by which a project is known, the one that the new layout takes first.
        user: Path of its user.
    """

    collection: str
    spellings: tuple[str, ...]
    user: str


@dataclass(frozen=True)
class Part:
    """Where documents say that something, such as a scene, is a part of a project: paths of both ids."""

    collection: str
    part: str
    owner: str


@dataclass(frozen=True)
class Tracking:
    """A collection of records, one for each object that was uploaded: what stays of an object until it is deleted.

    Attributes:
        collection: Its name.
        key: Path of the object's key.
        owner: Path of the id of the project, in any spelling.
        part: Path of the id of the part, such as a scene.
        user: Path of the user.
    """

    collection: str
    key: str
    owner: str
    part: str
    user: str


@dataclass(frozen=True)
class ReferenceTable:
    """All that an application's documents say of objects.

    Attributes:
        owners: Its projects.
        parts: What belongs to them.
        fields: What names objects.
        bare: What all spellings of a project's id have in common.
        is_project_id: Whether a text that stands where a project's id may stand is one.
        tracking: Records of uploads.
        nobody: What stands for no user in particular.
    """

    owners: tuple[Owner, ...]
    parts: tuple[Part, ...]
    fields: tuple[Field, ...]
    bare: Callable[[str], str]
    is_project_id: Callable[[str], bool]
    tracking: tuple[Tracking, ...] = ()
    nobody: frozenset[str] = frozenset({""})

    @property
    def collections(self) -> tuple[str, ...]:
        """Their names, each once."""
        rows: tuple[Owner | Part | Field, ...] = (*self.owners, *self.parts, *self.fields)
        return tuple(dict.fromkeys(row.collection for row in rows))


@lru_cache(maxsize=1024)
def levels(path: str) -> tuple[str, ...]:
    """The lists of a path from the outermost on, and last the path in the innermost element."""
    return tuple(path.split(_LIST))
