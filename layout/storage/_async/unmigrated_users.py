"""Whether a user's files are in an old layout still, which must not be forgotten over a new profile."""

from contextlib import suppress

from layout.errors import AccessDeniedError
from layout.storage._async.listing import pages
from layout.storage._async.r2_storage import AsyncR2Storage
from layout.storage._async.startup_checks import read_marker
from layout.storage.unmigrated import evidence, is_through, old_prefixes, unmigrated

__all__ = ["refuse_if_unmigrated"]


async def refuse_if_unmigrated(storage: AsyncR2Storage, user_id: str) -> None:
    """Nothing, if no old layout shows this user, or a migration from it into the environment is through.

    One listing for a user who has no profiles yet; more pages only while none of many objects shows whose they are. A
    credential that does not open the old keys cannot look.

    Raises:
        MarkerError: The user has files there that were not moved.
    """
    for layout, prefix in old_prefixes(user_id, storage.environment).items():
        with suppress(AccessDeniedError):
            async for page in pages(storage.client, storage.bucket, prefix):
                shown = evidence(layout, (item["Key"] for item in page))
                if shown is not None and not is_through(await read_marker(storage), layout):
                    raise unmigrated(user_id, layout, shown)
                if shown is not None:
                    break
