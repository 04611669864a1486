"""Both layouts at once: what is not at its new key is read from its old one; what was deleted does not come back."""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from layout.access import scope_for_environment, scope_for_user, scope_for_whole_bucket
from layout.documents.marker import HistoryEntry, MarkerAct, MarkerPhase, MovedUser, new_marker
from layout.documents.profiles import Profiles
from layout.environment import Environment
from layout.errors import (
    AccessDeniedError,
    ConditionFailedError,
    MarkerError,
    ObjectMissingError,
    SettingsError,
    StorageError,
)
from layout.keys import (
    Key,
    environment_prefix,
    games_prefix,
    marker_key,
    profile_prefix,
    profiles_key,
    r2_global_key,
    r2_key,
    user_prefix,
    users_prefix,
)
from layout.storage.clients import s3_client
from layout.storage.credentials.minting import local_minter
from layout.storage.presence import Presence
from layout.storage.r2_storage import R2Storage
from layout.storage.startup_checks import open_storage
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from layout.access import CredentialScope
    from layout.storage._sync.old_layout import OldLayout
    from layout.storage.settings import StorageSettings

DEV = Environment.DEV
MARKER = marker_key(environment=DEV)
PROFILE = "a1b2c3d4"
CLIP = r2_key("anna", "raw_clips/1.mp4", PROFILE, environment=DEV)
OLD_CLIP = "anna/raw_clips/1.mp4"
GAME = r2_global_key(game_key(1).removeprefix("games/"), environment=DEV)


@dataclass
class Both:
    """A bucket while it is moved: what an operator and writers of the old layout do, and settings that read both."""

    settings: StorageSettings
    client: S3Client

    def put(self, key: str, body: bytes) -> None:
        """An object at any key."""
        self.client.put_object(Bucket=self.settings.bucket, Key=key, Body=body)

    def has(self, key: str) -> bool:
        """Whether there is one."""
        return "Contents" in self.client.list_objects_v2(Bucket=self.settings.bucket, Prefix=key)

    def delete(self, key: str) -> None:
        """No object there any more."""
        self.client.delete_object(Bucket=self.settings.bucket, Key=key)

    def marker(self, phase: MarkerPhase, *, moved: tuple[str, ...] = ()) -> None:
        """The marker of a migration from the flat layout."""
        time.sleep(0.002)  # Times of the bucket have milliseconds.
        entry = HistoryEntry(
            act=MarkerAct.CLAIMED, by="x", at="2026-05-04T03:02:01Z", plan_id="1", layout="flat"
        )
        facts = {"phase": phase, "history": [entry], "moved_users": [MovedUser(user=user) for user in moved]}
        self.put(MARKER, new_marker("migration").model_copy(update=facts).to_json())
        time.sleep(0.002)


@pytest.fixture
def both(local: StorageSettings) -> Both:
    """A migration that goes on; anna has a profile, and a clip at its old key only."""
    settings = local.model_copy(update={"read_old_layout": "flat"})
    both = Both(settings, s3_client(local))
    both.marker(MarkerPhase.MOVING)
    both.put(profiles_key("anna", environment=DEV), Profiles.first(PROFILE).to_json())
    both.put(OLD_CLIP, b"old")
    return both


@pytest.fixture
def storage(both: Both) -> R2Storage:
    """A storage that reads both."""
    return open_storage(both.settings)


def old_layout(storage: R2Storage) -> OldLayout:
    """Of a storage that reads one."""
    assert storage.old_layout is not None
    return storage.old_layout


def test_it_is_off_by_default(local: StorageSettings, both: Both) -> None:
    """Then the old layout does not exist for the application."""
    assert R2Storage(local).exists(CLIP) is Presence.ABSENT
    assert (R2Storage(local).old_layout, both.settings.read_old_layout) == (None, "flat")


