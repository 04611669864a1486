"""Profile files in the bucket: made once, changed without losing a change, never guessed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from layout.documents.profiles import Profile, Profiles
from layout.environment import Environment
from layout.errors import (
    AccessDeniedError,
    ConditionFailedError,
    InvalidDocumentError,
    NoProfileError,
    ObjectMissingError,
)
from layout.keys import profiles_key, selected_profile_key
from layout.storage.presence import Presence
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import StorageSettings

REGISTRY = profiles_key("anna", environment=Environment.DEV)
SELECTION = selected_profile_key("anna", environment=Environment.DEV)


@pytest.fixture
def store(storage: R2Storage) -> ProfileStore:
    """Does not wait between attempts."""
    return ProfileStore(storage, sleep=lambda _seconds: None)


def _named(name: str) -> Profile:
    return Profile(name=name)


def test_the_first_access_makes_both_files(store: ProfileStore, storage: R2Storage) -> None:
    """One profile without a name, the default, selected; both files in the requirement's form."""
    profiles = store.ensure("anna")
    assert list(profiles.profiles) == [profiles.default]
    assert json.loads(storage.get(REGISTRY).body) == {
        "default": profiles.default,
        "profiles": {profiles.default: {"name": None}},
    }
    assert json.loads(storage.get(SELECTION).body) == {"profileId": profiles.default}
    assert storage.get_object_info(REGISTRY).content_type == "application/json"


def test_the_second_access_changes_nothing(store: ProfileStore, storage: R2Storage) -> None:
    """The same registry, the same version of the object."""
    profiles = store.ensure("anna")
    version = storage.get_object_info(REGISTRY).e_tag
    assert store.ensure("anna") == profiles
    assert storage.get_object_info(REGISTRY).e_tag == version


def test_of_many_first_accesses_one_wins_and_all_agree(local: StorageSettings) -> None:
    """Machines that never heard of each other end with one default profile."""
    with ThreadPoolExecutor(8) as threads:
        stores = [ProfileStore(R2Storage(local)) for _ in range(8)]
        defaults = {profiles.default for profiles in threads.map(lambda store: store.ensure("anna"), stores)}
    assert len(defaults) == 1
    assert stores[0].selected("anna") in defaults


def test_a_refused_read_is_not_a_new_user(local: StorageSettings) -> None:
    """Somebody's selection was once replaced because an error was read as a missing file."""
    ProfileStore(R2Storage(local)).ensure("anna")
    before = R2Storage(local).get_object_info(REGISTRY).e_tag
    stranger = R2Storage(local.model_copy(update={"secret_access_key": SecretStr("0" * 64)}))
    with pytest.raises(AccessDeniedError):
        ProfileStore(stranger).ensure("anna")
    assert R2Storage(local).get_object_info(REGISTRY).e_tag == before


def test_a_damaged_registry_is_not_a_new_user(store: ProfileStore, storage: R2Storage) -> None:
    """It is reported with its key, and left as it is."""
    storage.put(REGISTRY, b"{")
    with pytest.raises(InvalidDocumentError) as caught:
        store.ensure("anna")
    assert str(caught.value).startswith("dev/users/anna/profiles.json is not JSON: ")
    assert storage.get(REGISTRY).body == b"{"
    assert storage.exists(SELECTION) is Presence.ABSENT


def test_reading_makes_nothing(store: ProfileStore, storage: R2Storage) -> None:
    """Only `ensure` and `selected` are a user's access."""
    with pytest.raises(ObjectMissingError):
        store.read("anna")
    assert storage.exists(REGISTRY) is Presence.ABSENT


def test_a_missing_selection_means_the_default(store: ProfileStore, storage: R2Storage) -> None:
    """As after a process that ended between its two writes."""
    profiles = store.ensure("anna")
    storage.delete_file(SELECTION)
    assert store.selected("anna") == profiles.default
    assert storage.exists(SELECTION) is Presence.ABSENT


def test_a_selection_is_remembered(store: ProfileStore, storage: R2Storage) -> None:
    """Also where there was none before; unknown fields of the file stay."""
    default = store.ensure("anna").default
    store.update("anna", lambda found: found.with_profile("b2c3d4e5", _named("Liga")))
    storage.put(SELECTION, json.dumps({"profileId": default, "by": "web"}).encode())
    store.select("anna", "b2c3d4e5")
    assert store.selected("anna") == "b2c3d4e5"
    assert json.loads(storage.get(SELECTION).body) == {"profileId": "b2c3d4e5", "by": "web"}
    storage.delete_file(SELECTION)
    store.select("anna", "b2c3d4e5")
    assert store.selected("anna") == "b2c3d4e5"


def test_an_unknown_profile_cannot_be_selected(store: ProfileStore) -> None:
    """An id that a browser kept may be that of a deleted profile."""
    default = store.ensure("anna").default
    with pytest.raises(NoProfileError) as caught:
        store.select("anna", "zzzzzzzz")
    assert str(caught.value) == "The user has no profile 'zzzzzzzz'."
    assert store.selected("anna") == default


def test_changes_of_many_machines_are_all_kept(local: StorageSettings) -> None:
    """Each reads, changes, and writes only if nobody wrote meanwhile."""
    stores = [ProfileStore(R2Storage(local)) for _ in range(4)]
    stores[0].ensure("anna")

    def add(number: int) -> None:
        stores[number].update("anna", lambda found: found.with_profile(f"{number:08}", _named(str(number))))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, range(4)))
    assert {f"{number:08}" for number in range(4)} < stores[0].read("anna").profiles.keys()


def test_fields_of_other_versions_survive_a_change(store: ProfileStore, storage: R2Storage) -> None:
    """Real files have a colour."""
    storage.put(REGISTRY, b'{"default": "a1", "profiles": {"a1": {"name": null, "color": "#fff"}}, "x": 1}')
    store.update("anna", lambda found: found.with_profile("b2", _named("Liga")))
    assert json.loads(storage.get(REGISTRY).body) == {
        "default": "a1",
        "profiles": {"a1": {"name": None, "color": "#fff"}, "b2": {"name": "Liga"}},
        "x": 1,
    }


def test_a_change_that_changes_nothing_writes_nothing(store: ProfileStore, storage: R2Storage) -> None:
    """R2 takes about one write a second on a key."""
    store.ensure("anna")
    version = storage.get_object_info(REGISTRY)
    store.update("anna", lambda found: found)
    assert storage.get_object_info(REGISTRY) == version


def test_the_default_profile_never_changes(store: ProfileStore) -> None:
    """Other machines keep it in memory."""
    default = store.ensure("anna").default
    with pytest.raises(InvalidDocumentError) as caught:
        store.update("anna", lambda _found: Profiles.first("b2c3d4e5"))
    assert str(caught.value) == f"The change makes 'b2c3d4e5' the default profile, which is {default!r}."
    assert caught.value.hint == "Keep the default, and select another profile instead."
    assert store.read("anna").default == default


def test_a_registry_that_keeps_changing_is_given_up(store: ProfileStore, storage: R2Storage) -> None:
    """After six attempts the change is refused and reported, nothing is overwritten."""
    store.ensure("anna")
    seen: list[Profiles] = []

    def overtaken(found: Profiles) -> Profiles:
        seen.append(found)
        storage.put(REGISTRY, found.with_profile(f"{len(seen):08}", _named("other")).to_json())
        return found.with_profile("mine", _named("mine"))

    with pytest.raises(ConditionFailedError):
        store.update("anna", overtaken)
    assert len(seen) == 6
    assert "mine" not in store.read("anna").profiles
