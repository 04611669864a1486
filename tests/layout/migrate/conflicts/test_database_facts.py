"""What a database holds, also one that is damaged or made to harm."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING

from layout.migrate.conflicts.database_facts import DatabaseFacts, read_database
from tests.data.flat_bucket.databases import build_database

if TYPE_CHECKING:
    from pathlib import Path


def make(path: Path, *statements: str) -> Path:
    """A database that these statements made."""
    with closing(sqlite3.connect(path)) as database, database:
        for statement in statements:
            database.execute(statement)
    return path


def test_tables_rows_and_versions_are_read(tmp_path: Path) -> None:
    """Of a database as the old application wrote it, in write-ahead-log mode; nothing is left beside it."""
    path = tmp_path / "a.sqlite"
    path.write_bytes(build_database({"games": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]}, version=7))
    facts = read_database(path)
    assert (facts.tables["games"], facts.rows, facts.db_version, facts.fault) == (2, 2, 7, "")
    assert facts.user_version
    assert [found.name for found in tmp_path.iterdir()] == ["a.sqlite"]


def test_what_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    """Another kind of file, an empty one, and one that is cut off in its header."""
    for number, body in enumerate((b"not SQLite at all", b"", b"SQLite form")):
        path = tmp_path / str(number)
        path.write_bytes(body)
        assert read_database(path) == DatabaseFacts(fault="it is no SQLite database")


def test_a_damaged_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    """A page in the middle is overwritten; what can still be read is told."""
    path = make(
        tmp_path / "a", "CREATE TABLE t (x)", "CREATE TABLE u (x)", "INSERT INTO t VALUES (zeroblob(9000))"
    )
    body = bytearray(path.read_bytes())
    body[4096:4196] = b"\xff" * 100
    path.write_bytes(body)
    assert read_database(path).fault.startswith(("it is damaged: ", "it cannot be read: "))


def test_strange_names_and_many_tables_are_counted(tmp_path: Path) -> None:
    """Quotes in a name, views that call functions, and more tables than are shown."""
    odd = 'a"; DROP TABLE t; --'
    many = [f"CREATE TABLE many_{number} (x)" for number in range(120)]
    quoted = odd.replace('"', '""')
    path = make(
        tmp_path / "a", f'CREATE TABLE "{quoted}" (x)', "CREATE VIEW v AS SELECT load_extension('x')", *many
    )
    facts = read_database(path)
    assert (facts.tables[odd], facts.tables_total, len(facts.tables), facts.fault) == (0, 121, 100, "")


def test_a_database_that_keeps_sqlite_busy_is_given_up(tmp_path: Path) -> None:
    """A clock that runs ahead stands for ten seconds."""
    path = make(
        tmp_path / "a",
        "CREATE TABLE t (x)",
        "INSERT INTO t WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 100000) SELECT x FROM n",
    )
    clock = count(step=100)
    assert read_database(path, lambda: next(clock)) == DatabaseFacts(fault="it cannot be read: interrupted")
