"""The variables of the templates, and what a key says of its owner and of who may reach it."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from layout.environment import Environment
from layout.errors import InvalidKeyError
from layout.scheme.segments import clean_path, clean_segment, path_pattern, segment_pattern, shown

__all__ = ["ENVIRONMENT", "USER", "VARIABLES", "Access", "Owner", "Variable"]


ENVIRONMENT = "env"
"""The variable that every key begins with."""
USER = "user"
"""The variable that says whose an object is."""


class Owner(enum.StrEnum):
    """Whose data an object is: what a deletion of that owner must include."""

    ENVIRONMENT = "environment"
    USER = "user"


class Access(enum.StrEnum):
    """Who reaches an object with credentials of their own; the backend reaches all."""

    BACKEND = "backend"
    """The backend only."""
    USER = "user"
    """Also the user that the key names, who may read and write."""
    EVERYONE = "everyone"
    """Also every user of the environment, who may read."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A named part of a template.

    Attributes:
        name: As in the template's text, `user` for `{user}`.
        label: As in messages, `user id`.
        choices: The only values that it may have; empty means any valid segment.
        many: Whether it is one or more segments; such a variable comes last.
    """

    name: str
    label: str
    choices: tuple[str, ...] = ()
    many: bool = False

    def pattern(self, character: str) -> str:
        """Regular expression for its values, without a group."""
        if self.choices:
            return "|".join(map(re.escape, self.choices))
        return path_pattern(character) if self.many else segment_pattern(character)

    def clean(self, value: str) -> str:
        """The value in NFC.

        Raises:
            InvalidKeyError: If it is not allowed here.
        """
        if self.many:
            return clean_path(value, self.label)
        if self.choices and value not in self.choices:
            known = ", ".join(self.choices)
            raise InvalidKeyError(
                f"The {self.label} {shown(value)} is none of {known}.", hint=f"Use one of {known}."
            )
        return clean_segment(value, self.label)


VARIABLES = (
    Variable(ENVIRONMENT, "environment", choices=tuple(item.value for item in Environment)),
    Variable(USER, "user id"),
    Variable("profile", "profile id"),
    Variable("project", "project id"),
    Variable("scene", "scene id"),
    Variable("media_type", "media type", choices=("audio", "media")),
    Variable("file", "file name"),
    Variable("path", "path", many=True),
)
"""Those that the rows of the table may have."""
