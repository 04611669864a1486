"""Plan files: what opens, what does not, and what is said about it."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from layout.environment import Environment
from layout.errors import PlanError
from layout.migrate import PlanFile, PlanMeta
from layout.storage.settings import StorageSettings

SETTINGS = StorageSettings.model_validate(
    {
        "endpoint": "http://127.0.0.1:1",
        "bucket": "videos",
        "access_key_id": "id",
        "secret_access_key": "secret",
    }
)
NEW_PLAN = "Make one: r2-layout migrate plan flat --plan FILE"


def meta(**changes: object) -> PlanMeta:
    """Facts of a plan for the bucket `videos`."""
    return PlanMeta.new("flat", SETTINGS, Environment.DEV).model_copy(update=changes)


def refused(path: Path, **arguments: bool) -> tuple[str, str | None]:
    """Message and hint of the error that opening gives."""
    with pytest.raises(PlanError) as caught:
        PlanFile.open(path, **arguments)
    return str(caught.value), caught.value.hint


def test_a_plan_is_one_file_after_it_was_closed(tmp_path: Path) -> None:
    """Nothing beside it has to travel with it from job to job."""
    with PlanFile.open_or_create(tmp_path / "plan.sqlite", meta()) as plan, plan.transaction():
        plan.note(listed_to="a/b")
    assert [path.name for path in tmp_path.iterdir()] == ["plan.sqlite"]
    with PlanFile.open(tmp_path / "plan.sqlite") as plan:
        assert plan.meta.listed_to == "a/b"


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """All of it or nothing of it."""
    with PlanFile.open_or_create(tmp_path / "plan.sqlite", meta()) as plan:
        with pytest.raises(sqlite3.IntegrityError), plan.transaction() as database:
            database.executemany("INSERT INTO users (owner) VALUES (?)", [("a",), ("a",)])
        assert plan.value("SELECT count(*) FROM users") == 0


def test_a_missing_plan(tmp_path: Path) -> None:
    """The error says how to make one."""
    path = tmp_path / "none.sqlite"
    assert refused(path) == (f"There is no plan file {str(path)!r}.", NEW_PLAN)


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be looked at as one" * 4, b"x"])
def test_a_file_that_is_no_plan(tmp_path: Path, content: bytes) -> None:
    """Other files are recognised and not written to."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    expected = (f"The file {str(path)!r} is not a migration plan.", "Name the plan file with --plan.")
    assert refused(path) == expected
    assert refused(path, writable=True) == expected
    assert path.read_bytes() == content


def test_a_database_of_something_else(tmp_path: Path) -> None:
    """A SQLite file without the mark of a plan is refused."""
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE meta (id, facts)")
    database.close()
    assert refused(path)[0] == f"The file {str(path)!r} is not a migration plan."


def test_a_plan_of_another_format(tmp_path: Path) -> None:
    """A plan that a newer version made is not guessed at."""
    path = tmp_path / "plan.sqlite"
    with PlanFile.open_or_create(path, meta()) as plan:
        plan.database.execute("PRAGMA user_version = 10")
    assert refused(path) == (
        f"The plan {str(path)!r} has the format 10, and this version reads 9.",
        "Use the version that made it, or make a new plan.",
    )


def test_a_damaged_plan(tmp_path: Path) -> None:
    """Facts that are not those of a plan are refused."""
    path = tmp_path / "plan.sqlite"
    with PlanFile.open_or_create(path, meta()) as plan, plan.transaction() as database:
        database.execute("""UPDATE meta SET facts = '{"format": 1}'""")
    assert refused(path) == (f"The plan {str(path)!r} is damaged: Field required.", "Make a new plan.")


def test_an_unfinished_plan(tmp_path: Path) -> None:
    """Commands that act on a plan want all of it."""
    path = tmp_path / "plan.sqlite"
    PlanFile.open_or_create(path, meta()).close()
    assert refused(path, finished=True) == (
        f"The plan {str(path)!r} is not finished.",
        f"Finish it: r2-layout migrate plan flat --plan {path}",
    )


