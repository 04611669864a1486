"""Which profile a request works in: the one that it names, else the one that the user chose last, else the default."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from layout.documents.profiles import Profiles
from layout.keys import Key
from layout.storage.profile_store import AsyncProfileStore

__all__ = ["RequestProfiles"]

MOST_KNOWN = 10_000


@dataclass(frozen=True)
class _Known:
    profiles: Profiles
    selected: str
    until: float


class RequestProfiles:
    """The profiles of users, remembered for some seconds: a warm request asks the bucket nothing.

    What another process changes is seen that much later at the most: a profile that was deleted there is still served
    from here for so long. What is written to it meanwhile does not come back: databases ask the registry itself
    before they are made in the bucket. A profile that was made there is found at once: what is not known is asked for.
    """

    def __init__(
        self,
        store: AsyncProfileStore,
        *,
        max_age: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`max_age` is in seconds; `clock` counts them."""
        self._store = store
        self._max_age = max_age
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._changes = 0

    async def choose(self, user_id: str, named: str | None) -> str:
        """The profile of a request.

        Args:
            user_id: The user, who gets a default profile if they are new.
            named: What the request names; None or empty if nothing.

        Raises:
            NoProfileError: The user has no such profile. It is never made.
        """
        known = await self._profiles(user_id, named)
        if not named:
            return known.selected
        known.profiles.require(named)
        return named

    async def check_key(self, user_id: str, key: Key) -> None:
        """Nothing, if the key is in one of the user's profiles, or in none.

        Raises:
            NoProfileError: It is in a profile that the user does not have, such as a deleted one.
        """
        profile = key.fields.get("profile")
        if profile is not None and key.fields["user"] == user_id:
            (await self._profiles(user_id, profile)).profiles.require(profile)

    def forget(self, user_id: str) -> None:
        """Ask the bucket the next time: after a profile was made, chosen, renamed or deleted here."""
        self._known.pop(user_id, None)
        self._changes += 1

    async def _profiles(self, user_id: str, wanted: str | None) -> _Known:
        """What is known, if the wanted profile is in it: another process may have made one since."""
        known = self._known.get(user_id)
        if (
            known is not None
            and self._clock() < known.until
            and (not wanted or wanted in known.profiles.profiles)
        ):
            return known
        changes = self._changes
        profiles = await self._store.ensure(user_id)
        selected = await self._store.selected(user_id)
        known = _Known(profiles, selected, self._clock() + self._max_age)
        if changes != self._changes:
            # What was read may be from before the change: good for this request, and for no later one.
            return known
        self._known[user_id] = known
        self._known.move_to_end(user_id)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return known
