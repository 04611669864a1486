# Written by `make generate` from layout/storage/_async/profile_store.py: change that.
"""The profile files of users in the bucket: read, made on first access, changed without losing a change.

Two processes may meet a new user, or change a registry, at the same moment. So a file is created only if
there is none, and changed only if it is still the one that was read. Within a process the changes of one file
wait for each other, and those that wait are written together: R2 takes about one write a second on one key.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from layout.documents.model import Document
from layout.documents.profiles import Profile, Profiles, SelectedProfile, selected_profile_id
from layout.errors import ConditionFailedError, InvalidDocumentError, LayoutError, ObjectMissingError
from layout.keys import Key, profile_prefix, profiles_key, selected_profile_key
from layout.profile_ids import new_profile_id
from layout.storage._sync.r2_storage import R2Storage
from layout.storage._sync.unmigrated_users import refuse_if_unmigrated
from layout.storage._sync.waiting import KeyLocks, sleep
from layout.storage.pending_change import PendingChange
from layout.storage.uploaded import DeletedFiles
from layout.times import utc_now

__all__ = ["ProfileStore"]

ATTEMPTS = 20
# R2 takes about one write a second on one key, so whoever lost a race waits a part of a second, and longer each time.
WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 3.0

DocumentT = TypeVar("DocumentT", bound=Document)


class ProfileStore:
    """`profiles.json` and `selected-profile.json` of the users of one environment.

    Besides the errors named below, every method raises what `layout.storage.error_translation.storage_errors` lists,
    and `InvalidDocumentError` for a file that is not what it should be: neither means "no profile".
    """

    def __init__(
        self,
        storage: R2Storage,
        *,
        sleep: Callable[[float], None] = sleep,
        attempts: int = ATTEMPTS,
    ) -> None:
        """`sleep` waits that many seconds between the `attempts` of a change."""
        self._attempts = attempts
        self._storage = storage
        self._sleep = sleep
        self._locks = KeyLocks()
        self._pending: defaultdict[Key, list[PendingChange[Any]]] = defaultdict(list)

    def read(self, user_id: str) -> Profiles:
        """The registry of a user: their profiles, and which were deleted.

        Raises:
            ObjectMissingError: The user has none.
        """
        return (self._read(self._profiles_key(user_id), Profiles))[0]

    def ensure(self, user_id: str) -> Profiles:
        """The registry of a user; on their first access it is made, with one profile, which is selected.

        The first writer wins and the others adopt its registry. If the process ends between the two writes,
        the selection is missing, which means the default profile.

        Raises:
            MarkerError: The user has files in an old layout that were not moved. It is asked where the credential
                opens the old keys, and a migration that is through with the environment is believed.
        """
        key = self._profiles_key(user_id)
        try:
            return (self._read(key, Profiles))[0]
        except ObjectMissingError:
            pass
        with self._locks.of(key):
            return self._ensured(user_id, key)

    def _ensured(self, user_id: str, key: Key) -> Profiles:
        try:
            return (self._read(key, Profiles))[0]
        except ObjectMissingError:
            refuse_if_unmigrated(self._storage, user_id)
            profiles = Profiles.first()
        try:
            self._storage.create(key, profiles.to_json())
        except ConditionFailedError:
            return (self._read(key, Profiles))[0]
        self._select_first(user_id, profiles)
        return profiles

    def selected(self, user_id: str) -> str:
        """Id of the profile that the user works in: the one chosen last, else the default. Made if new.

        Raises:
            NoProfileError: The selection names a profile that the user does not have.
            MarkerError: As of `ensure`.
        """
        profiles = self.ensure(user_id)
        return selected_profile_id(profiles, self._selection(user_id))

    def select(self, user_id: str, profile_id: str) -> None:
        """Remember the user's choice.

        Raises:
            NoProfileError: The user does not have this profile.
        """
        (self.read(user_id)).require(profile_id)
        wanted = SelectedProfile(profile_id=profile_id)
        key = self._selected_key(user_id)
        try:
            self._storage.create(key, wanted.to_json())
        except ConditionFailedError:
            self._change(
                key,
                SelectedProfile,
                lambda found: found.model_copy(update={"profile_id": wanted.profile_id}),
            )

    def create(self, user_id: str, name: str | None) -> str:
        """Make a profile. Returns its id.

        Args:
            user_id: The user, who gets their default profile too if they are new.
            name: What the user calls it; None: nothing yet.

        Raises:
            MarkerError: As of `ensure`.
        """
        self.ensure(user_id)
        profile_id = new_profile_id()

        def add(found: Profiles) -> Profiles:
            nonlocal profile_id
            while profile_id in found.profiles or profile_id in found.deleted:
                profile_id = new_profile_id()
            return found.with_profile(profile_id, Profile(name=name))

        self.update(user_id, add)
        return profile_id

    def rename(self, user_id: str, profile_id: str, name: str | None) -> Profiles:
        """Call a profile by another name. Returns the new registry.

        Raises:
            NoProfileError: The user does not have this profile.
        """

        def renamed(found: Profiles) -> Profiles:
            profile = found.require(profile_id).model_copy(update={"name": name})
            return found.with_profile(profile_id, profile)

        return self.update(user_id, renamed)

    def delete(self, user_id: str, profile_id: str) -> DeletedFiles:
        """Delete a profile for ever; what it held is in `{env}/backups/` for 30 days.

        The registry is told first, so that nobody works in it any more; then its objects are set aside and deleted.
        After a crash in between, and for what a late upload has left, it is called again.

        Raises:
            NoProfileError: The user has no such profile, or it is the default.
            StorageError: Some objects could not be deleted; the profile is deleted all the same. Call it again.
        """
        self.update(user_id, lambda found: found.with_deleted(profile_id, utc_now()))
        prefix = profile_prefix(user_id, profile_id, environment=self._storage.environment)
        return self._storage.delete_directory(prefix, set_aside=True)

    def move_files(self, user_id: str, source: str, target: str, paths: Iterable[str]) -> list[str]:
        """Move files of one profile to another, under the same paths. Returns the paths that were moved.

        Each is written and verified in the target before it is deleted in the source. A repetition after a crash goes
        on: what is in the target already, and no more in the source, counts as moved.

        Args:
            user_id: The owner of both profiles.
            source: The profile that has the files.
            target: The profile that gets them.
            paths: Of files, such as `raw_clips/goal.mp4`; not of a database that is synced.

        Raises:
            NoProfileError: The user does not have one of the profiles.
            ObjectMissingError: A file is in neither.
            ConditionFailedError: Another file is at its path in the target.
        """
        profiles = self.read(user_id)
        profiles.require(source)
        profiles.require(target)
        moved = []
        for path in paths:
            old = self._storage.get_profile_file_path(user_id, source, path)
            new = self._storage.get_profile_file_path(user_id, target, path)
            try:
                self._storage.move_file(old, new)
            except ObjectMissingError:
                self._storage.get_object_info(new)
            moved.append(path)
        return moved

    def update(self, user_id: str, change: Callable[[Profiles], Profiles]) -> Profiles:
        """Change the registry of a user and return the new one, with what others changed at the same time.

        Args:
            user_id: The user.
            change: Makes the new registry from the one in the bucket. Called again with a newer one if
                another process wrote meanwhile, so it must not have other effects.

        Raises:
            ObjectMissingError: The user has no registry.
            ConditionFailedError: Others kept changing it; nothing was written.
        """
        return self._change(self._profiles_key(user_id), Profiles, lambda found: _same_default(found, change))

    def _change(self, key: Key, kind: type[DocumentT], change: Callable[[DocumentT], DocumentT]) -> DocumentT:
        """One change; those that wait for the same file are written with it."""
        own = PendingChange(change)
        self._pending[key].append(own)
        try:
            with self._locks.of(key):
                if not own.is_done:
                    taken = self._pending.pop(key)
                    try:
                        self._write(key, kind, taken)
                    except LayoutError as error:
                        for one in taken:
                            one.fail(error)
                    except BaseException:
                        # Cancelled: the others take their turn without this one.
                        self._pending[key][:0] = [one for one in taken if one is not own and not one.is_done]
                        raise
        except BaseException:
            # Cancelled while it waited: nobody is told of it, so nobody writes it.
            self._pending[key] = [one for one in self._pending[key] if one is not own]
            raise
        return own.outcome()

    def _write(self, key: Key, kind: type[DocumentT], changes: "list[PendingChange[DocumentT]]") -> None:
        attempt = 0
        while True:
            attempt += 1
            found, e_tag = self._read(key, kind)
            changed = found
            for one in changes:
                changed = one.apply(changed)
            if changed != found:
                try:
                    self._storage.replace(key, changed.to_json(), e_tag)
                except ConditionFailedError:
                    if attempt == self._attempts:
                        raise
                    longest = min(LONGEST_WAIT_SECONDS, WAIT_SECONDS * attempt)
                    self._sleep(random.uniform(0, longest))  # noqa: S311 - spreads retries
                    continue
            for one in changes:
                one.succeed(changed)
            return

    def _read(self, key: Key, kind: type[DocumentT]) -> tuple[DocumentT, str]:
        found = self._storage.get(key)
        return kind.from_json(found.body, key=key), found.e_tag

    def _selection(self, user_id: str) -> SelectedProfile | None:
        try:
            return (self._read(self._selected_key(user_id), SelectedProfile))[0]
        except ObjectMissingError:
            return None

    def _select_first(self, user_id: str, profiles: Profiles) -> None:
        """A choice that somebody made in the meantime stands."""
        selected = SelectedProfile(profile_id=profiles.default)
        try:
            self._storage.create(self._selected_key(user_id), selected.to_json())
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