def test_what_is_not_at_its_new_key_is_read_from_its_old_one(both: Both, storage: R2Storage) -> None:
    """Body, head and presence; it says where it lies."""
    both.put(game_key(1), b"game")
    found = storage.get(CLIP)
    assert (found.key, found.body, found.old_key) == (CLIP, b"old", OLD_CLIP)
    assert (storage.get_object_info(CLIP).size, storage.get_object_info(CLIP).body) == (3, b"")
    assert storage.exists(CLIP) is Presence.PRESENT
    assert storage.get(GAME).body == b"game"


def test_the_new_object_wins(both: Both, storage: R2Storage) -> None:
    """And writes go to new keys only."""
    storage.put(CLIP, b"new")
    assert (storage.get(CLIP).body, storage.get(CLIP).old_key) == (b"new", None)
    assert both.client.get_object(Bucket=both.settings.bucket, Key=OLD_CLIP)["Body"].read() == b"old"
    assert old_layout(storage).reads.count == 0


@pytest.mark.parametrize(
    "key",
    [
        r2_key("anna", "raw_clips/2.mp4", PROFILE, environment=DEV),
        r2_key("anna", "raw_clips/1.mp4", "another", environment=DEV),
        r2_key("bert", "raw_clips/1.mp4", PROFILE, environment=DEV),
        profiles_key("bert", environment=DEV),
    ],
)
def test_what_the_old_layout_has_no_object_for_is_absent(both: Both, storage: R2Storage, key: Key) -> None:
    """Not there, of another profile, of a user whose profile is not known, or a kind of its own."""
    both.put("bert/raw_clips/1.mp4", b"old")
    with pytest.raises(ObjectMissingError) as caught:
        storage.get(key)
    assert caught.value.key == key
    assert storage.exists(key) is Presence.ABSENT


def test_an_answer_of_the_old_layout_is_counted_and_logged(
    storage: R2Storage, caplog: pytest.LogCaptureFixture
) -> None:
    """So that an operator sees when nobody needs it any more."""
    reads = old_layout(storage).reads
    assert (reads.count, reads.last_at) == (0, None)
    with caplog.at_level(logging.INFO, "layout.storage.old_layout"):
        storage.get(CLIP)
    assert reads.count == 1
    assert reads.last_at is not None
    assert caplog.messages == [
        f"{CLIP!r} was read from the old layout at {OLD_CLIP!r}, the 1. time in this process"
    ]
    prefix = profile_prefix("anna", PROFILE, environment=DEV)
    assert len(list(storage.list_files(prefix))) == 1
    assert reads.count == 2
    storage.put(CLIP, b"new")
    assert len(list(storage.list_files(prefix))) == 1
    assert reads.count == 2


def test_no_answer_about_the_new_key_is_no_reason_to_read_the_old_one(both: Both) -> None:
    """Absent and unknown are two answers."""
    other = local_minter(both.settings)(
        scope_for_environment(both.settings.bucket, Environment.PROD, write=True), timedelta(minutes=10)
    )
    storage = R2Storage(both.settings, credentials=lambda: other)
    with pytest.raises(AccessDeniedError):
        storage.get(CLIP)
    assert storage.exists(CLIP) is Presence.UNKNOWN
    assert old_layout(storage).reads.count == 0


def test_no_answer_about_the_old_key_is_no_absence(both: Both) -> None:
    """A credential that does not open it leaves the question open."""
    settings = both.settings.model_copy(update={"account_id": None})
    only_dev = local_minter(both.settings)(
        scope_for_environment(both.settings.bucket, DEV, write=True), timedelta(minutes=10)
    )
    storage = R2Storage(settings, credentials=lambda: only_dev)
    assert storage.exists(CLIP) is Presence.UNKNOWN
    with pytest.raises(AccessDeniedError):
        storage.create(CLIP, b"new")
    with pytest.raises(AccessDeniedError):
        storage.delete_file(CLIP)


