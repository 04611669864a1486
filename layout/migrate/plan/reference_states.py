"""The life of a reference as a table, like `layout.migrate.plan.moves`: a value in a document that names an object."""

import enum

from layout.life import Move
from layout.migrate.plan.life import PlanLife

__all__ = ["REFERENCE_LIFE", "REFERENCE_MOVES", "ReferenceEvent", "ReferenceState"]


class ReferenceState(enum.StrEnum):
    """How far a reference has come."""

    FOUND = "found"
    """It was read; what it names has not been looked up."""
    REWRITE = "rewrite"
    """It names an object that moves: it is to get its new key."""
    THERE = "there"
    """It names a key of the new layout already."""
    STAYS = "stays"
    """It names an object that the plan does not move."""
    EXTERNAL = "external"
    """It names something elsewhere."""
    DANGLING = "dangling"
    """It names nothing that is in the bucket."""
    SEVERAL = "several"
    """It fits several objects: a person decides."""
    WRITTEN = "written"
    """This plan wrote the new key."""
    RESTORED = "restored"
    """A rollback wrote the old value again."""
    LEFT = "left"
    """A rollback found another value than this plan wrote, and left it."""
    GONE = "gone"
    """The document, or the place in it, is no more."""


class ReferenceEvent(enum.StrEnum):
    """What can happen to it."""

    NAMES = "names"
    NAMES_NEW = "names new"
    NAMES_UNMOVED = "names unmoved"
    NAMES_ELSEWHERE = "names elsewhere"
    NAMES_NOTHING = "names nothing"
    NAMES_SEVERAL = "names several"
    CHANGED = "changed"
    WRITTEN = "written"
    UNWRITTEN = "unwritten"
    RESTORED = "restored"
    LEFT = "left"
    GONE = "gone"


_S, _E = ReferenceState, ReferenceEvent

REFERENCE_MOVES = (
    Move(_E.NAMES, _S.FOUND, _S.REWRITE, "plan, references: its object moves"),
    Move(_E.NAMES_NEW, _S.FOUND, _S.THERE, "plan, references: it names a new key"),
    Move(_E.NAMES_UNMOVED, _S.FOUND, _S.STAYS, "plan, references: its object does not move"),
    Move(_E.NAMES_ELSEWHERE, _S.FOUND, _S.EXTERNAL, "plan, references: its URL is of another host"),
    Move(_E.NAMES_NOTHING, _S.FOUND, _S.DANGLING, "plan, references: no object fits"),
    Move(_E.NAMES_SEVERAL, _S.FOUND, _S.SEVERAL, "plan, references: several objects fit"),
    *(Move(_E.CHANGED, state, _S.FOUND, "references, delete: somebody wrote another value") for state in _S),
    Move(_E.WRITTEN, _S.REWRITE, _S.WRITTEN, "references: the document has the new key"),
    Move(_E.WRITTEN, _S.RESTORED, _S.WRITTEN, "references: again after a rollback"),
    Move(_E.UNWRITTEN, _S.WRITTEN, _S.REWRITE, "references, delete: somebody wrote the old value again"),
    Move(_E.RESTORED, _S.WRITTEN, _S.RESTORED, "rollback: the document has the old value"),
    Move(_E.LEFT, _S.WRITTEN, _S.LEFT, "rollback: somebody wrote another value since"),
    *(
        Move(_E.GONE, state, _S.GONE, "references, delete: its place is no more")
        for state in _S
        if state is not _S.GONE
    ),
)

REFERENCE_LIFE = PlanLife(
    "document_references", REFERENCE_MOVES, "Run the command again: it reads all documents anew."
)
