"""Whether a database may be made: only for a profile that there is."""

from layout.errors import NoProfileError, ObjectMissingError
from layout.storage.profile_store import ProfileStore
from layout.sync.location import Database

__all__ = ["require_profile"]


def require_profile(profiles: ProfileStore, database: Database) -> None:
    """Ask the registry for a database's profile: one request.

    Raises:
        NoProfileError: There is no such user or profile, or it was deleted.
    """
    try:
        profiles.read(database.user_id).require(database.profile_id)
    except ObjectMissingError as error:
        raise NoProfileError(
            f"The user {database.user_id!r} has no profiles, so no database {database.name!r} is made.",
            hint="Make the profile first: ProfileStore.ensure(user_id).",
            key=database.key,
        ) from error
