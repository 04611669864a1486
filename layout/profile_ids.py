"""Ids of new profiles. Those that exist may be any segment of a key: older applications made them otherwise."""

import uuid

__all__ = ["NEW_ID_CHARACTERS", "new_profile_id"]

NEW_ID_CHARACTERS = 8
"""How long a new id is. It is unique among the profiles of one user, who has a handful."""


def new_profile_id() -> str:
    """A new profile id: the first of the 32 lower-case hex characters of a UUID4."""
    return uuid.uuid4().hex[:NEW_ID_CHARACTERS]
