# Written by `make generate` from tests/layout/storage/_async/test_profile_store.py: change that.
"""Profile files in the bucket: made once, changed without losing a change, never guessed."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from layout import program
from layout.access import scope_for_environment
from layout.documents.marker import HistoryEntry, MarkerAct, new_marker
from layout.documents.profiles import Profile, Profiles
from layout.environment import Environment
from layout.errors import (
    AccessDeniedError,
    ConditionFailedError,
    InvalidDocumentError,
    MarkerError,
    NoProfileError,
    ObjectMissingError,
    StorageUnavailableError,
)
from layout.keys import backups_prefix, marker_key, profiles_key, selected_profile_key
from layout.storage.clients import object_store
from layout.storage.credentials.minting import local_minter
from layout.storage.presence import Presence
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import StorageSettings
from layout.storage.uploaded import DeletedFiles
from local_cloudflare.r2.faults import FaultAction, FaultRule, Faults
from tests.layout.storage._sync.concurrency import concurrently

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare

pytestmark = pytest.mark.anyio

DEV = Environment.DEV
REGISTRY = profiles_key("anna", environment=Environment.DEV)
SELECTION = selected_profile_key("anna", environment=Environment.DEV)


class _AskingOnce(R2Storage):
    """Repeats nothing, so that a test need not wait for an answer that never comes."""

    def __init__(self, settings: StorageSettings) -> None:
        super().__init__(settings)
        self._store = object_store(settings, repeats=False)


def _no_wait(_: float) -> None:
    return


@pytest.fixture
def store(storage: R2Storage) -> ProfileStore:
    """Does not wait between attempts."""
    return ProfileStore(storage, sleep=_no_wait)


def _named(name: str) -> Profile:
    return Profile(name=name)


def test_the_first_access_makes_both_files(store: ProfileStore, storage: R2Storage) -> None:
    """One profile without a name, the default, selected; both files in the requirement's form."""
    profiles = store.ensure("anna")
    assert list(profiles.profiles) == [profiles.default]
    assert json.loads((storage.get(REGISTRY)).body) == {
        "default": profiles.default,
        "profiles": {profiles.default: {"name": None}},
    }
    assert json.loads((storage.get(SELECTION)).body) == {"profileId": profiles.default}
    assert (storage.get_object_info(REGISTRY)).content_type == "application/json"


def test_the_second_access_changes_nothing(store: ProfileStore, storage: R2Storage) -> None:
    """The same registry, the same version of the object."""
    profiles = store.ensure("anna")
    version = (storage.get_object_info(REGISTRY)).e_tag
    assert store.ensure("anna") == profiles
    assert (storage.get_object_info(REGISTRY)).e_tag == version


def test_a_refused_read_is_not_a_new_user(local: StorageSettings) -> None:
    """Somebody's selection was once replaced because an error was read as a missing file."""
    ProfileStore(R2Storage(local)).ensure("anna")
    before = (R2Storage(local).get_object_info(REGISTRY)).e_tag
    stranger = R2Storage(local.model_copy(update={"secret_access_key": SecretStr("0" * 64)}))
    with pytest.raises(AccessDeniedError):
        ProfileStore(stranger).ensure("anna")
    assert (R2Storage(local).get_object_info(REGISTRY)).e_tag == before


def test_a_damaged_registry_is_not_a_new_user(store: ProfileStore, storage: R2Storage) -> None:
    """It is reported with its key, and left as it is."""
    storage.put(REGISTRY, b"{")
    with pytest.raises(InvalidDocumentError) as caught:
        store.ensure("anna")
    assert str(caught.value).startswith("dev/users/anna/profiles.json is not JSON: ")
    assert (storage.get(REGISTRY)).body == b"{"
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
    default = (store.ensure("anna")).default
    store.update("anna", lambda found: found.with_profile("b2c3d4e5", _named("Liga")))
    storage.put(SELECTION, json.dumps({"profileId": default, "by": "web"}).encode())
    store.select("anna", "b2c3d4e5")
    assert store.selected("anna") == "b2c3d4e5"
    assert json.loads((storage.get(SELECTION)).body) == {"profileId": "b2c3d4e5", "by": "web"}
    storage.delete_file(SELECTION)
    store.select("anna", "b2c3d4e5")
    assert store.selected("anna") == "b2c3d4e5"


