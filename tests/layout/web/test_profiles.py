"""Which profiles of a user are remembered between requests."""

from __future__ import annotations

import asyncio

import pytest

from layout.errors import NoProfileError
from layout.storage.profile_store import AsyncProfileStore, ProfileStore
from layout.storage.r2_storage import AsyncR2Storage, R2Storage
from layout.storage.settings import StorageSettings
from layout.web.profiles import RequestProfiles

pytestmark = pytest.mark.anyio


async def test_a_profile_that_was_made_elsewhere_is_found_at_once(
    storage: AsyncR2Storage, local: StorageSettings
) -> None:
    """Although the user's profiles are remembered; one that nobody made is still refused."""
    profiles = RequestProfiles(AsyncProfileStore(storage))
    await profiles.choose("anna", None)
    with R2Storage(local) as elsewhere:
        made = await asyncio.to_thread(ProfileStore(elsewhere).create, "anna", "league")
    assert await profiles.choose("anna", made) == made
    with pytest.raises(NoProfileError):
        await profiles.choose("anna", "00000000")


async def test_what_was_read_before_a_change_is_not_remembered(storage: AsyncR2Storage) -> None:
    """A change that ends while the bucket is being asked counts for the next request."""
    store = AsyncProfileStore(storage)
    made = await store.create("anna", "league")
    profiles = RequestProfiles(store)
    reading = asyncio.ensure_future(profiles.choose("anna", None))
    await asyncio.sleep(0)
    profiles.forget("anna")
    await reading
    await store.select("anna", made)
    assert await profiles.choose("anna", None) == made
