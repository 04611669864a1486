"""A database and the files beside it go together or not at all, and not while a process has it open."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.layout.migrate.local.tree_of_files import PROFILE, Migration, snapshot

HOLD = (
    "import sqlite3, sys, time; base = sqlite3.connect(sys.argv[1]);"
    " base.execute('PRAGMA journal_mode = ' + sys.argv[2]); base.execute('CREATE TABLE IF NOT EXISTS t (x)');"
    " base.execute('INSERT INTO t VALUES (1)'); base.commit(); print('open', flush=True); time.sleep(60)"
)


@contextmanager
def held_open(path: Path, mode: str) -> Iterator[int]:
    """Another process has the database open, between two transactions; gives its number."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path), mode], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"open\n"
            yield process.pid
        finally:
            process.kill()


def new_files(migration: Migration) -> set[str]:
    """Names in the user's new profile."""
    folder = migration.root / "a/profiles" / PROFILE
    return {path.name for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_database_that_is_open_is_refused_by_name(migration: Migration, mode: str) -> None:
    """Also one that has no lock at the time; media are not in its way."""
    path = migration.root / "a/database.sqlite"
    for name in ("a/database.sqlite", "a/database.sqlite-wal"):
        (migration.root / name).unlink()
    with held_open(path, mode) as process:
        assert migration.plan() == {}
        report = migration.copy()
        assert new_files(migration) == {"1.mp4"}
    first = "database.sqlite-wal" if mode == "WAL" else "database.sqlite"
    problem = f"{str(migration.tree.root / 'a' / first)!r} is open in the process {process}: stop it first"
    assert report.errors.first["a/database.sqlite"] == problem
    assert set(report.errors.first.values()) == {problem}


def test_a_database_that_is_opened_after_the_verification_keeps_all_its_old_names(
    migration: Migration,
) -> None:
    """Once it is closed, the next delete goes on."""
    base = migration.root / "a/database.sqlite"
    (migration.root / "a/database.sqlite-wal").unlink()
    base.unlink()
    sqlite3.connect(base).execute("CREATE TABLE t (x)")
    migration.plan()
    migration.copy()
    verdict = migration.verify()
    holder = "import sys, time; f = open(sys.argv[1], 'rb'); print('open', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", holder, str(base)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            report = migration.delete(verdict)
        finally:
            process.kill()
    assert report.kept.first == {
        "a/database.sqlite": f"{str(migration.tree.root / 'a/database.sqlite')!r} is open in the process"
        f" {process.pid}: stop it first"
    }
    assert base.exists()
    assert migration.delete(verdict).removed == 1
    assert not base.exists()


def test_a_database_is_copied_and_never_linked(migration: Migration) -> None:
    """Two names of one database are a way to destroy it: each name would get a journal of its own."""
    migration.plan()
    report = migration.copy()
    assert (report.linked, report.copied) == (1, 2)
    old, new = (migration.root / folder / "database.sqlite" for folder in ("a", f"a/profiles/{PROFILE}"))
    assert not old.samefile(new)
    assert (old.stat().st_mode, old.stat().st_mtime_ns) == (new.stat().st_mode, new.stat().st_mtime_ns)
    assert old.read_bytes() == new.read_bytes()


def test_media_get_a_second_name_and_no_second_body(migration: Migration) -> None:
    """So a tree of any size moves without its size in free space."""
    migration.plan()
    migration.copy()
    assert (migration.root / "a/raw_clips/1.mp4").samefile(
        migration.root / f"a/profiles/{PROFILE}/raw_clips/1.mp4"
    )


def test_a_write_ahead_log_that_came_after_the_plan_stops_its_database(migration: Migration) -> None:
    """The database file alone does not show that it was written: in WAL mode it does not change."""
    (migration.root / "a/database.sqlite-wal").unlink()
    migration.plan()
    (migration.root / "a/database.sqlite-wal").write_bytes(b"newer")
    report = migration.copy()
    assert report.errors.first == {
        "a/database.sqlite": "'database.sqlite-wal' is beside it and not planned with it:"
        " stop what writes to it, and make a new plan"
    }
    assert new_files(migration) == {"1.mp4"}


def test_a_write_ahead_log_at_the_new_path_stops_the_way_back(migration: Migration) -> None:
    """The application has opened the new database, so the old one may lack what was written."""
    migration.plan()
    migration.copy()
    (migration.root / f"a/profiles/{PROFILE}/database.sqlite-journal").write_bytes(b"")
    report = migration.take_back()
    assert set(report.kept.first) == {"a/database.sqlite", "a/database.sqlite-wal"}
    assert "database.sqlite" in new_files(migration)


def test_if_one_file_of_a_database_cannot_be_placed_none_of_them_is(migration: Migration) -> None:
    """What the run had placed of it goes again."""
    migration.plan()
    (migration.root / f"a/profiles/{PROFILE}").mkdir(parents=True)
    (migration.root / f"a/profiles/{PROFILE}/database.sqlite").write_bytes(b"the application made this")
    report = migration.copy()
    assert set(report.errors.first) == {"a/database.sqlite", "a/database.sqlite-wal"}
    assert new_files(migration) == {"1.mp4", "database.sqlite"}


def test_a_log_without_its_database_is_reported(migration: Migration) -> None:
    """Alone it is of no use, and a sign that something is missing."""
    (migration.root / "a/database.sqlite").unlink()
    assert migration.plan() == {
        "a/database.sqlite-wal": "its database 'a/database.sqlite' is not there, or does not move"
    }


def test_databases_wait_for_the_media_that_they_name(migration: Migration) -> None:
    """A database at its new path means that the rest is there."""
    migration.plan()
    os.utime(migration.root / "a/raw_clips/1.mp4", ns=(1, 1))
    report = migration.copy()
    assert (
        report.errors.first["a/database.sqlite"] == "1 media files of its user are not at their new paths yet"
    )
    assert new_files(migration) == set()


def test_a_dry_look_changes_nothing(migration: Migration) -> None:
    """A plan only reads, and looking for locks takes none and leaves no file."""
    before = snapshot(migration.root)
    migration.plan()
    assert snapshot(migration.root) == before
