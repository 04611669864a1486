"""States and retries: what went wrong with them does not happen here; each test is named after its promise."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from layout.errors import AccessDeniedError, StorageUnavailableError
from layout.sync.database_sync import Durability
from layout.sync.states import SYNC_MOVES, SyncState
from layout.sync.uploads import BETWEEN_UPLOADS, FIRST_RETRY, LAST_RETRY
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


def test_each_state_is_left_by_a_documented_way() -> None:
    """And entered by one, but the first."""
    left = {move.before for move in SYNC_MOVES if move.after is not move.before}
    entered = {move.after for move in SYNC_MOVES if move.after is not move.before}
    assert left == entered == set(SyncState)


def test_an_upload_that_is_under_way_is_not_shown_as_failed(
    machine: Machines, unreliable: Unreliable
) -> None:
    """In flight, then clean; a write meanwhile has its turn next and is not refused for being early."""
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
    assert databases.state_of(USER, PROFILE).state is SyncState.IN_FLIGHT
    write(databases, "corner")
    assert databases.state_of(USER, PROFILE).state is SyncState.IN_FLIGHT
    last = databases.flush(USER, PROFILE)
    go_on.set()
    assert last.result(20).version == 3
    assert databases.state_of(USER, PROFILE).state is SyncState.CLEAN


def test_reading_does_not_wait_for_an_upload(machine: Machines, unreliable: Unreliable) -> None:
    """Every request once waited 14 seconds behind one."""
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
    assert rows(databases) == ["goal", "save"]
    go_on.set()


def test_an_idle_users_failed_upload_heals_by_itself(
    machine: Machines, unreliable: Unreliable, storage: R2Storage, clock: RushingClock, tmp_path: Path
) -> None:
    """The retry belongs to the attempt; pauses double and are spread."""
    databases = machine(storage=unreliable, durability=Durability.BACKGROUND)
    write(databases, "goal")
    databases.flush(USER, PROFILE).result(20)
    healed = threading.Event()
    unreliable.errors = [BUSY] * 8
    unreliable.before = lambda: None if unreliable.errors else healed.set()
    clock.waited.clear()
    write(databases, "save")
    assert healed.wait(20)
    assert databases.drain(20) == []
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal", "save"]
    pauses = [pause for pause in clock.waited if pause > BETWEEN_UPLOADS]
    longest = [min(LAST_RETRY, FIRST_RETRY * 2**number) for number in range(8)]
    assert all(pause <= most for pause, most in zip(sorted(pauses), longest[-len(pauses) :], strict=True))
    assert max(pauses) > LAST_RETRY / 2


@pytest.mark.parametrize(
    ("error", "state"),
    [(BUSY, SyncState.PENDING), (AccessDeniedError("Refused."), SyncState.FAILED)],
)
def test_waiting_and_refused_are_two_states(
    machine: Machines, unreliable: Unreliable, clock: RushingClock, error: Exception, state: SyncState
) -> None:
    """One is quiet, the other loud; both heal."""
    databases = machine(storage=unreliable)
    write(databases, "goal")
    unreliable.errors = [error]
    clock.time += 10
    clock.still = True
    with pytest.raises(type(error)):
        write(databases, "save")
    assert databases.state_of(USER, PROFILE).state is state
    assert databases.state_of(USER, PROFILE).error is error
    clock.still = False
    assert databases.drain(20) == []
    assert databases.state_of(USER, PROFILE).error is None
    assert rows(machine("other")) == ["goal", "save"]


def test_only_an_upload_ends_pending(machine: Machines, unreliable: Unreliable, asked: Asked) -> None:
    """A retry that did nothing once cleared the mark. Counted by the bucket, not by what this process believes."""
    databases = machine(storage=unreliable)
    write(databases, "goal")
    asked.look()
    unreliable.errors = [BUSY]
    with pytest.raises(StorageUnavailableError):
        write(databases, "save")
    assert databases.drain(20) == []
    assert asked.look() == ["PutObject database.sqlite"]


def test_a_success_of_one_database_says_nothing_of_another(machine: Machines, unreliable: Unreliable) -> None:
    """One mark for all of a user's databases was cleared by the first."""
    databases = machine(storage=unreliable)
    write(databases, "goal")
    write(databases, "goal", name="notes/plan.sqlite")
    unreliable.errors = [AccessDeniedError("Refused.")] * 50
    with pytest.raises(AccessDeniedError):
        write(databases, "save")
    unreliable.errors.clear()
    databases._uploads._agenda.close()
    assert databases.state_of(USER, PROFILE, "notes/plan.sqlite").state is SyncState.CLEAN


def test_an_older_upload_does_not_clear_a_newer_write(
    machine: Machines, unreliable: Unreliable, storage: R2Storage, tmp_path: Path
) -> None:
    """It once did, when it finished after the write."""
    databases = machine(storage=unreliable, durability=Durability.BACKGROUND)
    write(databases, "goal")
    databases.flush(USER, PROFILE).result(20)

    def write_meanwhile() -> None:
        unreliable.before = lambda: None
        write(databases, "corner")

    unreliable.before = write_meanwhile
    write(databases, "save")
    assert databases.drain(20) == []
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal", "save", "corner"]


def test_a_write_that_bypassed_the_queue_is_still_pending_after_a_restart(
    machine: Machines, unreliable: Unreliable, storage: R2Storage, tmp_path: Path
) -> None:
    """The baseline is of the content that was uploaded, not of what is there when the upload ends."""
    databases = machine(storage=unreliable, durability=Durability.BACKGROUND)
    write(databases, "goal")
    databases.flush(USER, PROFILE).result(20)
    written = threading.Event()

    def write_meanwhile() -> None:
        unreliable.before = lambda: None
        write(databases, "corner")
        databases._uploads._agenda._ended = True
        written.set()

    unreliable.before = write_meanwhile
    write(databases, "save")
    assert written.wait(20)
    databases._uploads._agenda._workers.shutdown(wait=True)
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal", "save"]
    assert [future.result(20).version for future in machine().recover()] == [3]
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal", "save", "corner"]
