"""A user who was deleted: uploads, copies and registries refuse them, whoever comes late."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from layout.environment import Environment
from layout.errors import UserDeletedError
from layout.keys import Key, profiles_key, scene_file_key
from layout.storage.profile_store import AsyncProfileStore
from layout.storage.r2_storage import AsyncR2Storage
from layout.storage.remembered_users import REMEMBERED_SECONDS, RememberedUsers

if TYPE_CHECKING:
    from layout.storage.settings import StorageSettings

pytestmark = pytest.mark.anyio
FILE = scene_file_key("anna", "p1", "s1", "media", "a.mp4", environment=Environment.DEV)


async def _deleted(storage: AsyncR2Storage) -> str:
    """Deletes the user; what everybody is told from then on."""
    left = await AsyncProfileStore(storage).delete_user("anna")
    assert left.user_deleted is not None
    return f"The user 'anna' was deleted at {left.user_deleted.at}."


async def test_nothing_is_stored_for_a_deleted_user(storage: AsyncR2Storage) -> None:
    """By no way to write: the whole file, in parts, by a URL, or as a copy; a neighbour is not meant."""
    other = scene_file_key("anna2", "p1", "s1", "media", "a.mp4", environment=Environment.DEV)
    await storage.upload(other, b"hers")
    told = await _deleted(storage)
    for attempt in (
        lambda: storage.upload(FILE, b"late"),
        lambda: storage.upload_file(b"late", "anna", "p1", "s1", "media", "a.mp4"),
        lambda: storage.begin_parts(FILE, content_type="video/mp4"),
        lambda: storage.complete_parts(FILE, "any", []),
        lambda: storage.presign_put(FILE, lifetime=timedelta(hours=1), content_type="video/mp4", size=4),
        lambda: storage.copy_file(other, FILE),
    ):
        with pytest.raises(UserDeletedError) as caught:
            await attempt()
        assert str(caught.value) == told
        assert (
            caught.value.hint == "Nothing is stored for them any more. Who comes back gets another user id."
        )
    await storage.upload(other, b"newer")
    assert [item.key async for item in storage.list_files("dev/users/anna/")] == [
        profiles_key("anna", environment=Environment.DEV)
    ]


async def test_a_deleted_user_gets_no_profile_again(storage: AsyncR2Storage) -> None:
    """Whether they had profiles or none; a second deletion leaves the time of the first."""
    store = AsyncProfileStore(storage)
    first = await store.ensure("anna")
    told = await _deleted(storage)
    for attempt in (
        lambda: store.read("anna"),
        lambda: store.ensure("anna"),
        lambda: store.selected("anna"),
        lambda: store.create("anna", "new"),
        lambda: store.rename("anna", first.default, "new"),
    ):
        with pytest.raises(UserDeletedError) as caught:
            await attempt()
        assert str(caught.value) == told
    again = await store.delete_user("anna")
    assert (again.profiles, set(again.deleted)) == ({}, {first.default})
    assert await _deleted(storage) == told


async def test_uploads_ask_once_in_a_while(storage: AsyncR2Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first upload for a user asks, the next does not, and one after half a minute does again."""
    asked: list[str] = []
    read = storage._get_new

    async def counted(key: Key) -> object:
        asked.append(str(key))
        return await read(key)

    monkeypatch.setattr(storage, "_get_new", counted)
    now = [0.0]
    storage.__dict__["_remembered"] = RememberedUsers(lambda: now[0])
    await storage.upload(FILE, b"one")
    await storage.upload(FILE, b"two")
    assert asked == ["dev/users/anna/profiles.json"]
    async with AsyncR2Storage(_settings(storage)) as another:
        told = await _deleted(another)
    await storage.upload(FILE, b"still remembered")
    now[0] = REMEMBERED_SECONDS
    with pytest.raises(UserDeletedError) as caught:
        await storage.upload(FILE, b"late")
    assert str(caught.value) == told


def _settings(storage: AsyncR2Storage) -> StorageSettings:
    return storage._settings


def test_many_users_are_not_all_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays flat: beyond the limit all are asked for again."""
    monkeypatch.setattr("layout.storage.remembered_users.MOST_USERS", 2)
    users = RememberedUsers(lambda: 1.0)
    for name in ("a", "b", "c"):
        users.add(name)
    assert [name in users for name in ("a", "b", "c")] == [False, False, True]
