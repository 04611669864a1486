"""Users of whom it was asked a moment ago whether they were deleted, so that not every upload asks again."""

import time
from collections.abc import Callable

__all__ = ["REMEMBERED_SECONDS", "RememberedUsers"]

REMEMBERED_SECONDS = 30.0
"""So long a process may still upload for a user whom another one has deleted."""
MOST_USERS = 10_000


class RememberedUsers:
    """Users who were there when it was asked last, each for `REMEMBERED_SECONDS`. Threads may share it.

    Args:
        clock: Counts seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def __contains__(self, user_id: str) -> bool:
        return self._clock() < self._until.get(user_id, 0.0)

    def add(self, user_id: str) -> None:
        """The user is there."""
        if len(self._until) >= MOST_USERS:
            self._until.clear()
        self._until[user_id] = self._clock() + REMEMBERED_SECONDS
