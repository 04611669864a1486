"""What once lost or resurrected a database does not happen here; each test is named after its promise."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from layout.errors import (
    AccessDeniedError,
    DatabaseConflictError,
    StorageError,
    StorageUnavailableError,
)
from layout.storage.r2_storage import R2Storage
from layout.sync.database_sync import DatabaseSync, Durability
from layout.sync.states import SyncState
from tests.layout.sync.conftest import KEY, PROFILE, USER, Asked, Machines, rows, rows_of, write
from tests.layout.sync.test_conflict_lessons import kept

if TYPE_CHECKING:
    from layout.storage.settings import StorageSettings
    from local_cloudflare.cloudflare import LocalCloudflare


def path_of(disk: Path) -> Path:
    """The database's file on a machine."""
    return disk / USER / "profiles" / PROFILE / "database.sqlite"


def test_commits_that_stand_in_the_log_are_uploaded(
    machine: Machines, storage: R2Storage, tmp_path: Path
) -> None:
    """Only the main file was uploaded once, while another connection was open: stale bytes under a new version."""
    databases = machine()
    with databases.connection(USER, PROFILE) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    write(databases, "goal")
    with databases.connection(USER, PROFILE) as reader:
        assert reader.execute("BEGIN").execute("SELECT count(*) FROM clips").fetchone() == (1,)
        write(databases, "save")
        assert path_of(tmp_path / "disk").with_name("database.sqlite-wal").stat().st_size
        assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal", "save"]


def test_an_uploaded_image_opens_anywhere(machine: Machines, storage: R2Storage) -> None:
    """In write-ahead-log mode it could not be opened in memory, nor without two files beside it."""
    databases = machine()
    with databases.connection(USER, PROFILE) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    write(databases, "goal")
    body = storage.get(KEY).body
    assert body[18:20] == b"\x01\x01"
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.deserialize(body)
        assert memory.execute("SELECT name FROM clips").fetchall() == [("goal",)]


def test_a_crash_before_the_upload_is_repaired_at_the_next_start(
    machine: Machines, asked: Asked, storage: R2Storage, tmp_path: Path
) -> None:
    """Nothing noted it: the content says so."""
    write(machine(), "goal")
    crashed = machine(durability=Durability.BACKGROUND)
    rows(crashed)
    crashed._uploads._agenda.close()
    write(crashed, "save")
    asked.look()
    again = machine()
    (future,) = again.recover()
    assert future.result(20).state is SyncState.CLEAN
    assert asked.look() == ["PutObject database.sqlite"]
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal", "save"]
    assert again.recover() == []


def test_a_crash_is_repaired_by_the_first_access_too(machine: Machines, asked: Asked) -> None:
    """Its upload proves the copy current, so nothing is fetched."""
    write(machine(), "goal")
    crashed = machine(durability=Durability.BACKGROUND)
    rows(crashed)
    crashed._uploads._agenda.close()
    write(crashed, "save")
    asked.look()
    assert rows(machine()) == ["goal", "save"]
    assert asked.look() == ["PutObject database.sqlite"]


@pytest.mark.parametrize("statement", ["SELECT 1", "VACUUM", "CREATE TABLE clips (name TEXT)"])
def test_an_empty_database_is_never_uploaded_over_a_real_one(
    machine: Machines, storage: R2Storage, tmp_path: Path, statement: str
) -> None:
    """After a failed restore the code of one application made an empty one, and uploaded it."""
    write(machine(), "goal")
    path = path_of(tmp_path / "disk")
    path.unlink()
    with closing(sqlite3.connect(path)) as made_anew:
        made_anew.execute(statement)
    databases = machine()
    if statement.startswith("CREATE"):
        # It says something, so it is kept and the refusal told.
        with pytest.raises(DatabaseConflictError):
            databases.flush(USER, PROFILE).result(20)
    else:
        assert databases.flush(USER, PROFILE).result(20).version == 1
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal"]
    assert rows(databases) == ["goal"]


def test_an_application_may_drop_its_last_table(machine: Machines, storage: R2Storage) -> None:
    """It is the same file still, and a change like any other."""
    databases = machine()
    write(databases, "goal")
    with databases.connection(USER, PROFILE) as connection:
        connection.execute("DROP TABLE clips")
    assert storage.get(KEY).metadata["db-version"] == "2"
    assert rows(machine("other")) == []


@pytest.mark.parametrize("statement", ["SELECT 1", "VACUUM"])
def test_without_links_an_empty_database_is_still_known_for_one(
    machine: Machines,
    storage: R2Storage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
) -> None:
    """Some disks have none, and give a number away again at once."""

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)
    write(machine(), "goal")
    path = path_of(tmp_path / "disk")
    path.unlink()
    with closing(sqlite3.connect(path)) as made_anew:
        made_anew.execute(statement)
    assert machine().flush(USER, PROFILE).result(20).version == 1
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal"]


