"""What went wrong between two writers does not happen here; each test is named after its promise."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from layout.errors import DatabaseConflictError, DatabaseInUseError, StorageUnavailableError
from layout.keys import backups_prefix
from layout.sync.backups import backups_of
from layout.sync.database_sync import Durability
from layout.sync.states import SyncState
from tests.layout.sync.conftest import (
    KEY,
    PROFILE,
    USER,
    Asked,
    Machines,
    Unreliable,
    rows,
    rows_of,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

    from layout.storage.r2_storage import R2Storage


def kept(storage: R2Storage, path: Path) -> list[list[str]]:
    """The rows of each database in the backups, the oldest first."""
    prefix = backups_prefix(environment=storage.environment)
    return [rows_of(storage.get(one.key).body, path) for one in storage.list_files(prefix)]  # type: ignore[arg-type]


def test_a_writer_that_began_with_a_stale_copy_loses_nobody_elses_write(
    machine: Machines, storage: R2Storage, tmp_path: Path
) -> None:
    """Five published reels were lost to one that had read the version before it wrote."""
    one, other = machine("one"), machine("other")
    write(one, "goal")
    assert rows(other) == ["goal"]
    write(one, "save")
    with pytest.raises(DatabaseConflictError):
        write(other, "corner")
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal", "save"]


def test_a_conflict_keeps_both_copies_and_says_where(
    machine: Machines, storage: R2Storage, tmp_path: Path
) -> None:
    """The loser is in the backups, under the key of its database."""
    one, other = machine("one"), machine("other")
    write(one, "goal")
    rows(other)
    write(one, "save")
    with pytest.raises(DatabaseConflictError) as caught:
        write(other, "corner")
    found = storage.get(KEY)
    (backup,) = storage.list_files(backups_prefix(environment=storage.environment))
    assert str(caught.value) == (
        f"The database {str(KEY)!r} was changed by another writer: version 2, written by"
        f" {found.metadata['written-by']} at {found.metadata['written-at']}. The change made here is kept as"
        f" {str(backup.key)!r}."
    )
    assert backup.key.startswith("dev/backups/replaced/sync/users/anna/profiles/a1b2c3d4/database.sqlite/")
    assert kept(storage, tmp_path / "x") == [["goal", "corner"]]


def test_a_conflict_whose_backups_answer_was_lost_is_told_with_the_backup(
    machine: Machines, storage: R2Storage, unreliable: Unreliable, tmp_path: Path
) -> None:
    """The next try finds the backup of the first, which is named by its content: one is kept, and the conflict told."""
    one, other = machine("one"), machine("other", storage=unreliable)
    write(one, "goal")
    rows(other)
    write(one, "save")
    unreliable.lost_backups = 1
    with pytest.raises(StorageUnavailableError):
        write(other, "corner")
    # Raised unless the retry in the background was first.
    with suppress(DatabaseConflictError):
        other.flush(USER, PROFILE).result(20)
    conflict = other.take_conflict(USER, PROFILE)
    (backup,) = storage.list_files(backups_prefix(environment=storage.environment))
    assert str(conflict).endswith(f"The change made here is kept as {str(backup.key)!r}.")
    assert kept(storage, tmp_path / "x") == [["goal", "corner"]]
    assert rows(other) == ["goal", "save"]


def test_the_access_after_a_conflict_starts_from_the_bucket_and_its_write_succeeds(
    machine: Machines, asked: Asked
) -> None:
    """A machine once kept its stale baseline, so that no retry could succeed until it was started again."""
    one, other = machine("one"), machine("other")
    write(one, "goal")
    rows(other)
    write(one, "save")
    with pytest.raises(DatabaseConflictError):
        write(other, "corner")
    assert other.state_of(USER, PROFILE).state is SyncState.CONFLICT
    asked.look()
    assert rows(other) == ["goal", "save"]
    assert asked.look() == ["GetObject database.sqlite"]
    assert other.state_of(USER, PROFILE).state is SyncState.CLEAN
    write(other, "corner")
    assert rows(machine("third")) == ["goal", "save", "corner"]


def test_a_conflict_is_told_once(machine: Machines) -> None:
    """To whoever asks for it; the state is left before."""
    one, other = machine("one"), machine("other", durability=Durability.BACKGROUND)
    write(one, "goal")
    rows(other)
    write(one, "save")
    write(other, "corner")
    with pytest.raises(DatabaseConflictError):
        other.flush(USER, PROFILE).result(20)
    assert rows(other) == ["goal", "save"]
    conflict = other.take_conflict(USER, PROFILE)
    assert conflict is not None
    assert str(conflict).startswith(f"The database {str(KEY)!r} was changed by another writer: version 2, ")
    assert other.take_conflict(USER, PROFILE) is None


def test_a_file_is_not_swapped_under_open_connections(machine: Machines) -> None:
    """A reader goes on with what it has; the swap follows when nothing is open."""
    one, other = machine("one"), machine("other")
    write(one, "goal")
    with other.connection(USER, PROFILE) as connection:
        write(one, "save")
        other.prepare(USER, PROFILE, fresh=True)
        assert connection.execute("SELECT name FROM clips").fetchall() == [("goal",)]
    assert rows(other, fresh=True) == ["goal", "save"]


def test_after_a_conflict_nothing_is_read_until_the_old_copy_is_closed(
    machine: Machines, storage: R2Storage, tmp_path: Path
) -> None:
    """The change that was refused would be shown as if it were there."""
    one, other = machine("one"), machine("other")
    write(one, "goal")
    with other.connection(USER, PROFILE) as open_before:
        write(one, "save")
        with pytest.raises(DatabaseConflictError):
            write(other, "corner")
        with pytest.raises(DatabaseInUseError) as caught:
            rows(other)
        assert str(caught.value) == f"The database {str(KEY)!r} is open on this machine."
        assert open_before.execute("SELECT count(*) FROM clips").fetchone() == (2,)
    assert rows(other) == ["goal", "save"]
    assert kept(storage, tmp_path / "x") == [["goal", "corner"]]


def test_a_left_over_log_is_not_replayed_over_a_newer_version(machine: Machines, tmp_path: Path) -> None:
    """SQLite would: the old tables come back, and integrity_check says ok."""
    one, other = machine("one"), machine("other")
    with one.connection(USER, PROFILE) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    write(one, "goal")
    rows(other)
    path = tmp_path / "other" / USER / "profiles" / PROFILE / "database.sqlite"
    write(one, "save")
    for ending in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).write_bytes(b"")
    assert rows(other, fresh=True) == ["goal", "save"]
    assert [one for one in path.parent.iterdir() if one.name.startswith("database.sqlite-")] == []


def test_a_running_machine_notices_a_newer_version(machine: Machines, asked: Asked) -> None:
    """When an access asks for it, or when its age is up; a reading one is lenient in between."""
    one, other = machine("one"), machine("other", max_age=60.0)
    write(one, "goal")
    rows(other)
    write(one, "save")
    assert rows(other) == ["goal"]
    assert rows(other, fresh=True) == ["goal", "save"]
    write(one, "corner")
    other._uploads.clock.time += 61  # type: ignore[attr-defined]
    asked.look()
    assert rows(other) == ["goal", "save", "corner"]
    assert rows(other) == ["goal", "save", "corner"]
    assert asked.look() == ["GetObject database.sqlite"]


def test_a_change_that_lost_in_somebody_elses_upload_is_refused_too(machine: Machines) -> None:
    """An upload takes all that is committed; its writer finds the other version there and must not call it success."""
    one, other = machine("one"), machine("other")
    write(one, "goal")
    rows(other)
    write(one, "save")

    def request() -> None:
        with other.connection(USER, PROFILE) as connection:
            connection.execute("INSERT INTO clips VALUES ('corner')")
            connection.commit()
            with pytest.raises(DatabaseConflictError):
                other.flush(USER, PROFILE).result(20)

    with pytest.raises(DatabaseConflictError):
        request()
    assert rows(other) == ["goal", "save"]


@pytest.mark.parametrize("with_recorder", [False, True])
@pytest.mark.parametrize("other_process", [False, True])
def test_a_change_that_was_swapped_away_before_its_writer_asked_is_refused_too(
    machine: Machines, storage: R2Storage, *, other_process: bool, with_recorder: bool
) -> None:
    """Between the end of its connection and its request, by this process or another one of the machine."""
    one, other = machine("one"), machine("other")
    write(one, "goal")
    rows(other)
    write(one, "save")
    request = other._uploads.request

    def late(*args: Any, **options: Any) -> Any:
        other._uploads.request = request  # type: ignore[method-assign]
        with pytest.raises(DatabaseConflictError):
            (machine("other") if other_process else other).flush(USER, PROFILE).result(20)
        assert rows(other) == ["goal", "save"]
        return request(*args, **options)

    other._uploads.request = late  # type: ignore[method-assign]
    if with_recorder:
        with other.recording() as recorder:
            write(other, "corner")
            (future,) = recorder.flush()
    else:
        with pytest.raises(DatabaseConflictError):
            write(other, "corner")
        return
    with pytest.raises(DatabaseConflictError) as caught:
        future.result(20)
    (backup,) = backups_of(storage, other._find(USER, PROFILE, "database.sqlite").database)
    assert f"and is kept as {str(backup.key)!r}." in str(caught.value)


def test_an_access_that_finds_the_database_open_meanwhile_stops_no_upload(
    machine: Machines, unreliable: Unreliable
) -> None:
    """The state is that of the running upload: whoever waits for it is told."""
    one, other = machine("one"), machine("other", storage=unreliable, durability=Durability.BACKGROUND)
    write(one, "goal")
    rows(other)
    write(one, "save")
    entered, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        go_on.wait(20)

    unreliable.before = hold
    with other.connection(USER, PROFILE):
        write(other, "corner")
        waiting = other.flush(USER, PROFILE)
        assert entered.wait(20)
        tracked = other._find(USER, PROFILE, "database.sqlite")
        go_on.set()
        with pytest.raises(DatabaseInUseError):
            other._access._load(tracked)
        with pytest.raises((DatabaseConflictError, DatabaseInUseError)):
            waiting.result(20)
    assert rows(other) == ["goal", "save"]
