"""A machine has no conflict with itself: neither threads, nor processes, nor an upload whose answer was lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from layout.errors import StorageUnavailableError
from layout.sync.database_sync import DatabaseSync, Durability
from tests.layout.sync.conftest import (
    PROFILE,
    USER,
    Machines,
    Unreliable,
    rows,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from layout.sync.exchanged import Exchanged


def test_uploads_of_one_machine_never_conflict_with_each_other(machine: Machines) -> None:
    """Two uploads of one file once raced, and the second took the first for another writer."""
    databases = machine(durability=Durability.BACKGROUND)
    write(databases, "first")
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda number: write(databases, str(number), timeout=30), range(30)))
        futures = list(threads.map(lambda _: databases.flush(USER, PROFILE), range(30)))
    assert {future.result(20).conflict for future in futures} == {None}
    assert sorted(rows(machine("other"))) == sorted(["first", *map(str, range(30))])


def test_two_processes_of_one_machine_never_conflict_with_each_other(machine: Machines) -> None:
    """They share the disk, so each sees the other's baseline: memory is not what counts."""
    one, other = machine(), machine()
    for number in range(4):
        write(one, f"one {number}")
        write(other, f"other {number}")
    assert len(rows(machine("third"))) == 8


@pytest.fixture
def sending(
    machine: Machines, unreliable: Unreliable, monkeypatch: pytest.MonkeyPatch
) -> tuple[DatabaseSync, Callable[[], Exchanged]]:
    """A machine with one version in the bucket, and its next uploads, which only begin when the test says so."""
    databases = machine(storage=unreliable, durability=Durability.BACKGROUND)
    write(databases, "goal")
    databases.flush(USER, PROFILE).result(20)
    monkeypatch.setattr(databases._uploads._agenda, "add", lambda *_: None)
    database = databases._find(USER, PROFILE, "database.sqlite").database
    return databases, lambda: databases._access._exchange.push(database)


@pytest.mark.parametrize("answers", [1, 2])
@pytest.mark.parametrize("killed", [False, True])
def test_an_upload_whose_answer_was_lost_is_no_conflict(
    machine: Machines,
    unreliable: Unreliable,
    sending: tuple[DatabaseSync, Callable[[], Exchanged]],
    answers: int,
    *,
    killed: bool,
) -> None:
    """Although there are newer changes by then: the bucket has what this machine has sent, and nobody else's."""
    databases, push = sending
    unreliable.lost = answers
    for number in range(answers):
        write(databases, f"save {number}")
        with pytest.raises(StorageUnavailableError):
            push()
    write(databases, "corner")
    if killed:
        again = machine()
        again.flush(USER, PROFILE).result(20)
        assert again.take_conflict(USER, PROFILE) is None
    else:
        assert push().conflict is None
    assert rows(machine("other")) == ["goal", *(f"save {number}" for number in range(answers)), "corner"]


def test_another_writers_version_on_top_of_an_upload_whose_answer_was_lost_is_one(
    machine: Machines, unreliable: Unreliable, sending: tuple[DatabaseSync, Callable[[], Exchanged]]
) -> None:
    """What is in the bucket is not what this machine has sent."""
    databases, push = sending
    unreliable.lost = 1
    write(databases, "save")
    with pytest.raises(StorageUnavailableError):
        push()
    write(machine("other"), "corner")
    write(databases, "own goal")
    assert push().conflict is not None
    assert rows(machine("third")) == ["goal", "save", "corner"]