def test_a_delete_that_would_not_last_is_refused(both: Both, storage: R2Storage) -> None:
    """While the migration goes on the old object would be shown, and copied, again: nothing is deleted."""
    storage.put(CLIP, b"new")
    with pytest.raises(ConditionFailedError) as caught:
        storage.delete_file(CLIP)
    assert str(caught.value) == (
        f"The object {str(CLIP)!r} cannot be deleted yet: it would be read from its old key {OLD_CLIP!r} again."
    )
    assert caught.value.hint == (
        "Delete it again once the migration is through with it: when the marker says so, or a new plan has moved"
        " what came late."
    )
    assert (storage.get(CLIP).body, both.has(OLD_CLIP)) == (b"new", True)
    both.delete(OLD_CLIP)
    storage.delete_file(CLIP)
    assert storage.exists(CLIP) is Presence.ABSENT


@pytest.mark.parametrize("moved", [(), ("anna",)])
def test_what_is_deleted_after_the_migration_is_through_stays_deleted(
    both: Both, storage: R2Storage, moved: tuple[str, ...]
) -> None:
    """With everybody, or with this user: the process that was started before sees it too."""
    storage.put(CLIP, b"old")
    both.marker(MarkerPhase.MOVING if moved else MarkerPhase.MOVED, moved=moved)
    storage.delete_file(CLIP)
    assert both.has(OLD_CLIP)
    assert storage.exists(CLIP) is Presence.ABSENT
    assert list(storage.list_files(profile_prefix("anna", PROFILE, environment=DEV))) == []
    assert storage.create(CLIP, b"again")


def test_what_came_late_is_shown_until_it_is_moved(both: Both, storage: R2Storage) -> None:
    """A writer of the old layout was still alive: its acknowledged write is not lost, and a delete of it is refused."""
    both.marker(MarkerPhase.MOVED)
    assert storage.exists(CLIP) is Presence.ABSENT
    both.put(OLD_CLIP, b"late")
    assert storage.get(CLIP).body == b"late"
    assert [item.old_key for item in storage.list_files(user_prefix("anna", environment=DEV))][1:] == [
        OLD_CLIP
    ]
    with pytest.raises(ConditionFailedError):
        storage.delete_file(CLIP)


def test_nothing_is_created_over_an_old_object(both: Both, storage: R2Storage) -> None:
    """For the application it is there, also for whoever holds a URL."""
    with pytest.raises(ConditionFailedError) as caught:
        storage.create(CLIP, b"new")
    assert str(caught.value) == f"There is an object for {str(CLIP)!r} at its old key {OLD_CLIP!r}."
    assert caught.value.hint == "Read it, then replace that version."
    lifetime = timedelta(minutes=1)
    with pytest.raises(ConditionFailedError):
        storage.presign_put(CLIP, lifetime=lifetime, content_type="video/mp4", only_if_absent=True, size=4)
    both.delete(OLD_CLIP)
    assert storage.create(CLIP, b"new")


def test_the_old_version_that_was_read_can_be_replaced(both: Both, storage: R2Storage) -> None:
    """At the new key; another version cannot, nor can one that was moved and changed meanwhile."""
    read = storage.get(CLIP)
    both.put(OLD_CLIP, b"another")
    with pytest.raises(ConditionFailedError):
        storage.replace(CLIP, b"new", read.e_tag)
    read = storage.get(CLIP)
    version = storage.replace(CLIP, b"new", read.e_tag)
    assert (storage.get(CLIP).body, storage.get(CLIP).e_tag) == (b"new", version)
    with pytest.raises(ConditionFailedError):
        storage.replace(CLIP, b"newer", read.e_tag)


