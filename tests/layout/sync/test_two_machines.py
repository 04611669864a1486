"""Two machines that write the same database in any order: what was acknowledged is there."""

from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING

import pytest

from layout.errors import DatabaseConflictError, DatabaseInUseError
from layout.sync.database_sync import Durability
from layout.sync.states import SyncState
from tests.layout.sync.conftest import PROFILE, USER, Machines, rows, write

if TYPE_CHECKING:
    from layout.sync.database_sync import DatabaseSync


@pytest.mark.parametrize("seed", range(3))
def test_no_acknowledged_write_is_lost(machine: Machines, seed: int) -> None:
    """A refused one is made again on a fresh copy. Machines are started again in between, some on an empty disk."""
    random = Random(seed)  # noqa: S311 - draws moments, no secrets
    machines: list[DatabaseSync] = [machine("0"), machine("1")]
    acknowledged: list[str] = []
    conflicts = 0
    for number in range(40):
        which = random.randrange(2)
        if random.random() < 0.15:
            machines[which].close(5)
            machines[which] = machine(f"{which}" if random.random() < 0.5 else f"{which}-{number}")
        databases = machines[which]
        if random.random() < 0.3:
            assert set(rows(databases, fresh=True)) == set(acknowledged)
        for _ in range(3):
            try:
                write(databases, str(number))
            except DatabaseConflictError:
                conflicts += 1
            else:
                acknowledged.append(str(number))
                break
    assert conflicts
    assert sorted(rows(machine("fresh"))) == sorted(acknowledged)
    assert len(acknowledged) == 40


def test_no_acknowledged_write_of_many_threads_is_lost(machine: Machines) -> None:
    """Threads of two machines, two processes each, in durable mode; a refused write is made again."""
    processes = [machine(disk) for disk in ("one", "one", "other", "other")]
    write(processes[0], "first")

    def work(number: int) -> list[str]:
        databases, acknowledged = processes[number % 4], ["first"]
        for turn in range(12):
            for attempt in itertools.count():
                # A name of its own for each attempt.
                name = f"{number}/{turn}/{attempt}"
                try:
                    write(databases, name, timeout=30)
                except (DatabaseConflictError, DatabaseInUseError):
                    refused.append(name)
                else:
                    acknowledged.append(name)
                    break
        return acknowledged

    refused: list[str] = []
    with ThreadPoolExecutor(8) as threads:
        acknowledged = {name for told in threads.map(work, range(8)) for name in told}
    found = set(rows(machine("fresh")))
    assert acknowledged - found == set()
    assert len(acknowledged) == 8 * 12 + 1
    assert refused


def test_asyncio_waits_for_an_upload_without_a_thread_of_its_own(machine: Machines) -> None:
    """What a middleware does."""
    databases = machine(durability=Durability.BACKGROUND)

    async def request() -> SyncState:
        await asyncio.to_thread(databases.prepare, USER, PROFILE)
        with databases.recording() as recorder:
            write(databases, "goal")
            (status,) = await asyncio.gather(*map(asyncio.wrap_future, recorder.flush()))
        return status.state

    assert asyncio.run(request()) is SyncState.CLEAN
    assert rows(machine("other")) == ["goal"]
