"""Whether a user's files are in an old layout still, which must not be forgotten over a new profile."""

from layout.errors import AccessDeniedError
from layout.storage._async.r2_storage import AsyncR2Storage
from layout.storage._async.startup_checks import read_marker
from layout.storage._async.waiting import in_thread
from layout.storage.error_translation import storage_errors
from layout.storage.unmigrated import is_through, old_prefixes, refuse_evidence

__all__ = ["refuse_if_unmigrated"]


async def refuse_if_unmigrated(storage: AsyncR2Storage, user_id: str) -> None:
    """Nothing, if no old layout shows this user, or a migration from it into the environment is through.

    One listing for a user who has no profiles yet. A credential that does not open the old keys cannot look.

    Raises:
        MarkerError: The user has files there that were not moved.
    """
    for layout, prefix in old_prefixes(user_id, storage.environment).items():
        try:
            with storage_errors(storage.bucket):
                page = await in_thread(storage.client.list_objects_v2, Bucket=storage.bucket, Prefix=prefix)
        except AccessDeniedError:
            continue
        keys = [item["Key"] for item in page.get("Contents", [])]
        if keys and not is_through(await read_marker(storage), layout):
            refuse_evidence(user_id, layout, keys)
