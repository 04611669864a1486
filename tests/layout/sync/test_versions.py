"""The version of a database: read and written on where the old application has it, and never what decides."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from layout.errors import DatabaseConflictError, StorageError
from layout.sync.snapshot import check_file, content_hash, take_snapshot, version_in, with_version
from tests.data.flat_bucket.databases import build_database
from tests.layout.sync.conftest import KEY, PROFILE, USER, Machines, rows, write

if TYPE_CHECKING:
    from pathlib import Path

    from layout.storage.r2_storage import R2Storage

TABLES = {"games": [{"id": 1, "name": "a"}]}


def inside(image: bytes) -> list[tuple[object, ...]]:
    """The rows of the version's table."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(image)
        return database.execute("SELECT * FROM db_version").fetchall()


def test_the_old_applications_version_is_read_and_written_on(machine: Machines, storage: R2Storage) -> None:
    """In the metadata, spelled as it spells it, and in its table; its copy is in write-ahead-log mode."""
    storage.put(KEY, build_database(TABLES, version=57), metadata={"db-version": "57"})
    databases = machine()
    assert databases.prepare(USER, PROFILE).version == 57
    write(databases, "goal")
    found = storage.get(KEY)
    assert (found.metadata["db-version"], inside(found.body)) == ("58", [(1, 58)])
    with databases.connection(USER, PROFILE) as connection:
        assert connection.execute("SELECT name FROM games").fetchall() == [("a",)]


@pytest.mark.parametrize(
    ("metadata", "version"), [({}, 57), ({"db-version": "60"}, 60), ({"db-version": "x"}, 57)]
)
def test_a_version_that_the_old_application_left_out_or_raised_alone_is_no_obstacle(
    machine: Machines, storage: R2Storage, metadata: dict[str, str], version: int
) -> None:
    """Its scripts wrote none; the ETag decides, so none is needed."""
    storage.put(KEY, build_database(TABLES, version=57), metadata=metadata)
    databases = machine()
    assert databases.prepare(USER, PROFILE).version == version
    write(databases, "goal")
    assert storage.get(KEY).metadata["db-version"] == str(version + 1)


def test_an_object_of_several_parts_is_fetched(machine: Machines, storage: R2Storage, bucket: str) -> None:
    """Its ETag is no hash of its bytes."""
    client = storage.client
    body = build_database(TABLES, version=57)
    names = {"Bucket": bucket, "Key": str(KEY)}
    upload = client.create_multipart_upload(**names)["UploadId"]  # type: ignore[arg-type]
    part = client.upload_part(**names, UploadId=upload, PartNumber=1, Body=body)  # type: ignore[arg-type]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    client.complete_multipart_upload(**names, UploadId=upload, MultipartUpload=parts)  # type: ignore[arg-type]
    assert machine().prepare(USER, PROFILE).version == 57


def test_other_bytes_under_a_written_version_are_refused(machine: Machines, storage: R2Storage) -> None:
    """Stale bytes under a new version are worse than no upload, since everybody trusts them."""
    write(machine("one"), "goal")
    stale = storage.get(KEY)
    storage.replace(KEY, stale.body, stale.e_tag, metadata={**stale.metadata, "db-version": "2"})
    with pytest.raises(StorageError) as caught:
        machine("other").prepare(USER, PROFILE)
    assert (
        str(caught.value)
        == f"The database {str(KEY)!r} says that it is version 2, and inside it is version 1."
    )


def test_an_equal_number_of_two_machines_is_no_equality(machine: Machines) -> None:
    """Both would publish version 2."""
    one, other = machine("one"), machine("other")
    write(one, "goal")
    rows(other)
    write(one, "save")
    assert one.state_of(USER, PROFILE).version == 2
    with pytest.raises(DatabaseConflictError):
        write(other, "corner")


def test_the_version_is_never_written_into_the_open_database(machine: Machines) -> None:
    """An application would find a table there that it has not made."""
    databases = machine()
    write(databases, "goal")
    with databases.connection(USER, PROFILE) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("clips",)]


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["CREATE TABLE db_version (version INTEGER)"], [(7,)]),
        (["CREATE TABLE db_version (version INTEGER)", "INSERT INTO db_version VALUES (3)"], [(7,)]),
        (
            ["CREATE TABLE db_version (version TEXT, by TEXT)", "INSERT INTO db_version VALUES ('a', 'b')"],
            [("a", "b")],
        ),
        (
            ["CREATE TABLE db_version (version INTEGER)", "INSERT INTO db_version VALUES (1), (2)"],
            [(1,), (2,)],
        ),
    ],
)
def test_a_table_of_that_name_that_is_something_else_is_left_as_it_is(
    tmp_path: Path, statements: list[str], expected: list[tuple[object, ...]]
) -> None:
    """The version is in the metadata alone then."""
    with closing(sqlite3.connect(tmp_path / "x")) as database, database:
        for statement in statements:
            database.execute(statement)
    assert inside(with_version(take_snapshot(tmp_path / "x").image, 7)) == expected


@pytest.mark.parametrize("page_size", [512, 4096, 65536])
def test_a_snapshot_has_any_page_size(tmp_path: Path, page_size: int) -> None:
    """And what comes back has the same content."""
    path = tmp_path / "x"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"PRAGMA page_size = {page_size}")
        database.execute("CREATE TABLE clips (name TEXT)")
        database.executemany("INSERT INTO clips VALUES (?)", [(str(number) * 20,) for number in range(500)])
    taken = take_snapshot(path)
    (tmp_path / "copy").write_bytes(taken.image)
    assert take_snapshot(tmp_path / "copy").sha256 == taken.sha256
    (tmp_path / "copy").write_bytes(with_version(taken.image, 7))
    assert check_file(tmp_path / "copy") == 7


def test_what_is_counted_but_no_content_changes_no_hash(tmp_path: Path) -> None:
    """The journal mode, the change counter; a rolled-back write too."""
    path = tmp_path / "x"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("CREATE TABLE clips (name TEXT)")
        before = take_snapshot(path).sha256
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("INSERT INTO clips VALUES ('a')")
        changed = take_snapshot(path)
        database.execute("UPDATE clips SET name = 'a'")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert take_snapshot(path).sha256 == changed.sha256 == content_hash(changed.image)
        assert before != changed.sha256


@pytest.mark.parametrize(
    "statement",
    ["PRAGMA user_version = 7", "CREATE TABLE games (name TEXT)", "UPDATE clips SET name = 'own goal'"],
)
def test_every_kind_of_commit_is_a_write(machine: Machines, storage: R2Storage, statement: str) -> None:
    """total_changes misses the first two."""
    databases = machine()
    write(databases, "goal")
    with databases.connection(USER, PROFILE) as connection:
        connection.execute(statement)
    assert storage.get(KEY).metadata["db-version"] == "2"


def test_a_file_without_a_version_has_none(tmp_path: Path) -> None:
    """None, not 0: a version is the larger of two, and what is missing is not the oldest."""
    with closing(sqlite3.connect(tmp_path / "x")) as database:
        assert version_in(database) is None