def test_a_plan_of_a_killed_run(tmp_path: Path) -> None:
    """A command that only reads cannot undo the half of a transaction; one that writes does."""
    path, copy = tmp_path / "plan.sqlite", tmp_path / "copy.sqlite"
    with PlanFile.open_or_create(path, meta()) as plan:
        plan.database.execute("PRAGMA cache_size = 1")
        with plan.transaction() as database:
            users = [(str(number) * 50,) for number in range(2_000)]
            database.executemany("INSERT INTO users (owner) VALUES (?)", users)
            shutil.copyfile(path, copy)
            shutil.copyfile(f"{path}-journal", f"{copy}-journal")
    assert refused(copy) == (
        f"The plan {str(copy)!r} was left in the middle of a write, by a run that was killed.",
        "Finish that run first: the same command, with the file that ends in -journal beside it.",
    )
    with PlanFile.open(copy, writable=True) as plan:
        assert plan.value("SELECT count(*) FROM users") == 0
    PlanFile.open(copy).close()


def test_two_processes_cannot_write_one_plan(tmp_path: Path) -> None:
    """The second one is told, and the lock ends with the first."""
    path = tmp_path / "plan.sqlite"
    PlanFile.open_or_create(path, meta()).close()
    with PlanFile.open(path, writable=True) as first:
        with first.transaction():
            first.note(verification=1)
        expected = (f"Another process is working on the plan {str(path)!r}.", "Wait until it has ended.")
        assert refused(path, writable=True) == expected
    PlanFile.open(path, writable=True).close()


@pytest.mark.parametrize(
    ("changes", "difference", "setting"),
    [
        ({"bucket": "other"}, "the bucket 'videos', not 'other'", "R2_BUCKET"),
        (
            {"endpoint": "http://127.0.0.1:2"},
            "the endpoint 'http://127.0.0.1:1', not 'http://127.0.0.1:2'",
            "R2_ENDPOINT and CLOUDFLARE_ACCOUNT_ID",
        ),
        ({"environment": Environment.PROD}, "the environment 'dev', not 'prod'", "APP_ENV or --env"),
        ({"layout": "scenes"}, "the layout 'flat', not 'scenes'", "the name of the layout"),
    ],
)
def test_a_plan_about_something_else(
    tmp_path: Path, changes: dict[str, object], difference: str, setting: str
) -> None:
    """Planning into the file of another plan is refused, and the plan is as it was."""
    path = tmp_path / "plan.sqlite"
    PlanFile.open_or_create(path, meta()).close()
    before = path.read_bytes()
    with pytest.raises(PlanError) as caught:
        PlanFile.open_or_create(path, meta(**changes))
    assert str(caught.value) == f"The plan {str(path)!r} is about {difference}."
    assert caught.value.hint == f"Check {setting}, or name another plan file."
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A plan is not put into a folder made on the way: a mistyped path would hide it."""
    folder = tmp_path / "none"
    with pytest.raises(PlanError) as caught:
        PlanFile.open_or_create(folder / "plan.sqlite", meta())
    assert str(caught.value) == f"There is no folder {str(folder)!r} to put the plan into."
    assert caught.value.hint == "Make it, or name another file."


def test_a_full_disk_is_one_clear_error_and_loses_nothing(tmp_path: Path) -> None:
    """SQLite rolls back by itself then; with room again the plan goes on from what was whole."""
    path = tmp_path / "plan.sqlite"
    with PlanFile.open_or_create(path, meta()) as plan:
        with plan.transaction():
            plan.note(listed_to="before")
        pages = plan.value("PRAGMA page_count")
        plan.value(f"PRAGMA max_page_count = {pages + 1}")
        users = [(str(number) * 50,) for number in range(2_000)]
        with pytest.raises(PlanError) as caught, plan.transaction() as database:
            database.executemany("INSERT INTO users (owner) VALUES (?)", users)
        assert str(caught.value) == f"The plan {str(path)!r} cannot be used: database or disk is full."
        assert caught.value.hint == "Check the path, its rights and the free space."
        plan.value("PRAGMA max_page_count = 100000")
        with plan.transaction():
            plan.note(verification=1)
    with PlanFile.open(path) as plan:
        assert (plan.meta.listed_to, plan.meta.verification) == ("before", 1)
        assert plan.value("SELECT count(*) FROM users") == 0
