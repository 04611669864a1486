"""The synced databases of a machine, for an operator."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.command.main import main
from layout.documents.profiles import Profiles
from layout.environment import Environment
from layout.keys import profiles_key, r2_key
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import load_settings
from layout.sync.database_sync import DatabaseSync
from tests.operator_environment import become_operator

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

KEY = r2_key("anna", "database.sqlite", "a1b2c3d4", environment=Environment.DEV)
WHICH = ("--user", "anna", "--profile", "a1b2c3d4")


@pytest.fixture
def storage(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> R2Storage:
    """The bucket of an operator whose current folder is the machine's."""
    become_operator(cloudflare, bucket, monkeypatch, tmp_path)
    storage = R2Storage(load_settings())
    key = profiles_key("anna", environment=Environment.DEV)
    storage.create(key, Profiles.first("a1b2c3d4").to_json())
    return storage


def write(storage: R2Storage, text: str, base: str = "user_data", keep: int = 0) -> None:
    """An application that starts, writes a row and ends."""
    with (
        DatabaseSync(storage, profiles=ProfileStore(storage), base=base, keep=keep) as databases,
        databases.connection("anna", "a1b2c3d4") as connection,
    ):
        connection.execute("CREATE TABLE IF NOT EXISTS clips (name TEXT)")
        connection.execute("INSERT INTO clips VALUES (?)", (text,))


def change(text: str) -> None:
    """A change that was never uploaded."""
    with (
        closing(sqlite3.connect("user_data/anna/profiles/a1b2c3d4/database.sqlite")) as connection,
        connection,
    ):
        connection.execute("INSERT INTO clips VALUES (?)", (text,))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Status and what was printed."""
    status = main(["sync", *words])
    printed = capsys.readouterr()
    return status, printed.out + printed.err


def test_without_databases_there_is_nothing_to_show(
    storage: R2Storage, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing to do."""
    assert storage
    for command in ("status", "push", "pull"):
        assert run(capsys, command) == (0, "This machine has no synced database.\n")


def test_status_asks_the_bucket_nothing(
    storage: R2Storage, cloudflare: LocalCloudflare, capsys: pytest.CaptureFixture[str]
) -> None:
    """It compares contents."""
    write(storage, "goal")
    before = max(one.number for one in cloudflare.s3.requests)
    line = f"same          {KEY}: as in the bucket when it was asked last, version 1\n"
    assert run(capsys, "status") == (0, line)
    change("save")
    line = f"changed       {KEY}: changed here; waits for its upload, version 1\n"
    assert run(capsys, "status") == (3, line)
    status, text = run(capsys, "status", *WHICH, "--json")
    assert (status, json.loads(text)["databases"]) == (
        3,
        [
            {
                "database": str(KEY),
                "user": "anna",
                "profile": "a1b2c3d4",
                "name": "database.sqlite",
                "outcome": "changed",
                "told": "changed here; waits for its upload",
                "version": 1,
            }
        ],
    )
    assert cloudflare.s3.requests.after(before) == []


def test_push_uploads_what_waits(storage: R2Storage, capsys: pytest.CaptureFixture[str]) -> None:
    """After a dry run."""
    write(storage, "goal")
    change("save")
    before = storage.get(KEY)
    told = f"would upload  {KEY}: it would be uploaded. Add --execute, version 1\n"
    assert run(capsys, "push") == (0, told)
    assert storage.get(KEY) == before
    assert run(capsys, "push", "--execute") == (0, f"uploaded      {KEY}: done, version 2\n")
    assert storage.get(KEY).metadata["db-version"] == "2"
    line = f"same          {KEY}: as in the bucket when it was asked last, version 2\n"
    assert run(capsys, "push", "--execute") == (0, line)


