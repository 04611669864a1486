"""What an old layout may ask about the documents that name its objects, where keys do not say whose they are.

The documents lie in another store; a migration reads them into its plan first and answers from there. So a layout stays
a pure function, and needs no client of that store.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["NO_DOCUMENTS", "Documents", "NamedIn", "Project"]


@dataclass(frozen=True, order=True)
class Project:
    """A project as its document describes it.

    Attributes:
        id: Its id in the new layout: the spelling that the document has.
        user: The user whom the document names, as it spells them; empty if it names none.
    """

    id: str
    user: str


@dataclass(frozen=True, order=True)
class NamedIn:
    """Where documents name an object: in a scene of a project, or in the project alone if the scene is empty."""

    project: Project
    scene: str = ""
    media_type: str = ""


class Documents(Protocol):
    """Answers from all documents, each sorted and without doubles; nothing found is an empty sequence."""

    @property
    def default_user(self) -> str:
        """The user of projects whose document names none; empty if the operator gave no such constant."""

    def projects(self, bare_id: str) -> Sequence[Project]:
        """The projects one of whose spellings, without `proj_` in front, is this one."""

    def projects_of_scene(self, scene: str) -> Sequence[Project]:
        """The projects that have a scene of this id."""

    def naming(self, key: str) -> Sequence[NamedIn]:
        """Where documents name this key, as it is, in a URL or by its last segment."""


@dataclass(frozen=True)
class _NoDocuments:
    default_user: str = ""

    def projects(self, _bare_id: str) -> Sequence[Project]:
        return ()

    def projects_of_scene(self, _scene: str) -> Sequence[Project]:
        return ()

    def naming(self, _key: str) -> Sequence[NamedIn]:
        return ()


NO_DOCUMENTS: Documents = _NoDocuments()
"""Of a plan that was made without documents: they say nothing."""
