"""Pace, waiting and shutdown: what went wrong there does not happen here; each test is named after its promise."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from layout.errors import StorageUnavailableError
from layout.sync.database_sync import Durability
from layout.sync.states import SyncState
from layout.sync.uploads import BETWEEN_UPLOADS
from tests.layout.sync.conftest import (
    KEY,
    PROFILE,
    USER,
    Asked,
    Machines,
    RushingClock,
    Unreliable,
    rows,
    rows_of,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

    from layout.storage.r2_storage import R2Storage

BUSY = StorageUnavailableError("Busy.")


def test_a_storm_of_writes_is_a_few_uploads_a_second_apart(
    machine: Machines, unreliable: Unreliable, clock: RushingClock, asked: Asked
) -> None:
    """R2 takes one write a second on a key; the newest content goes, not each."""
    databases = machine(storage=unreliable, durability=Durability.BACKGROUND)
    write(databases, "goal")
    databases.flush(USER, PROFILE).result(20)
    began: list[float] = []
    release = threading.Event()

    def hold() -> None:
        began.append(clock.now())
        release.wait(20)

    unreliable.before = hold
    asked.look()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: write(databases, str(number), timeout=30), range(40)))
    release.set()
    assert databases.drain(20) == []
    assert len(asked.look()) == len(began) <= 3
    assert all(later - earlier >= BETWEEN_UPLOADS for earlier, later in itertools.pairwise(began))
    assert len(rows(machine("other"))) == 41


def test_a_shutdown_uploads_the_databases_of_everybody(machine: Machines, registry: object) -> None:
    """It synced the profiles' databases once, and forgot the user's own."""
    assert registry
    names = ["database.sqlite", "notes/plan.sqlite", "old.sqlite"]
    databases = machine(durability=Durability.BACKGROUND)
    with databases.recording() as recorder:
        for name in names:
            write(databases, name, name=name)
        assert recorder.written
        assert databases.close(20) == []
    other = machine("other")
    assert [rows(other, name=name) for name in names] == [[name] for name in names]


def test_a_shutdown_has_a_deadline_and_says_what_is_left(machine: Machines, unreliable: Unreliable) -> None:
    """What is left waits on the disk for the next start."""
    databases = machine(storage=unreliable, durability=Durability.BACKGROUND)
    write(databases, "goal")
    databases.flush(USER, PROFILE).result(20)
    unreliable.errors = [BUSY] * 1_000
    write(databases, "save")
    (left,) = databases.close(5)
    assert (left.user_id, left.profile_id, left.name) == (USER, PROFILE, "database.sqlite")
    assert left.state in {SyncState.PENDING, SyncState.IN_FLIGHT}
    (future,) = machine().recover()
    assert future.result(20).version == 2


def test_a_durable_write_is_answered_when_the_bucket_has_it(
    machine: Machines, storage: R2Storage, tmp_path: Path
) -> None:
    """A profile's database was uploaded after the answer once, and was never there."""
    write(machine(durability=Durability.WAIT), "goal")
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal"]


def test_a_durable_write_does_not_wait_for_ever(machine: Machines, unreliable: Unreliable) -> None:
    """It says that the change is on this machine, and goes on."""
    databases = machine(storage=unreliable, wait_seconds=0.05)
    write(databases, "goal")
    go_on = threading.Event()
    unreliable.before = lambda: go_on.wait(20)
    with pytest.raises(StorageUnavailableError) as caught:
        write(databases, "save")
    assert str(caught.value) == f"The upload of the database {str(KEY)!r} has taken more than 0.05 s."
    go_on.set()
    assert databases.drain(20) == []


def test_each_version_says_who_wrote_it_and_when(machine: Machines, storage: R2Storage) -> None:
    """Conflicts could not be explained before."""
    write(machine(), "goal")
    metadata = storage.get(KEY).metadata
    host, pid, name = metadata["written-by"].split("/")
    assert host
    assert int(pid) > 0
    assert len(name) == 8
    assert metadata["written-at"].endswith("Z")


def test_what_is_written_after_the_end_says_that_it_waits(machine: Machines) -> None:
    """For the next start, instead of waiting for an upload that nobody does."""
    databases = machine()
    write(databases, "goal")
    assert databases.close(5) == []
    with pytest.raises(StorageUnavailableError) as caught:
        write(databases, "save")
    assert str(caught.value) == f"The database {str(KEY)!r} is not uploaded: the sync is closed."
    assert caught.value.hint == (
        "The change is on this machine, and is uploaded at the next start: DatabaseSync.recover()."
    )
    (future,) = machine().recover()
    assert future.result(20).version == 2


def test_what_a_handler_committed_before_its_error_is_uploaded(machine: Machines) -> None:
    """The error is the handler's, the upload nobody's to wait for."""
    databases = machine()
    write(databases, "goal")

    def handler() -> None:
        with databases.connection(USER, PROFILE) as connection:
            connection.execute("INSERT INTO clips VALUES ('save')")
            connection.commit()
            connection.execute("INSERT INTO clips VALUES ('corner')")
            raise LookupError("of the handler")

    with pytest.raises(LookupError):
        handler()
    assert databases.drain(20) == []
    assert rows(machine("other")) == ["goal", "save"]


def test_an_option_that_sqlite_refuses_leaves_nothing_open(machine: Machines) -> None:
    """The next access is not told that the database is in use."""
    databases = machine()
    write(databases, "goal")
    with pytest.raises(TypeError), databases.connection(USER, PROFILE, no_such_option=True):
        raise AssertionError("opened")
    assert databases._find(USER, PROFILE, "database.sqlite").connections == 0
    assert rows(databases, fresh=True) == ["goal"]


def test_a_request_whose_client_has_gone_takes_nobody_with_it(
    machine: Machines, unreliable: Unreliable, clock: RushingClock
) -> None:
    """Asyncio cancels what it waits for; the upload is everybody's."""
    databases = machine(storage=unreliable, durability=Durability.BACKGROUND)
    write(databases, "goal")
    databases.flush(USER, PROFILE).result(20)
    entered, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        go_on.wait(20)

    unreliable.before = hold
    write(databases, "save")
    assert entered.wait(20)
    write(databases, "corner")
    gone, patient = databases.flush(USER, PROFILE), databases.flush(USER, PROFILE)
    assert gone.cancel()
    go_on.set()
    assert patient.result(20).version == 3
    clock.still = True
    last = databases.flush(USER, PROFILE)
    assert last.cancel()
    clock.still = False
    assert databases.close(5) == []