def test_a_listing_shows_both_in_one_order(both: Both, storage: R2Storage) -> None:
    """Each key once, the new object where there are two; below a user, a profile, a folder, and of the games."""
    storage.put(CLIP, b"new clip")
    second = r2_key("anna", "raw_clips/0.mp4", PROFILE, environment=DEV)
    for key in (
        "anna/raw_clips/0.mp4",
        "anna/zoë/x",
        "anna/a//b",
        "annabel/raw_clips/3.mp4",
        game_key(1),
        "games/x",
    ):
        both.put(key, b"old")
    other = r2_key("anna", "zoë/x", PROFILE, environment=DEV)
    expected = [(second, 3), (CLIP, 8), (other, 3)]
    for prefix in (user_prefix("anna", environment=DEV), profile_prefix("anna", PROFILE, environment=DEV)):
        found = [(item.key, item.size) for item in storage.list_files(prefix)]
        assert [entry for entry in found if not entry[0].endswith(".json")] == expected
    folder = f"{profile_prefix('anna', PROFILE, environment=DEV)}raw_clips/"
    assert [item.key for item in storage.list_files(folder)] == [second, CLIP]
    assert [item.key for item in storage.list_files(games_prefix(environment=DEV))] == [GAME]
    assert list(storage.list_files(profile_prefix("anna", "another", environment=DEV))) == []
    assert storage.is_empty(folder) is False
    assert storage.is_empty(profile_prefix("anna", "another", environment=DEV)) is True


@pytest.mark.parametrize("prefix", [users_prefix(environment=DEV), environment_prefix(environment=DEV)])
def test_a_listing_of_all_users_is_refused(storage: R2Storage, prefix: str) -> None:
    """Rather than leave out what lies all over the bucket."""
    with pytest.raises(StorageError) as caught:
        list(storage.list_files(prefix))
    assert str(caught.value) == f"The prefix {prefix!r} cannot be listed while the layout 'flat' is read too."
    assert caught.value.hint == "List user by user, and the games."


def test_a_url_is_of_the_key_where_the_object_lies(both: Both, storage: R2Storage) -> None:
    """Signed with the token itself: a temporary credential for the whole bucket can be read out of its URL."""
    lifetime = timedelta(minutes=1)
    for key, body in ((CLIP, b"old"), (GAME, b"new")):
        if body == b"new":
            storage.put(key, body)
        with urlopen(storage.presign_get(key, lifetime=lifetime).url) as answer:  # noqa: S310 - of the local R2
            assert answer.read() == body
    assert "X-Amz-Security-Token" not in storage.presign_get(CLIP, lifetime=lifetime).url
    minted = local_minter(both.settings)(
        scope_for_whole_bucket(both.settings.bucket, write=True), timedelta(minutes=10)
    )
    temporary = both.settings.model_copy(
        update={"secret_access_key": minted.secret_access_key, "session_token": minted.session_token}
    )
    with pytest.raises(StorageError) as caught:
        open_storage(temporary).presign_get(CLIP, lifetime=lifetime)
    assert str(caught.value) == (
        "A URL for an object at an old key cannot be signed with a temporary credential."
    )
    assert caught.value.hint == (
        "Sign with the token itself, or send the object's body through the backend until it is moved."
    )


def test_a_process_starts_before_everything_is_moved(both: Both, local: StorageSettings) -> None:
    """With both layouts; not with one, and not after a rollback."""
    with pytest.raises(MarkerError) as caught:
        open_storage(local)
    assert str(caught.value) == "The environment 'dev' is being moved into this layout."
    assert caught.value.hint == (
        "Start it once everything is moved and the migration has said so by r2-layout migrate mark,"
        " or read both meanwhile: R2_READ_OLD_LAYOUT=flat."
    )
    open_storage(both.settings)
    both.marker(MarkerPhase.ROLLED_BACK)
    with pytest.raises(MarkerError, match="The migration of the environment 'dev' was rolled back"):
        open_storage(both.settings)


