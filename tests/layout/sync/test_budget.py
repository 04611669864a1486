"""What an access costs in requests: the log of the bucket counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.layout.sync.conftest import KEY, PROFILE, USER, Asked, Machines, rows, write

if TYPE_CHECKING:
    from layout.storage.r2_storage import R2Storage


def test_a_writing_request_costs_one_upload_and_a_reading_one_nothing(
    machine: Machines, asked: Asked
) -> None:
    """The first write of a new database asks the registry too: nothing of a deleted profile is made."""
    databases = machine()
    write(databases, "goal")
    new = ["GetObject database.sqlite", "GetObject profiles.json"]
    assert asked.look() == [*new, "GetObject profiles.json", "PutObject database.sqlite"]
    assert rows(databases) == ["goal"]
    assert asked.look() == []
    write(databases, "save")
    assert asked.look() == ["PutObject database.sqlite"]


def test_a_cold_start_costs_one_request(machine: Machines, asked: Asked) -> None:
    """On an empty disk, and with a copy that is known; then nothing."""
    write(machine(), "goal")
    asked.look()
    for disk in ("empty", "disk"):
        databases = machine(disk)
        assert rows(databases) == ["goal"]
        assert rows(databases) == ["goal"]
        assert asked.look() == ["GetObject database.sqlite"]


def test_several_connections_of_one_request_cost_one_upload(machine: Machines, asked: Asked) -> None:
    """The recorder uploads in the end."""
    databases = machine()
    write(databases, "goal")
    asked.look()
    with databases.recording() as recorder:
        for text in ("save", "corner"):
            write(databases, text)
        assert rows(databases) == ["goal", "save", "corner"]
        assert asked.look() == []
        (future,) = recorder.flush()
        assert future.result(20).version == 2
    assert asked.look() == ["PutObject database.sqlite"]


def test_a_checkpoint_is_no_write(machine: Machines, asked: Asked) -> None:
    """It moves data_version, and no content."""
    databases = machine()
    with databases.connection(USER, PROFILE) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    write(databases, "goal")
    asked.look()
    with databases.connection(USER, PROFILE) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert asked.look() == []


def test_a_rolled_back_request_costs_nothing(machine: Machines, asked: Asked, storage: R2Storage) -> None:
    """And its error is the handler's."""
    databases = machine()
    write(databases, "goal")
    before = storage.get(KEY)
    asked.look()

    def handler() -> None:
        with databases.connection(USER, PROFILE) as connection:
            connection.execute("INSERT INTO clips VALUES ('save')")
            raise LookupError("of the handler")

    with pytest.raises(LookupError):
        handler()
    assert asked.look() == []
    assert storage.get(KEY) == before
