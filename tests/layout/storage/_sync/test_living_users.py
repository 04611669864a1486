# Written by `make generate` from tests/layout/storage/_async/test_living_users.py: change that.
"""A user who was deleted: uploads, copies and registries refuse them, whoever comes late."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from layout.environment import Environment
from layout.errors import UserDeletedError
from layout.keys import Key, profiles_key, scene_file_key
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.storage.remembered_users import REMEMBERED_SECONDS, RememberedUsers

if TYPE_CHECKING:
    from layout.storage.settings import StorageSettings

pytestmark = pytest.mark.anyio
FILE = scene_file_key("anna", "p1", "s1", "media", "a.mp4", environment=Environment.DEV)


def _deleted(storage: R2Storage) -> str:
    """Deletes the user; what everybody is told from then on."""
    left = ProfileStore(storage).delete_user("anna")
    assert left.user_deleted is not None
    return f"The user 'anna' was deleted at {left.user_deleted.at}."


def test_nothing_is_stored_for_a_deleted_user(storage: R2Storage) -> None:
    """By no way to write: the whole file, in parts, by a URL, or as a copy; a neighbour is not meant."""
    other = scene_file_key("anna2", "p1", "s1", "media", "a.mp4", environment=Environment.DEV)
    storage.upload(other, b"hers")
    told = _deleted(storage)
    for attempt in (
        lambda: storage.upload(FILE, b"late"),
        lambda: storage.upload_file(b"late", "anna", "p1", "s1", "media", "a.mp4"),
        lambda: storage.begin_parts(FILE, content_type="video/mp4"),
        lambda: storage.complete_parts(FILE, "any", []),
        lambda: storage.presign_put(FILE, lifetime=timedelta(hours=1), content_type="video/mp4", size=4),
        lambda: storage.copy_file(other, FILE),
    ):
        with pytest.raises(UserDeletedError) as caught:
            attempt()
        assert str(caught.value) == told
        assert (
            caught.value.hint == "Nothing is stored for them any more. Who comes back gets another user id."
        )
    storage.upload(other, b"newer")
    assert [item.key for item in storage.list_files("dev/users/anna/")] == [
        profiles_key("anna", environment=Environment.DEV)
    ]


def test_a_deleted_user_gets_no_profile_again(storage: R2Storage) -> None:
    """Whether they had profiles or none; a second deletion leaves the time of the first."""
    store = ProfileStore(storage)
    first = store.ensure("anna")
    told = _deleted(storage)
    for attempt in (
        lambda: store.read("anna"),
        lambda: store.ensure("anna"),
        lambda: store.selected("anna"),
        lambda: store.create("anna", "new"),
        lambda: store.rename("anna", first.default, "new"),
    ):
        with pytest.raises(UserDeletedError) as caught:
            attempt()
        assert str(caught.value) == told
    again = store.delete_user("anna")
    assert (again.profiles, set(again.deleted)) == ({}, {first.default})
    assert _deleted(storage) == told


def test_uploads_ask_once_in_a_while(storage: R2Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first upload for a user asks, the next does not, and one after half a minute does again."""
    asked: list[str] = []
    read = storage._get_new

    def counted(key: Key) -> object:
        asked.append(str(key))
        return read(key)

    monkeypatch.setattr(storage, "_get_new", counted)
    now = [0.0]
    storage.__dict__["_remembered"] = RememberedUsers(lambda: now[0])
    storage.upload(FILE, b"one")
    storage.upload(FILE, b"two")
    assert asked == ["dev/users/anna/profiles.json"]
    with R2Storage(_settings(storage)) as another:
        told = _deleted(another)
    storage.upload(FILE, b"still remembered")
    now[0] = REMEMBERED_SECONDS
    with pytest.raises(UserDeletedError) as caught:
        storage.upload(FILE, b"late")
    assert str(caught.value) == told


def _settings(storage: R2Storage) -> StorageSettings:
    return storage._settings


def test_many_users_are_not_all_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays flat: beyond the limit all are asked for again."""
    monkeypatch.setattr("layout.storage.remembered_users.MOST_USERS", 2)
    users = RememberedUsers(lambda: 1.0)
    for name in ("a", "b", "c"):
        users.add(name)
    assert [name in users for name in ("a", "b", "c")] == [False, False, True]
