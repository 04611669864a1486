"""Conflicts are decided by rules; the object that loses is in the backups before anything replaces it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.migrate import PlanFile
from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.data.flat_bucket.databases import build_database
from tests.scripts.migration import Operator, operator_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_cloudflare.cloudflare import LocalCloudflare

KEY = "anna/raw_clips/1.mp4"
REGISTRY = b'{"default": "0a0a0a0a", "profiles": {"0a0a0a0a": {"name": null}}}'
NEW_KEY = "dev/users/anna/profiles/0a0a0a0a/raw_clips/1.mp4"
DATABASE = "anna/database.sqlite"
NEW_DATABASE = "dev/users/anna/profiles/0a0a0a0a/database.sqlite"


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Operator]:
    """The operator of a bucket in which the new code wrote an object before it was migrated."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    operator.put("dev/users/anna/profiles.json", REGISTRY, ContentType="application/json")
    operator.put("anna/database.sqlite", b"SQLite format 3")
    operator.put(KEY, b"old bytes", Metadata={"of": "the old one"})
    operator.put(NEW_KEY, b"new", Metadata={"of": "the new one"})
    yield operator
    cloudflare.s3.faults.clear()


def rule(action: str) -> str:
    """Writes a rule file about the object and names it."""
    text = f'objects = [\n  {{ key = "{KEY}", action = "{action}", reason = "looked at both" }},\n]\n'
    Path("r.toml").write_text(text, encoding="utf-8")
    return "r.toml"


def backups(operator: Operator) -> dict[str, bytes]:
    """What lies in the backups, by key."""
    return {key: operator.body(key) for key in operator.listed() if key.startswith("dev/backups/")}


def plan_id(operator: Operator) -> str:
    """Of the plan in force."""
    with PlanFile.open(Path(operator.plan)) as plan:
        return plan.meta.plan_id


@pytest.mark.parametrize("parts", [False, True], ids=["at once", "in parts"])
def test_take_source_replaces_what_is_there_after_a_backup(operator: Operator, *, parts: bool) -> None:
    """To the end: the old bytes and metadata are at the new key, and what they replaced is a backup."""
    if parts:
        operator.put_in_parts(NEW_KEY, b"new", Metadata={"of": "the new one"})
    assert operator.run("plan")[0] == 3
    operator.new_plan()
    status, out, err = operator.run("plan", "--rules", rule("take source"))
    assert status == 0, err
    assert f"  line 2: 1 objects, take source '{KEY}': looked at both" in out.splitlines()
    assert backups(operator) == {}
    assert operator.statuses("copy", "verify", "mark", "delete") == [0, 0, 0, 0]
    assert (operator.body(NEW_KEY), operator.metadata(NEW_KEY)) == (b"old bytes", {"of": "the old one"})
    backup = f"dev/backups/replaced/{plan_id(operator)}/{NEW_KEY.removeprefix('dev/')}"
    assert backups(operator) == {backup: b"new"}
    assert operator.metadata(backup) == {"of": "the new one"}
    assert operator.old_keys() == []


def test_take_destination_sets_the_old_object_aside(operator: Operator) -> None:
    """To the end: the new object stays as it is, and the old one is a backup before its key is deleted."""
    assert operator.run("plan", "--rules", rule("take destination"))[0] == 0
    assert operator.statuses("copy", "verify", "mark", "delete") == [0, 0, 0, 0]
    assert (operator.body(NEW_KEY), operator.metadata(NEW_KEY)) == (b"new", {"of": "the new one"})
    assert backups(operator) == {f"dev/backups/replaced/{plan_id(operator)}/flat/{KEY}": b"old bytes"}
    assert operator.old_keys() == []


@pytest.mark.parametrize("action", ["take source", "take destination"])
def test_a_rule_about_a_conflict_leaves_other_objects_to_the_layout(operator: Operator, action: str) -> None:
    """Where the new key is free, or holds the same object, there is nothing to decide."""
    operator.delete(NEW_KEY)
    status, out, _ = operator.run("plan", "--rules", rule(action))
    assert status == 0
    assert f"  line 2: 0 objects, {action} '{KEY}': looked at both" in out.splitlines()
    assert operator.statuses("copy", "verify", "mark", "delete") == [0, 0, 0, 0]
    assert operator.body(NEW_KEY) == b"old bytes"
    assert backups(operator) == {}


def test_what_was_written_after_the_decision_is_not_replaced(operator: Operator) -> None:
    """The rule was about the version that the plan saw: a later one is a conflict again."""
    operator.run("plan", "--rules", rule("take source"))
    operator.put(NEW_KEY, b"newer still")
    status, out, _ = operator.run("copy")
    assert status == 3
    assert f"another object is at {NEW_KEY}: 11 bytes" in out
    assert operator.body(NEW_KEY) == b"newer still"
    assert backups(operator) == {}


