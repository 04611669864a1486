"""What a process checks before it serves: the credential is for its environment, and the data in its layout.

`APP_ENV` has a default, so a forgotten variable is possible. It must stop the start, not reach other data.
"""

from collections.abc import Collection

from layout.documents.marker import Marker, MarkerAction, check_marker, new_marker
from layout.errors import ConditionFailedError, ObjectMissingError
from layout.keys import environment_prefix, marker_key
from layout.storage._async.r2_storage import AsyncR2Storage
from layout.storage.credential_reach import check_old_layout_scope, check_scope
from layout.storage.credentials.storage_credentials import CredentialSource
from layout.storage.settings import StorageSettings

__all__ = ["ensure_marker", "open_async_storage", "read_marker"]


async def open_async_storage(
    settings: StorageSettings,
    *,
    credentials: CredentialSource | None = None,
    written_by: str = "r2-layout",
    users: Collection[str] | None = None,
) -> AsyncR2Storage:
    """The storage of `APP_ENV`, after both checks.

    Args:
        settings: Of the process.
        credentials: Temporary credentials that renew themselves; None for those in the settings.
        written_by: Name of the application, for the marker.
        users: The only ones whom this process serves; None: all. They may start before the others are moved.

    Raises:
        SettingsError: The credential opens another environment, or `R2_READ_OLD_LAYOUT` is set and the credential does
            not open the old keys.
        MarkerError: There is data without a marker, the marker is of another layout or revision, or a migration is
            not through with all users, or with those of this process.
    """
    storage = AsyncR2Storage(settings, credentials=credentials, users=users)
    whole = check_scope(storage.credentials(), settings)
    if storage.old_layout is not None:
        check_old_layout_scope(storage.old_layout.name, storage.old_layout.credentials, settings, whole=whole)
    if whole:
        await ensure_marker(storage, written_by=written_by)
    return storage


async def read_marker(storage: AsyncR2Storage) -> Marker | None:
    """The marker of the storage's environment, or None if the bucket says that there is none."""
    key = marker_key(environment=storage.environment)
    try:
        return Marker.from_json((await storage.get(key)).body, key=key)
    except ObjectMissingError:
        return None


async def ensure_marker(storage: AsyncR2Storage, *, written_by: str = "r2-layout") -> None:
    """Check the marker; in an empty environment write it, unless another process does so first.

    Raises:
        MarkerError: As of `open_async_storage`.
    """
    marker, empty = await read_marker(storage), False
    old_layout = None if storage.old_layout is None else storage.old_layout.name
    if marker is None and old_layout is None:
        empty = await storage.is_empty(environment_prefix(environment=storage.environment))
    if marker is None and not empty:
        # What is there now may have been written by a process that started between the two questions.
        marker = await read_marker(storage)
    if check_marker(marker, empty, storage.environment, storage.users, old_layout) is MarkerAction.NOTHING:
        return
    try:
        await storage.create(marker_key(environment=storage.environment), new_marker(written_by).to_json())
    except ConditionFailedError:
        check_marker(await read_marker(storage), False, storage.environment, storage.users)
