"""What the bucket answered about an object, in three values.

An object is present, absent, or the answer is unknown (no permission, no connection, too busy). Unknown is
never read as absent: what follows from absent may create or delete.
"""

import enum

__all__ = ["Presence"]


class Presence(enum.Enum):
    """Whether an object is there. Compare it: as a truth value it would hide one of the three answers."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self} is one of three answers; compare it with Presence.PRESENT or Presence.ABSENT."
        )
