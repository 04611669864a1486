# Written by `make generate` from layout/storage/_async/living_users.py: change that.
"""Whether a user was deleted, which whoever uploads for them asks first: of a deleted user nothing comes back."""

from functools import cached_property

from layout.documents.profiles import Profiles
from layout.errors import ObjectMissingError
from layout.keys import Key, profiles_key
from layout.storage._sync.objects import Objects
from layout.storage.remembered_users import RememberedUsers

__all__ = ["LivingUsers"]


class LivingUsers(Objects):
    """Objects of users who were not deleted."""

    @cached_property
    def _remembered(self) -> RememberedUsers:
        return RememberedUsers()

    def require_living_user(self, key: Key) -> None:
        """Nothing, if the key is of no user, or of one who was not deleted.

        One GET of the user's registry, whose answer is remembered for `layout.storage.remembered_users`'s time.

        Raises:
            UserDeletedError: The user was deleted.
            InvalidDocumentError: Their registry is not what it should be, so that nothing is known.
        """
        user = self.own(key).fields.get("user")
        if user is None or user in self._remembered:
            return
        registry = profiles_key(user, environment=self.environment)
        try:
            found = self._get_new(registry)
        except ObjectMissingError:
            pass
        else:
            Profiles.from_json(found.body, key=registry).require_user(user)
        self._remembered.add(user)
