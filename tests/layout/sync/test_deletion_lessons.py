"""What was deleted does not come back, and what is gone by mistake does; each test is named after its promise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.documents.profiles import Profile
from layout.errors import (
    NoProfileError,
    ObjectMissingError,
    StorageError,
)
from layout.storage.presence import Presence
from layout.storage.r2_storage import R2Storage
from layout.sync.database_sync import Durability
from layout.sync.states import SyncState
from tests.layout.sync.conftest import KEY, PROFILE, USER, Machines, rows, rows_of, write
from tests.layout.sync.test_conflict_lessons import kept

if TYPE_CHECKING:
    from layout.storage.profile_store import ProfileStore


def test_a_database_of_an_unknown_profile_is_not_made(machine: Machines, tmp_path: Path) -> None:
    """The browser kept the id of a deleted one."""
    databases = machine()
    with pytest.raises(NoProfileError) as caught, databases.connection(USER, "deleted1"):
        raise AssertionError("opened")
    assert str(caught.value) == "The user has no profile 'deleted1'."
    with pytest.raises(NoProfileError) as caught, databases.connection("nobody", PROFILE):
        raise AssertionError("opened")
    assert str(caught.value) == (
        "The user 'nobody' has no profiles, so no database 'database.sqlite' is made."
    )
    assert not (tmp_path / "disk" / USER / "profiles" / "deleted1" / "database.sqlite").exists()


def test_a_late_upload_does_not_bring_a_deleted_profile_back(
    machine: Machines, storage: R2Storage, registry: ProfileStore, tmp_path: Path
) -> None:
    """A machine's shutdown once recreated what was deleted; here its copy goes, and its last change is kept."""
    registry.update(USER, lambda found: found.with_profile("b2c3d4e5", Profile(name="Liga")))
    databases = machine(durability=Durability.BACKGROUND)
    key = storage.get_profile_file_path(USER, "b2c3d4e5", "database.sqlite")

    def add(text: str) -> None:
        with databases.connection(USER, "b2c3d4e5") as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS clips (name TEXT)")
            connection.execute("INSERT INTO clips VALUES (?)", (text,))

    add("goal")
    databases.flush(USER, "b2c3d4e5").result(20)
    registry.update(USER, lambda found: found.with_deleted("b2c3d4e5", "2026-11-27T00:00:00Z"))
    storage.delete_file(key)
    add("late")
    with pytest.raises(NoProfileError):
        databases.flush(USER, "b2c3d4e5").result(20)
    assert databases.state_of(USER, "b2c3d4e5").state is SyncState.FAILED
    databases.close(seconds=5)
    assert storage.exists(key) is Presence.ABSENT
    assert kept(storage, tmp_path / "x") == [["goal", "late"]]
    with pytest.raises(NoProfileError):
        machine().prepare(USER, "b2c3d4e5")


def test_a_deleted_profiles_alarm_ends(
    machine: Machines, storage: R2Storage, registry: ProfileStore, tmp_path: Path
) -> None:
    """Copies, baselines and states of a deleted database go too; a living one's do not."""
    registry.update(USER, lambda found: found.with_profile("b2c3d4e5", Profile(name="Liga")))
    databases = machine()
    write(databases, "goal")
    for name in ("database.sqlite", "notes/plan.sqlite"):
        with databases.connection(USER, "b2c3d4e5", name) as connection:
            connection.execute("CREATE TABLE clips (name TEXT)")
    with pytest.raises(StorageError) as caught:
        databases.forget(USER, "b2c3d4e5")
    assert str(caught.value) == (
        "The database 'dev/users/anna/profiles/b2c3d4e5/database.sqlite' is of a profile that exists."
    )
    registry.delete(USER, "b2c3d4e5")
    databases.forget(USER, "b2c3d4e5")
    assert [status.profile_id for status in databases.states()] == [PROFILE]
    left = {
        one.name for one in (tmp_path / "disk" / USER / "profiles" / "b2c3d4e5").rglob("*") if one.is_file()
    }
    assert {name.rpartition(".")[2] for name in left} == {"open", "work"}
    assert storage.exists(KEY) is Presence.PRESENT
    with pytest.raises(NoProfileError):
        databases.prepare(USER, "b2c3d4e5")


def test_a_database_that_was_taken_from_a_living_profile_is_uploaded_again(
    machine: Machines, storage: R2Storage, tmp_path: Path
) -> None:
    """This machine has the only copy."""
    databases = machine()
    write(databases, "goal")
    storage.delete_file(KEY)
    write(databases, "save")
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal", "save"]


def test_without_a_registry_nothing_that_is_gone_comes_back(machine: Machines, storage: R2Storage) -> None:
    """Nobody can say whether its profile was deleted; the local copy stays."""
    databases = machine(profiles=None)
    write(databases, "goal")
    storage.delete_file(KEY)
    with pytest.raises(StorageError) as caught:
        write(databases, "save")
    assert str(caught.value) == (
        f"The database {str(KEY)!r} is gone from the bucket, and no registry tells whether its profile is."
    )
    with pytest.raises(ObjectMissingError):
        storage.get(KEY)
    assert rows(databases) == ["goal", "save"]