def test_push_reports_a_conflict_and_keeps_both(
    storage: R2Storage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 3: somebody must make the change again."""
    write(storage, "goal")
    change("save")
    write(storage, "corner", base="other_machine")
    status, text = run(capsys, "push", "--execute")
    assert status == 3
    assert text.startswith(
        f"conflict      {KEY}: The database {str(KEY)!r} was changed by another writer: version 2"
    )
    assert run(capsys, "status")[0] == 0
    status, text = run(capsys, "restore", *WHICH, "--list")
    assert status == 0
    assert "-conflict-v2-" in text


def test_pull_fetches_what_is_newer(storage: R2Storage, capsys: pytest.CaptureFixture[str]) -> None:
    """After a dry run, which asks for no body."""
    write(storage, "goal")
    assert run(capsys, "pull") == (0, f"same          {KEY}: the bucket has no newer one, version 1\n")
    write(storage, "save", base="other_machine")
    size = storage.get_object_info(KEY).size
    line = f"would fetch   {KEY}: the bucket's version would be fetched, {size:,} bytes. Add --execute, version 1\n"
    assert run(capsys, "pull") == (0, line)
    assert run(capsys, "pull", "--execute") == (0, f"fetched       {KEY}: done, version 2\n")


def test_pull_does_not_give_up_a_change(storage: R2Storage, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what to do."""
    write(storage, "goal")
    change("save")
    line = (
        f"refused       {KEY}: a change waits here. Push it first: if the bucket has a newer version, it is kept in"
        " the backups, version 1\n"
    )
    assert run(capsys, "pull", "--execute") == (3, line)


def test_pull_of_what_the_bucket_does_not_have_makes_nothing(
    storage: R2Storage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even an empty file."""
    assert storage
    assert run(capsys, "pull", *WHICH, "--execute") == (3, f"missing       {KEY}: the bucket has none\n")
    assert not Path("user_data").exists()


def test_a_damaged_copy_is_told(storage: R2Storage, capsys: pytest.CaptureFixture[str]) -> None:
    """With the way out; the others are done all the same."""
    write(storage, "goal")
    Path("user_data/anna/profiles/a1b2c3d4/database.sqlite").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    for command in ("status", "push", "pull"):
        status, text = run(capsys, command)
        assert status == 1
        assert text.startswith(f"error         {KEY}: The database '")
        assert text.endswith("is moved away by hand; the next access fetches the bucket's version.\n")


def test_restore_brings_a_version_back(storage: R2Storage, capsys: pytest.CaptureFixture[str]) -> None:
    """Listed, tried, done."""
    assert run(capsys, "restore", *WHICH) == (0, f"Nothing of {str(KEY)!r} is set aside.\n")
    write(storage, "goal")
    write(storage, "save", keep=3)
    status, text = run(capsys, "restore", *WHICH, "--list", "--json")
    (backup,) = json.loads(text)["backups"]
    assert (status, backup["why"], backup["version"]) == (0, "replaced", 1)
    name = backup["name"]
    told = f"{name} would be the newest version of {KEY}. Add --execute.\n"
    assert run(capsys, "restore", *WHICH, "--backup", name) == (0, told)
    status, text = run(capsys, "restore", *WHICH, "--backup", name, "--execute", "--json")
    restored = json.loads(text)
    assert (status, restored["version"]) == (0, 3)
    assert storage.get(KEY).metadata["db-version"] == "3"
    assert "-restored-v2-" in restored["kept"]


def test_questions_that_do_not_go_together_are_usage_errors(
    storage: R2Storage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with what to do."""
    assert storage
    assert run(capsys, "status", "--user", "anna") == (
        2,
        "Error: The options --user and --profile go together.\nTry: Give both, or neither.\n",
    )
    told = (
        f"Error: There is no backup 'x' of {str(KEY)!r}.\n"
        "Try: See which there are: r2-layout sync restore --user anna --profile a1b2c3d4 --name database.sqlite"
        " --list\n"
    )
    assert run(capsys, "restore", *WHICH, "--backup", "x") == (2, told)