@pytest.mark.parametrize("there", [True, False])
def test_a_process_does_not_start_before_a_migration_has_begun(both: Both, there: bool) -> None:
    """It would take another environment's old data for its own, or mark an empty one as moved."""
    both.delete(MARKER)
    if there:
        both.put(MARKER, new_marker("backend 1.2").to_json())
    with pytest.raises(MarkerError) as caught:
        open_storage(both.settings)
    assert str(caught.value) == "No migration from the layout 'flat' has begun in the environment 'dev'."
    assert caught.value.hint == (
        "Check APP_ENV; unset R2_READ_OLD_LAYOUT, or begin the migration:"
        " r2-layout migrate copy --plan FILE --execute"
    )
    assert both.has(MARKER) is there


def test_a_credential_that_does_not_open_the_old_keys_stops_the_start(both: Both) -> None:
    """An environment's alone, unless the settings can mint a reader of the bucket; a user's never."""
    settings, mint = both.settings, local_minter(both.settings)

    def temporary(scope: CredentialScope) -> StorageSettings:
        made = mint(scope, timedelta(minutes=10))
        update = {"secret_access_key": made.secret_access_key, "session_token": made.session_token}
        return settings.model_copy(update=update)

    scope = scope_for_environment(settings.bucket, DEV, write=True)
    with pytest.raises(SettingsError) as caught:
        open_storage(temporary(scope))
    assert str(caught.value) == "R2_READ_OLD_LAYOUT is 'flat', but the credential opens only 'dev/'."
    assert caught.value.hint == (
        "The old keys lie at the root of the bucket: set CLOUDFLARE_ACCOUNT_ID and a token, from which a"
        " credential that reads the whole bucket is minted, or unset R2_READ_OLD_LAYOUT."
    )
    made = mint(scope, timedelta(minutes=10))
    assert open_storage(settings, credentials=lambda: made).get(CLIP).body == b"old"
    user = mint(scope_for_user(settings.bucket, DEV, "anna", write=True), timedelta(minutes=10))
    with pytest.raises(SettingsError) as of_user:
        open_storage(settings, credentials=lambda: user)
    assert str(of_user.value) == (
        "R2_READ_OLD_LAYOUT is 'flat', but the credential opens only a part of the environment."
    )


@pytest.mark.parametrize("seed", range(12))
def test_no_order_of_events_loses_a_write_or_brings_back_what_was_deleted(both: Both, seed: int) -> None:
    """Old writers, applications, copies and the marker by chance: a read shows the last acknowledged change."""
    chance, storage = random.Random(seed), open_storage(both.settings)  # noqa: S311 - drawn from a seed
    shown: bytes | None = b"old"
    old, new, live, late = b"old", False, False, False
    for number in range(14):
        body = f"{number}".encode()
        event = chance.choice(["old writes", "put", "replace", "delete", "copy", "mark", "old goes"])
        if event == "old writes":
            both.put(OLD_CLIP, body)
            old, late = body, live
            shown = shown if new else body
        elif event in {"put", "replace"}:
            if event == "put":
                storage.put(CLIP, body)
            elif shown is not None:
                storage.replace(CLIP, body, storage.get_object_info(CLIP).e_tag)
            else:
                storage.create(CLIP, body)
            new, shown = True, body
        elif event == "delete":
            try:
                storage.delete_file(CLIP)
            except ConditionFailedError:
                assert old
                assert late or not live
            else:
                new, shown = False, None
        elif event == "copy" and old and not new and (late or not live):
            both.put(CLIP, old)
            new = True
        elif event == "mark" and not live and (new or not old):
            both.marker(MarkerPhase.MOVED)
            live = True
        elif event == "old goes" and live and new:
            both.delete(OLD_CLIP)
            old, late = b"", False
        found = storage.get(CLIP).body if storage.exists(CLIP) is Presence.PRESENT else None
        listed = [item.key for item in storage.list_files(profile_prefix("anna", PROFILE, environment=DEV))]
        assert (number, event, found) == (number, event, shown)
        assert listed == ([CLIP] if shown is not None else [])
