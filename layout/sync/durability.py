"""When a write to a synced database is answered."""

import enum

__all__ = ["Durability"]


class Durability(enum.Enum):
    """When a write is answered."""

    WAIT = "wait"
    """Once the bucket has confirmed it: what was answered survives the loss of this machine."""
    BACKGROUND = "background"
    """Once it is on this machine's disk; the upload follows, and is repaired after a crash if the disk is there."""