def test_an_unknown_profile_cannot_be_selected(store: ProfileStore) -> None:
    """An id that a browser kept may be that of a deleted profile."""
    default = (store.ensure("anna")).default
    with pytest.raises(NoProfileError) as caught:
        store.select("anna", "zzzzzzzz")
    assert str(caught.value) == "The user has no profile 'zzzzzzzz'."
    assert store.selected("anna") == default


def test_fields_of_other_versions_survive_a_change(store: ProfileStore, storage: R2Storage) -> None:
    """Real files have a colour."""
    storage.put(REGISTRY, b'{"default": "a1", "profiles": {"a1": {"name": null, "color": "#fff"}}, "x": 1}')
    store.update("anna", lambda found: found.with_profile("b2", _named("Liga")))
    assert json.loads((storage.get(REGISTRY)).body) == {
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
    default = (store.ensure("anna")).default
    with pytest.raises(InvalidDocumentError) as caught:
        store.update("anna", lambda _found: Profiles.first("b2c3d4e5"))
    assert str(caught.value) == f"The change makes 'b2c3d4e5' the default profile, which is {default!r}."
    assert caught.value.hint == "Keep the default, and select another profile instead."
    assert (store.read("anna")).default == default


def test_of_many_first_accesses_one_wins_and_all_agree(local: StorageSettings) -> None:
    """Fifty at once, at one machine and at several that never heard of each other: one default profile."""
    with R2Storage(local) as one, R2Storage(local) as other:
        stores = [ProfileStore(one), ProfileStore(other), ProfileStore(other)]
        found = concurrently([partial(stores[number % 3].selected, "anna") for number in range(50)])
        registry = stores[0].read("anna")
    assert set(found) == {registry.default}
    assert list(registry.profiles) == [registry.default]


def test_changes_of_many_machines_are_all_kept(local: StorageSettings) -> None:
    """Each reads, changes, and writes only if nobody wrote meanwhile."""
    with R2Storage(local) as one, R2Storage(local) as other:
        stores = [ProfileStore(one), ProfileStore(other)]
        made = concurrently([partial(stores[number % 2].create, "anna", str(number)) for number in range(6)])
        registry = stores[0].read("anna")
    assert {registry.profiles[profile].name for profile in made} == {str(number) for number in range(6)}


def test_two_hundred_creations_lose_none(
    store: ProfileStore, storage: R2Storage, cloudflare: LocalCloudflare
) -> None:
    """Those that wait for the same file are written together: R2 takes about one write a second on it."""
    store.ensure("anna")
    last = max(record.number for record in cloudflare.s3.requests)
    made = concurrently([partial(store.create, "anna", str(number)) for number in range(200)])
    assert len(set(made)) == 200
    registry = store.read("anna")
    assert {registry.profiles[profile].name for profile in made} == {str(number) for number in range(200)}
    writes = [
        record.status
        for record in cloudflare.s3.requests.after(last)
        if record.operation == "PutObject" and record.bucket == storage.bucket
    ]
    assert len(writes) < 100


def test_a_change_that_is_refused_ends_no_other(store: ProfileStore) -> None:
    """Changes that are written together are each other's business no further."""
    store.ensure("anna")
    outcomes: list[str] = []

    def rename(name: str) -> None:
        try:
            store.rename("anna", name, "Liga")
            outcomes.append("renamed")
        except NoProfileError as error:
            outcomes.append(str(error))

    second = store.create("anna", "Second")
    concurrently([partial(rename, name) for name in ("gone", second, "gone")])
    assert sorted(outcomes) == ["The user has no profile 'gone'."] * 2 + ["renamed"]
    assert (store.read("anna")).profiles[second].name == "Liga"


def test_a_registry_that_keeps_changing_is_given_up(storage: R2Storage, local: StorageSettings) -> None:
    """After some attempts the change is refused and reported, nothing is overwritten."""
    store = ProfileStore(storage, sleep=_no_wait, attempts=3)
    store.ensure("anna")
    seen: list[Profiles] = []
    with R2Storage(local) as other:

        def overtaken(found: Profiles) -> Profiles:
            seen.append(found)
            other.put(REGISTRY, found.with_profile(f"{len(seen):08}", _named("other")).to_json())
            return found.with_profile("mine", _named("mine"))

        with pytest.raises(ConditionFailedError):
            store.update("anna", overtaken)
    assert len(seen) == 3
    assert "mine" not in (store.read("anna")).profiles


def test_a_deleted_profile_is_set_aside(store: ProfileStore, storage: R2Storage) -> None:
    """Its id is remembered, its files are in the backups, the user goes on in the default profile."""
    default = (store.ensure("anna")).default
    second = store.create("anna", "Second")
    clip = storage.get_profile_file_path("anna", second, "raw_clips/goal.mp4")
    kept = storage.get_profile_file_path("anna", default, "raw_clips/goal.mp4")
    storage.put(clip, b"film")
    storage.put(kept, b"mine")
    store.select("anna", second)
    assert store.delete("anna", second) == DeletedFiles(1, 4)
    assert storage.exists(clip) is Presence.ABSENT
    assert (storage.get(kept)).body == b"mine"
    (backup,) = [item.key for item in storage.list_files(backups_prefix(environment=DEV))]
    assert backup.endswith(f"/users/anna/profiles/{second}/raw_clips/goal.mp4")
    assert store.selected("anna") == default
    with pytest.raises(NoProfileError):
        store.select("anna", second)
    with pytest.raises(NoProfileError):
        store.rename("anna", second, "Again")


def test_what_comes_late_does_not_bring_a_deleted_profile_back(
    store: ProfileStore, storage: R2Storage
) -> None:
    """An upload that was under way: it is nobody's, and the next deletion sets it aside too."""
    store.ensure("anna")
    second = store.create("anna", "Second")
    store.delete("anna", second)
    storage.put(storage.get_profile_file_path("anna", second, "late.mp4"), b"late")
    assert second not in (store.read("anna")).profiles
    assert store.delete("anna", second) == DeletedFiles(1, 4)
    assert store.delete("anna", second) == DeletedFiles(0, 0)


def test_a_deletion_that_was_cut_off_is_finished(
    store: ProfileStore, storage: R2Storage, faults: Faults
) -> None:
    """The registry is told first: nobody works in half a profile."""
    store.ensure("anna")
    second = store.create("anna", "Second")
    clip = storage.get_profile_file_path("anna", second, "goal.mp4")
    storage.put(clip, b"film")
    faults.add(FaultRule(FaultAction.ERROR_BEFORE, operation="CopyObject", key="*/goal.mp4", times=6))
    with pytest.raises(StorageUnavailableError):
        store.delete("anna", second)
    assert second in (store.read("anna")).deleted
    assert (storage.get(clip)).body == b"film"
    assert store.delete("anna", second) == DeletedFiles(1, 4)


def test_the_default_profile_is_not_deleted(store: ProfileStore) -> None:
    """Every user keeps one."""
    default = (store.ensure("anna")).default
    with pytest.raises(NoProfileError) as caught:
        store.delete("anna", default)
    assert str(caught.value) == f"The profile {default!r} is the user's default and cannot be removed."
    assert caught.value.hint == "Remove another profile, or the user as a whole."


def test_files_move_to_another_profile(store: ProfileStore, storage: R2Storage) -> None:
    """Each is in the target before it is gone from the source; a repetition counts it as moved."""
    default = (store.ensure("anna")).default
    second = store.create("anna", "Second")
    paths = ["raw_clips/goal.mp4", "raw_clips/save.mp4"]
    for path in paths:
        storage.put(storage.get_profile_file_path("anna", default, path), path.encode())
    for _ in range(2):
        assert store.move_files("anna", default, second, paths) == paths
    for path in paths:
        assert storage.exists(storage.get_profile_file_path("anna", default, path)) is Presence.ABSENT
        assert (storage.get(storage.get_profile_file_path("anna", second, path))).body == path.encode()


def test_a_move_stays_between_profiles_that_there_are(store: ProfileStore, storage: R2Storage) -> None:
    """A file that is in neither, another file in the way, and a profile that is deleted are errors; nothing is lost."""
    default = (store.ensure("anna")).default
    second = store.create("anna", "Second")
    source = storage.get_profile_file_path("anna", default, "a.mp4")
    target = storage.get_profile_file_path("anna", second, "a.mp4")
    with pytest.raises(ObjectMissingError):
        store.move_files("anna", default, second, ["a.mp4"])
    storage.put(source, b"mine")
    storage.put(target, b"other")
    with pytest.raises(ConditionFailedError):
        store.move_files("anna", default, second, ["a.mp4"])
    store.delete("anna", second)
    with pytest.raises(NoProfileError):
        store.move_files("anna", default, second, ["a.mp4"])
    assert (storage.get(source)).body == b"mine"


def test_no_profile_is_made_over_files_that_were_not_moved(
    store: ProfileStore, storage: R2Storage, s3: S3Client
) -> None:
    """The user has one to come, with their files in it."""
    s3.put_object(Bucket=storage.bucket, Key="anna/database.sqlite", Body=b"rows")
    s3.put_object(Bucket=storage.bucket, Key="bert/notes.txt", Body=b"no user of that layout")
    with pytest.raises(MarkerError) as caught:
        store.selected("anna")
    assert str(caught.value) == (
        "The user 'anna' has files in the layout 'flat' that were not moved, 'anna/database.sqlite' among them: no"
        " profile is made for them before."
    )
    assert caught.value.hint == f"Move them first: {program.command('migrate')}"
    assert storage.exists(REGISTRY) is Presence.ABSENT
    assert (store.ensure("ann")).profiles
    assert (store.ensure("bert")).profiles


def test_what_shows_a_user_may_come_late_in_a_listing(
    store: ProfileStore, storage: R2Storage, s3: S3Client
) -> None:
    """Behind more objects than a page shows."""
    for number in range(1_001):
        s3.put_object(Bucket=storage.bucket, Key=f"anna/a/{number:04}", Body=b"a")
    s3.put_object(Bucket=storage.bucket, Key="anna/database.sqlite", Body=b"rows")
    with pytest.raises(MarkerError):
        store.ensure("anna")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_bucket_that_does_not_answer_shows_no_new_user(
    storage: R2Storage, local: StorageSettings, faults: Faults, status: int
) -> None:
    """Neither for the registry nor for the selection is no answer an answer."""
    asking_once = ProfileStore(_AskingOnce(local))
    for name in ("profiles.json", "selected-profile.json"):
        faults.add(FaultRule(FaultAction.ERROR_BEFORE, operation="GetObject", key=f"*/{name}", status=status))
        with pytest.raises(StorageUnavailableError):
            asking_once.selected("anna")
        faults.clear()
        assert storage.exists(SELECTION) is (Presence.ABSENT if name == "profiles.json" else Presence.PRESENT)
        ProfileStore(storage).ensure("anna")


def test_a_damaged_selection_is_not_the_default(store: ProfileStore, storage: R2Storage) -> None:
    """The user's choice was replaced once by an empty profile."""
    store.ensure("anna")
    storage.put(SELECTION, b"{")
    with pytest.raises(InvalidDocumentError):
        store.selected("anna")
    assert (storage.get(SELECTION)).body == b"{"


def test_what_a_migration_left_behind_stops_nobody(
    store: ProfileStore, storage: R2Storage, s3: S3Client
) -> None:
    """One that is through has moved everybody whom it was about; the old objects stay until they are deleted."""
    s3.put_object(Bucket=storage.bucket, Key="anna/database.sqlite", Body=b"rows")
    marker = new_marker("migration").model_copy(
        update={"history": [HistoryEntry(act=MarkerAct.CLAIMED, by="a", at="x", plan_id="p", layout="flat")]}
    )
    storage.put(marker_key(environment=DEV), marker.to_json())
    assert (store.ensure("anna")).profiles


def test_a_credential_that_opens_no_old_keys_asks_for_none(local: StorageSettings, s3: S3Client) -> None:
    """One for the environment sees nothing of them: the marker was checked when the application started."""
    s3.put_object(Bucket=local.bucket, Key="anna/database.sqlite", Body=b"rows")
    scope = scope_for_environment(local.bucket, DEV, write=True)
    minted = local_minter(local)(scope, timedelta(hours=1))
    with R2Storage(local, credentials=lambda: minted) as storage:
        assert (ProfileStore(storage).ensure("anna")).profiles
