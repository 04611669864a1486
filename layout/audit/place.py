"""Where an object is counted: its environment, its area, whose it is."""

from typing import NamedTuple

from layout.environment import Environment
from layout.errors import InvalidKeyError
from layout.keys import Key, parse_key
from layout.scheme.variables import USER

__all__ = ["OUTSIDE", "UNKNOWN", "Place", "environment_of", "place_of", "place_of_unknown"]

UNKNOWN = "unknown"
"""The area of keys that the scheme does not know."""
OUTSIDE = ""
"""The environment of keys that begin with none."""
_OWNERS = ("profile", "project")
_ENVIRONMENTS = frozenset(Environment)


class Place(NamedTuple):
    """One row of what is counted.

    Attributes:
        environment: `dev`, or `OUTSIDE`.
        area: Name of a row of the scheme, or `UNKNOWN`.
        user: The user that the key names, or empty.
        owner: The profile or project that the key names; of an unknown key its first folder; or empty.
    """

    environment: str
    area: str
    user: str = ""
    owner: str = ""


def place_of(text: str) -> tuple[Place, Key | None]:
    """The place of a key, and the key of the scheme that it is, if it is one."""
    try:
        key = parse_key(text)
    except InvalidKeyError:
        return place_of_unknown(text), None
    fields = key.fields
    owner = next((fields[name] for name in _OWNERS if name in fields), "")
    return Place(fields["env"], key.template.name, fields.get(USER, ""), owner), key


def place_of_unknown(text: str) -> Place:
    """The place of a key that the scheme does not know."""
    environment = environment_of(text)
    rest = text[len(environment) + 1 :] if environment else text
    folder, slash, _ = rest.partition("/")
    return Place(environment, UNKNOWN, "", folder if slash else "")


def environment_of(text: str) -> str:
    """The environment that a text begins with, or `OUTSIDE`."""
    first, slash, _ = text.partition("/")
    return first if slash and first in _ENVIRONMENTS else OUTSIDE
