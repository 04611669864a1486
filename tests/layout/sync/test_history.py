"""Replaced versions that are kept, and the way back to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from layout.environment import Environment
from layout.errors import ConditionFailedError, DatabaseConflictError, NoProfileError, StorageError
from layout.keys import backups_prefix
from layout.sync.backups import Why, backups_of, new_backup_key
from layout.sync.history import restore
from layout.sync.location import Database, locate
from tests.layout.sync.conftest import KEY, PROFILE, USER, Asked, Machines, rows, rows_of, write

if TYPE_CHECKING:
    from pathlib import Path

    from layout.storage.profile_store import ProfileStore
    from layout.storage.r2_storage import R2Storage


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """The database of anna's profile."""
    return locate(USER, PROFILE, "database.sqlite", environment=Environment.DEV, base=tmp_path / "disk")


def test_nothing_is_kept_unless_asked_for(machine: Machines, storage: R2Storage) -> None:
    """It costs."""
    databases = machine()
    for text in ("goal", "save"):
        write(databases, text)
    assert list(storage.list_files(backups_prefix(environment=Environment.DEV))) == []


def test_a_kept_version_costs_one_request_more_and_no_bytes(
    machine: Machines, storage: R2Storage, database: Database, asked: Asked, tmp_path: Path
) -> None:
    """A copy on the server, of the version that is replaced, before it is."""
    databases = machine(keep=2)
    write(databases, "goal")
    asked.look()
    write(databases, "save")
    (backup,) = backups_of(storage, database)
    assert [one.split()[0] for one in asked.look()][:2] == ["CopyObject", "PutObject"]
    assert (backup.why, backup.version) == (Why.REPLACED, 1)
    assert rows_of(storage.get(backup.key).body, tmp_path / "x") == ["goal"]


def test_the_number_kept_limits_what_a_storm_of_writes_sets_aside(
    machine: Machines, storage: R2Storage, database: Database
) -> None:
    """Nobody can delete it for 30 days; the next one follows after a part of the day."""
    databases = machine(keep=2)
    for number in range(5):
        write(databases, str(number))
    assert [backup.version for backup in backups_of(storage, database)] == [1, 2]


def test_a_version_comes_back_and_what_it_replaces_is_kept(
    machine: Machines, storage: R2Storage, registry: ProfileStore, database: Database, tmp_path: Path
) -> None:
    """As the newest version; who has another one open learns of it."""
    databases = machine(keep=5)
    for text in ("goal", "save"):
        write(databases, text)
    (backup,) = backups_of(storage, database)
    restored = restore(storage, registry, database, backup)
    assert restored.version == 3
    assert restored.kept is not None
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal"]
    assert rows_of(storage.get(restored.kept).body, tmp_path / "x") == ["goal", "save"]
    assert [one.why for one in backups_of(storage, database)] == [Why.REPLACED, Why.RESTORED]
    with pytest.raises(DatabaseConflictError):
        write(databases, "corner")
    assert rows(databases) == ["goal"]


def test_the_newest_version_is_not_brought_back_over_itself(
    machine: Machines, storage: R2Storage, registry: ProfileStore, database: Database
) -> None:
    """It would only raise the number."""
    databases = machine(keep=5)
    for text in ("goal", "save"):
        write(databases, text)
    (backup,) = backups_of(storage, database)
    restore(storage, registry, database, backup)
    with pytest.raises(StorageError) as caught:
        restore(storage, registry, database, backup)
    assert str(caught.value) == f"The database {str(KEY)!r} is what {backup.name!r} holds."


def test_a_database_that_is_gone_comes_back_for_a_living_profile_only(
    machine: Machines, storage: R2Storage, registry: ProfileStore, database: Database, tmp_path: Path
) -> None:
    """A deleted one does not."""
    databases = machine(keep=5)
    for text in ("goal", "save"):
        write(databases, text)
    (backup,) = backups_of(storage, database)
    storage.delete_file(KEY)
    assert restore(storage, registry, database, backup).kept is None
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal"]
    of_another = Database(USER, "deleted1", database.name, database.key, database.path)
    storage.delete_file(KEY)
    with pytest.raises(NoProfileError):
        restore(storage, registry, of_another, backup)


def test_a_restore_loses_against_a_write_in_between(
    machine: Machines, storage: R2Storage, registry: ProfileStore, database: Database, tmp_path: Path
) -> None:
    """The condition is on what it has set aside."""
    databases = machine(keep=5)
    for text in ("goal", "save"):
        write(databases, text)
    (backup,) = backups_of(storage, database)
    replace = storage.replace

    def overtaken(*args: object, **options: object) -> str:
        storage.replace = replace  # type: ignore[method-assign]
        write(databases, "corner")
        return replace(*args, **options)  # type: ignore[arg-type]

    storage.replace = overtaken  # type: ignore[method-assign]
    with pytest.raises(ConditionFailedError):
        restore(storage, registry, database, backup)
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal", "save", "corner"]


def test_a_damaged_backup_is_not_brought_back(
    machine: Machines, storage: R2Storage, registry: ProfileStore, database: Database
) -> None:
    """It is verified as any download."""
    databases = machine(keep=5)
    for text in ("goal", "save"):
        write(databases, text)
    (backup,) = backups_of(storage, database)
    before = storage.get(KEY)
    storage.put(backup.key, b"not one")
    with pytest.raises(StorageError):
        restore(storage, registry, database, backup)
    assert storage.get(KEY) == before


@pytest.mark.parametrize("length", [20, 900])
def test_each_database_has_a_folder_of_its_own_in_the_backups(
    storage: R2Storage, tmp_path: Path, length: int
) -> None:
    """Also one whose key gets too long with a name behind it."""
    name = "/".join(["folder" * 30] * (length // 180) + ["x.sqlite"])
    found = locate(USER, PROFILE, name, environment=Environment.DEV, base=tmp_path)
    key = new_backup_key(found, Why.CONFLICT, 7, "0" * 64)
    storage.create(key, b"x")
    (backup,) = backups_of(storage, found)
    assert (backup.key, backup.why, backup.version) == (key, Why.CONFLICT, 7)
