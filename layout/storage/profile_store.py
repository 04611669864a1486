"""The profile files of users: `AsyncProfileStore`, and its sync twin `ProfileStore`."""

from layout.storage._async.profile_store import AsyncProfileStore
from layout.storage._sync.profile_store import ProfileStore

__all__ = ["AsyncProfileStore", "ProfileStore"]