def test_a_copy_that_nobody_knows_is_never_uploaded_over_a_version(
    machine: Machines, storage: R2Storage, tmp_path: Path
) -> None:
    """It is kept in the backups, and the bucket's version is used."""
    write(machine("one"), "goal")
    other = machine("other")
    path = path_of(tmp_path / "other")
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as unknown, unknown:
        unknown.execute("CREATE TABLE clips (name TEXT)")
        unknown.execute("INSERT INTO clips VALUES ('who knows')")
    assert rows(other) == ["goal"]
    assert kept(storage, tmp_path / "x") == [["who knows"]]
    assert other.take_conflict(USER, PROFILE) is not None


def test_a_copy_that_nobody_knows_is_adopted_if_it_is_the_version(
    machine: Machines, storage: R2Storage, tmp_path: Path
) -> None:
    """As after files were moved to another disk: equal content is no conflict."""
    write(machine("one"), "goal")
    path = path_of(tmp_path / "other")
    path.parent.mkdir(parents=True)
    path.write_bytes(path_of(tmp_path / "one").read_bytes())
    other = machine("other")
    assert rows(other) == ["goal"]
    assert other.take_conflict(USER, PROFILE) is None
    assert kept(storage, tmp_path / "x") == []


def test_a_known_version_ends_with_its_file(machine: Machines, asked: Asked, tmp_path: Path) -> None:
    """A cached one outlived its deleted file and kept the restore from happening."""
    databases = machine()
    write(databases, "goal")
    path_of(tmp_path / "disk").unlink()
    asked.look()
    assert rows(databases) == ["goal"]
    assert asked.look() == ["GetObject database.sqlite"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"secret_access_key": SecretStr("0" * 64)}, AccessDeniedError),
        ({"bucket": "another-bucket"}, StorageError),
    ],
)
def test_an_unreadable_database_is_not_a_new_one(
    local: StorageSettings,
    machine: Machines,
    tmp_path: Path,
    change: dict[str, object],
    error: type[Exception],
) -> None:
    """A refusal was read as a new user once, and an empty database replaced the real one."""
    write(machine("one"), "goal")
    refused = machine("other", storage=R2Storage(local.model_copy(update=change)))
    with pytest.raises(error):
        write(refused, "save")
    assert not path_of(tmp_path / "other").exists()
    assert rows(machine("third")) == ["goal"]


def test_no_answer_is_not_a_new_database(machine: Machines, storage: R2Storage, tmp_path: Path) -> None:
    """With a copy it is read all the same; without one the access fails."""
    write(machine("one"), "goal")

    class Silent(R2Storage):
        def get(self, *_: object, **__: object) -> object:  # type: ignore[override]
            raise StorageUnavailableError("No answer.")

        get_if_changed = get  # type: ignore[assignment]

    silent = Silent(storage._settings)
    with pytest.raises(StorageUnavailableError):
        rows(machine("other", storage=silent))
    assert not path_of(tmp_path / "other").exists()
    lenient = machine("one", storage=silent)
    assert rows(lenient) == ["goal"]
    assert str(lenient.state_of(USER, PROFILE).error) == "No answer."


def test_what_a_killed_download_has_left_is_written_over(machine: Machines, tmp_path: Path) -> None:
    """And is gone after the next one."""
    write(machine("one"), "goal")
    part = path_of(tmp_path / "other").parent / ".sync" / "database.sqlite.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half of it")
    part.with_name(f"{part.name}-wal").write_bytes(b"a log")
    assert rows(machine("other")) == ["goal"]
    assert [one.name for one in part.parent.iterdir() if ".part" in one.name] == []


def test_a_damaged_version_replaces_nothing(machine: Machines, storage: R2Storage) -> None:
    """It is refused by name, and the copy goes on."""
    one = machine("one")
    write(one, "goal")
    found = storage.get(KEY)
    storage.put(KEY, found.body[:4096] + b"\0" * 4096, metadata=found.metadata)
    with pytest.raises(StorageError) as caught:
        machine("other").prepare(USER, PROFILE)
    assert "cannot be read: " in str(caught.value)
    with pytest.raises(StorageError):
        one.prepare(USER, PROFILE, fresh=True)
    assert rows(one) == ["goal"]


def test_a_truncated_answer_is_fetched_again(
    machine: Machines, cloudflare: LocalCloudflare, bucket: str
) -> None:
    """Never taken for the database."""
    from local_cloudflare.r2.faults import FaultAction, FaultRule

    assert bucket
    write(machine("one"), "goal")
    rule = FaultRule(FaultAction.TRUNCATE, operation="GetObject", key=str(KEY), keep_bytes=1_000)
    cloudflare.s3.faults.add(rule)
    try:
        assert rows(machine("other")) == ["goal"]
    finally:
        cloudflare.s3.faults.clear()


def test_a_second_sync_of_the_same_process_is_closed_cleanly(machine: Machines) -> None:
    """Its block drains."""
    with machine(durability=Durability.BACKGROUND) as databases:
        assert isinstance(databases, DatabaseSync)
        write(databases, "goal")
    assert rows(machine("other")) == ["goal"]
