# Written by `make generate` from layout/storage/_async/profile_store.py: change that.
"""The profile files of users in the bucket: read, made on first access, changed without losing a change.

Two processes may meet a new user, or change a registry, at the same moment. So a file is created only if
there is none, and changed only if it is still the one that was read. Within a process the changes of one file
wait for each other, and those that wait are written together: R2 takes about one write a second on one key.
"""

from collections.abc import Callable, Iterable

from layout.documents.profiles import Profile, Profiles, SelectedProfile, selected_profile_id
from layout.errors import ConditionFailedError, InvalidDocumentError, ObjectMissingError
from layout.keys import Key, profile_prefix, profiles_key, selected_profile_key
from layout.profile_ids import new_profile_id
from layout.storage._sync.document_changes import DocumentChanges
from layout.storage._sync.unmigrated_users import refuse_if_unmigrated
from layout.storage.uploaded import DeletedFiles
from layout.times import utc_now

__all__ = ["ProfileStore"]


class ProfileStore(DocumentChanges):
    """`profiles.json` and `selected-profile.json` of the users of one environment.

    Besides the errors named below, every method raises what `layout.storage.error_translation.storage_errors` lists,
    and `InvalidDocumentError` for a file that is not what it should be: neither means "no profile".
    """

    def read(self, user_id: str) -> Profiles:
        """The registry of a user: their profiles, and which were deleted.

        Raises:
            ObjectMissingError: The user has none.
            UserDeletedError: The user was deleted.
        """
        return self._registry(user_id)

    def ensure(self, user_id: str) -> Profiles:
        """The registry of a user; on their first access it is made, with one profile, which is selected.

        The first writer wins and the others adopt its registry. If the process ends between the two writes,
        the selection is missing, which means the default profile.

        Raises:
            MarkerError: The user has files in an old layout that were not moved. It is asked where the credential
                opens the old keys, and a migration that is through with the environment is believed.
            UserDeletedError: The user was deleted, and does not come back.
        """
        key = self._profiles_key(user_id)
        try:
            return self._registry(user_id)
        except ObjectMissingError:
            pass
        with self._locks.of(key):
            return self._ensured(user_id, key)

    def _ensured(self, user_id: str, key: Key) -> Profiles:
        try:
            return self._registry(user_id)
        except ObjectMissingError:
            refuse_if_unmigrated(self._storage, user_id)
            profiles = Profiles.first()
        try:
            self._storage.create(key, profiles.to_json())
        except ConditionFailedError:
            return self._registry(user_id)
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

    def delete_user(self, user_id: str) -> Profiles:
        """Note that a user is deleted, for ever. Returns what is left of their registry, which uploads and syncs obey.

        It deletes no file: `r2-layout cleanup user` does, after this. Processes that asked for the user shortly before
        may upload for another `layout.storage.remembered_users.REMEMBERED_SECONDS`.

        Raises:
            ConditionFailedError: Others kept changing the registry; nothing was written.
        """
        key, at = self._profiles_key(user_id), utc_now()
        tombstone = Profiles.of_deleted_user(at)
        try:
            self._storage.create(key, tombstone.to_json())
        except ConditionFailedError:
            return self._change(key, Profiles, lambda found: found.with_user_deleted(at))
        return tombstone

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
            UserDeletedError: The user was deleted.
            ConditionFailedError: Others kept changing it; nothing was written.
        """
        return self._change(
            self._profiles_key(user_id),
            Profiles,
            lambda found: _same_default(found.require_user(user_id), change),
        )

    def _registry(self, user_id: str) -> Profiles:
        return (self._read(self._profiles_key(user_id), Profiles))[0].require_user(user_id)

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
