"""The profile files of users in the bucket: read, made on first access, changed without losing a change.

Two processes may meet a new user, or change a registry, at the same moment. So a file is created only if
there is none, and changed only if it is still the one that was read.
"""

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from layout.documents.model import Document
from layout.documents.profiles import Profiles, SelectedProfile, selected_profile_id
from layout.errors import ConditionFailedError, InvalidDocumentError, ObjectMissingError
from layout.keys import Key, profiles_key, selected_profile_key
from layout.storage._async.objects import AsyncObjects
from layout.storage._async.waiting import sleep

__all__ = ["AsyncProfileStore"]

ATTEMPTS = 6
# R2 takes about one write a second on one key, so whoever lost a race waits a part of a second.
WAIT_SECONDS = 0.5

DocumentT = TypeVar("DocumentT", bound=Document)


class AsyncProfileStore:
    """`profiles.json` and `selected-profile.json` of the users of one environment.

    Besides the errors named below, every method raises what `layout.storage.error_translation.storage_errors` lists,
    and `InvalidDocumentError` for a file that is not what it should be: neither means "no profile".
    """

    def __init__(self, storage: AsyncObjects, *, sleep: Callable[[float], Awaitable[None]] = sleep) -> None:
        """`sleep` waits that many seconds between attempts of a change."""
        self._storage = storage
        self._sleep = sleep

    async def read(self, user_id: str) -> Profiles:
        """The registry of a user.

        Raises:
            ObjectMissingError: The user has none.
        """
        return (await self._read(self._profiles_key(user_id), Profiles))[0]

    async def ensure(self, user_id: str) -> Profiles:
        """The registry of a user; on their first access it is made, with one profile, which is selected.

        The first writer wins and the others adopt its registry. If the process ends between the two writes,
        the selection is missing, which means the default profile.
        """
        key = self._profiles_key(user_id)
        try:
            return (await self._read(key, Profiles))[0]
        except ObjectMissingError:
            profiles = Profiles.first()
        try:
            await self._storage.create(key, profiles.to_json())
        except ConditionFailedError:
            return (await self._read(key, Profiles))[0]
        await self._select_first(user_id, profiles)
        return profiles

    async def selected(self, user_id: str) -> str:
        """Id of the profile that the user works in: the one chosen last, else the default. Made if new.

        Raises:
            NoProfileError: The selection names a profile that the user does not have.
        """
        profiles = await self.ensure(user_id)
        return selected_profile_id(profiles, await self._selection(user_id))

    async def select(self, user_id: str, profile_id: str) -> None:
        """Remember the user's choice.

        Raises:
            NoProfileError: The user does not have this profile.
        """
        (await self.read(user_id)).require(profile_id)
        wanted = SelectedProfile(profile_id=profile_id)
        key = self._selected_key(user_id)
        try:
            await self._storage.create(key, wanted.to_json())
        except ConditionFailedError:
            await self._change(
                key,
                SelectedProfile,
                lambda found: found.model_copy(update={"profile_id": wanted.profile_id}),
            )

    async def update(self, user_id: str, change: Callable[[Profiles], Profiles]) -> Profiles:
        """Change the registry of a user and return the new one.

        Args:
            user_id: The user.
            change: Makes the new registry from the one in the bucket. Called again with a newer one if
                another process wrote meanwhile, so it must not have other effects.

        Raises:
            ObjectMissingError: The user has no registry.
            ConditionFailedError: Others kept changing it; nothing was written.
        """
        return await self._change(
            self._profiles_key(user_id), Profiles, lambda found: _same_default(found, change)
        )

    async def _change(
        self, key: Key, kind: type[DocumentT], change: Callable[[DocumentT], DocumentT]
    ) -> DocumentT:
        attempt = 0
        while True:
            attempt += 1
            found, e_tag = await self._read(key, kind)
            changed = change(found)
            if changed == found:
                return found
            try:
                await self._storage.replace(key, changed.to_json(), e_tag)
            except ConditionFailedError:
                if attempt == ATTEMPTS:
                    raise
                await self._sleep(random.uniform(0, WAIT_SECONDS * attempt))  # noqa: S311 - spreads retries
            else:
                return changed

    async def _read(self, key: Key, kind: type[DocumentT]) -> tuple[DocumentT, str]:
        found = await self._storage.get(key)
        return kind.from_json(found.body, key=key), found.e_tag

    async def _selection(self, user_id: str) -> SelectedProfile | None:
        try:
            return (await self._read(self._selected_key(user_id), SelectedProfile))[0]
        except ObjectMissingError:
            return None

    async def _select_first(self, user_id: str, profiles: Profiles) -> None:
        """A choice that somebody made in the meantime stands."""
        selected = SelectedProfile(profile_id=profiles.default)
        try:
            await self._storage.create(self._selected_key(user_id), selected.to_json())
        except ConditionFailedError:
            return

    def _profiles_key(self, user_id: str) -> Key:
        return profiles_key(user_id, environment=self._storage.environment)

    def _selected_key(self, user_id: str) -> Key:
        return selected_profile_key(user_id, environment=self._storage.environment)


def _same_default(found: Profiles, change: Callable[[Profiles], Profiles]) -> Profiles:
    """The default profile never changes: other machines keep it in memory."""
    changed = change(found)
    if changed.default != found.default:
        raise InvalidDocumentError(
            f"The change makes {changed.default!r} the default profile, which is {found.default!r}.",
            hint="Keep the default, and select another profile instead.",
        )
    return changed
