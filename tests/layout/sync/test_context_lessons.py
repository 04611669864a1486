"""What went wrong with contexts in two applications does not happen here; each test is named after its promise."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING

import pytest

from layout.context import use_profile
from layout.documents.profiles import Profiles
from layout.environment import Environment
from layout.errors import InvalidKeyError, NoProfileError
from layout.keys import profiles_key, r2_key
from layout.sync.location import locate
from layout.sync.recorder import current_recorder
from tests.layout.sync.conftest import KEY, PROFILE, USER, Machines, rows, rows_of, write

if TYPE_CHECKING:
    from pathlib import Path

    from layout.storage.r2_storage import R2Storage


def test_a_contradicting_context_changes_neither_key_nor_file(
    machine: Machines, storage: R2Storage, tmp_path: Path
) -> None:
    """Moving reels to another profile once uploaded the target's database over the source's object."""
    databases = machine()
    with use_profile("bob", "b2c3d4e5"):
        write(databases, "goal")
        databases.flush(USER, PROFILE).result(20)
        assert rows(databases) == ["goal"]
        assert databases.state_of(USER, PROFILE).version == 1
    assert rows_of(storage.get(KEY).body, tmp_path / "x") == ["goal"]
    assert [one.key for one in storage.list_files("dev/users/bob/")] == []
    assert not (tmp_path / "disk" / "bob").exists()


@pytest.mark.parametrize("missing", [None, 7])
def test_a_profile_is_never_taken_from_the_context(missing: object) -> None:
    """Not even if the caller names none."""
    with use_profile(USER, PROFILE), pytest.raises(NoProfileError) as caught:
        locate(USER, missing, "database.sqlite", environment=Environment.DEV, base=None)  # type: ignore[arg-type]
    assert str(caught.value) == f"The profile of a database must be named, not '{missing}'."


@pytest.mark.parametrize("name", ["clips", "clips.sqlite3", "notes/clips.sqlite-wal"])
def test_what_is_synced_has_the_name_of_a_database(name: str) -> None:
    """By its ending it is known everywhere: another could be written over as a file of the profile."""
    with pytest.raises(InvalidKeyError) as caught:
        locate(USER, PROFILE, name, environment=Environment.DEV, base=None)
    assert (str(caught.value), caught.value.hint) == (
        f"The name {name!r} is none of a database.",
        "End it with .sqlite or .db: by that it is kept from being written as a file.",
    )


def test_the_end_of_a_request_restores_what_was_there(machine: Machines) -> None:
    """Also inside another one, and where there was none."""
    databases = machine()
    with databases.recording() as outer:
        with databases.recording() as inner:
            assert current_recorder() is inner
        assert current_recorder() is outer
    assert current_recorder() is None


def test_a_write_to_somebody_elses_database_is_uploaded(
    machine: Machines, storage: R2Storage, tmp_path: Path
) -> None:
    """A grant of credits vanished, since only the session user's database was synced."""
    storage.create(profiles_key("bob", environment=Environment.DEV), Profiles.first("b2c3d4e5").to_json())
    databases = machine()
    with databases.recording() as recorder:
        write(databases, "goal")
        with databases.connection("bob", "b2c3d4e5") as connection:
            connection.execute("CREATE TABLE clips (name TEXT)")
            connection.execute("INSERT INTO clips VALUES ('400 credits')")
        assert [one.user_id for one in recorder.written] == [USER, "bob"]
        for future in recorder.flush():
            future.result(20)
    key = r2_key("bob", "database.sqlite", "b2c3d4e5", environment=Environment.DEV)
    assert rows_of(storage.get(key).body, tmp_path / "x") == ["400 credits"]


def test_a_write_in_a_copied_context_and_in_a_thread_reaches_the_middleware(machine: Machines) -> None:
    """The flag of one framework's handlers never did."""
    databases = machine()
    with databases.recording() as recorder:
        contextvars.copy_context().run(write, databases, "in a copy")
        context = contextvars.copy_context()
        thread = threading.Thread(target=lambda: context.run(write, databases, "in a thread"))
        thread.start()
        thread.join()
        assert [str(one) for one in recorder.written] == [str(KEY)]
        (future,) = recorder.flush()
        assert future.result(20).version == 1
    assert rows(databases) == ["in a copy", "in a thread"]


def test_a_recorder_can_be_passed_by_hand(machine: Machines) -> None:
    """It wins over the current one."""
    databases = machine()
    with databases.recording() as recorder, databases.recording() as current:
        write(databases, "goal", recorder=recorder)
        assert (len(recorder.written), len(current.written)) == (1, 0)