def test_nothing_is_replaced_while_its_backup_is_another_object(operator: Operator) -> None:
    """A backup that cannot be trusted stops the replacing of its object, not the rest."""
    operator.run("plan", "--rules", rule("take source"))
    operator.put(f"dev/backups/replaced/{plan_id(operator)}/{NEW_KEY.removeprefix('dev/')}", b"???")
    status, _, err = operator.run("copy")
    backup = f"dev/backups/replaced/{plan_id(operator)}/{NEW_KEY.removeprefix('dev/')}"
    assert (status, err) == (
        1,
        (
            f"Error: The backup {backup!r} is not the same as the object {NEW_KEY!r} that was to be replaced.\n"
            "Try: Nothing was replaced. Look at both; a new plan makes a backup at another key.\n"
        ),
    )
    assert operator.body(NEW_KEY) == b"new"


@pytest.mark.parametrize(
    "fault",
    [
        FaultRule(FaultAction.ERROR_AFTER, operation="CopyObject", times=2),
        FaultRule(FaultAction.RESET_AFTER, operation="CopyObject", times=3),
        FaultRule(FaultAction.ERROR_BEFORE, operation="HeadObject", times=2),
    ],
    ids=["lost answers", "resets", "busy"],
)
def test_a_replacement_survives_lost_answers(
    cloudflare: LocalCloudflare, operator: Operator, fault: FaultRule
) -> None:
    """The backup and the replacement are recognised when the bucket is asked again."""
    operator.run("plan", "--rules", rule("take source"))
    cloudflare.s3.faults.add(fault)
    operator.run("copy")
    cloudflare.s3.faults.clear()
    assert operator.statuses("copy", "verify") == [0, 0]
    assert operator.body(NEW_KEY) == b"old bytes"
    assert list(backups(operator).values()) == [b"new"]


def put_databases(operator: Operator, new: bytes) -> None:
    """The old database with two games, and another one at its new key."""
    old = build_database({"games": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]}, version=7)
    operator.put(DATABASE, old, ContentType="application/x-sqlite3", Metadata={"db-version": "7"})
    operator.put(NEW_DATABASE, new, ContentType="application/x-sqlite3", Metadata={"db-version": "1"})
    operator.delete(NEW_KEY)


def test_a_conflict_of_databases_is_shown_with_what_they_hold(operator: Operator) -> None:
    """Side by side in plan, explain and the suggestion; an empty one that new code made is called so."""
    put_databases(operator, build_database({}, version=1))
    status, out, _ = operator.run("plan", "--suggest", "suggested.toml")
    assert status == 3
    lines = out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("  conflict  "))
    old, new, verdict = lines[start + 1 : start + 4]
    assert old.startswith("            old: ")
    assert "application/x-sqlite3; db-version: 7; SQLite, " in old
    assert " 2 rows (games 2, " in old
    assert "db_version 7" in old
    assert " 0 rows (" in new
    assert (
        verdict == "            the new database has no rows: new code made it before the old one was moved"
    )
    _, explained, _ = operator.run("explain", DATABASE)
    assert old.strip() in explained
    suggested = Path("suggested.toml").read_text(encoding="utf-8").splitlines()
    assert f"  # {old.strip()}" in suggested
    taking = "the new database has no rows; a backup is made of it"
    rule_line = f'# {{ key = "{DATABASE}", action = "take source", reason = "{taking}" }},'
    assert rule_line in suggested
    data = json.loads(operator.run("plan", "--json")[1])
    (blocked,) = data["blocked"]
    assert blocked["evidence"]["old"]["facts"]["tables"]["games"] == 2
    assert blocked["evidence"]["new"]["metadata"] == {"db-version": "1"}


def test_a_suggested_rule_decides_once_its_comment_sign_is_gone(operator: Operator) -> None:
    """The operator deletes one character, and the old database is in its place with the empty one set aside."""
    empty = build_database({}, version=1)
    put_databases(operator, empty)
    operator.run("plan", "--suggest", "suggested.toml")
    text = Path("suggested.toml").read_text(encoding="utf-8")
    Path("r.toml").write_text(
        "\n".join(line.removeprefix("# ") if '"take source"' in line else line for line in text.splitlines()),
        encoding="utf-8",
    )
    operator.new_plan()
    assert operator.run("plan", "--rules", "r.toml")[0] == 0
    assert operator.statuses("copy", "verify", "mark", "delete") == [0, 0, 0, 0]
    assert operator.metadata(NEW_DATABASE) == {"db-version": "7"}
    assert list(backups(operator).values()) == [empty]


def test_a_side_that_is_no_database_is_told_and_stops_nothing(operator: Operator) -> None:
    """Whatever lies there, the plan is made."""
    put_databases(operator, b"no database at all")
    status, out, _ = operator.run("plan")
    assert status == 3
    assert "; it is no SQLite database" in out


def test_databases_beyond_the_read_limit_are_not_read(operator: Operator) -> None:
    """The evidence says that the limit is why."""
    put_databases(operator, build_database({}, version=1))
    _, out, _ = operator.run("plan", "--read-limit", "0")
    assert out.count("; not read, for --read-limit") == 2
