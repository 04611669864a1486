"""Whose objects and records are meant; no client of a database is needed to say so."""

from dataclasses import dataclass

__all__ = ["RecordOwner"]


@dataclass(frozen=True)
class RecordOwner:
    """Whose records: of a user, of one project of theirs, or of one scene of that; empty: all."""

    user: str
    project: str = ""
    scene: str = ""
