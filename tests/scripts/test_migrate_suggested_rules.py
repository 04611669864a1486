"""`plan --suggest` and `explain`: the tool writes the rules down, and says what a plan does with a key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.scripts.migration import Operator, operator_of

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

KEYS = [
    "anna/", "anna/database.sqlite", "anna/raw_clips/a//b.mp4", "anna/raw_clips/a/b.mp4", "back\\slash/database.sqlite",
    "logs/1.log", "logs/old/2.log", "stray.zip",
]  # fmt: skip
HEAD = """\
# Rules for the old layout flat, into dev/.
# A line that begins with '# {' is a rule that is not in force. Delete its # to choose it, one for each
# object or user, and write why; what nothing decides about stops the copy. See docs/migration_rules.md.
# Then make a new plan with them:
#   scripts/migrate.py plan flat --plan ANOTHER --rules THIS

"""
SUGGESTED = """\
objects = [
  { key = "anna/", action = "ignore", reason = "an empty marker of a folder" },
  # 'anna/raw_clips/a//b.mp4', 23 bytes, ETag {0}, of {1}: unknown, the new layout cannot express its key: The path \
'raw_clips/a//b.mp4' cannot be used: its segment number 3 is empty.
# { key = "anna/raw_clips/a//b.mp4", action = "rename", path = "raw_clips/a/b-2.mp4", reason = "another name; \
whatever names the old one, such as the user's database, has to follow" },
# { key = "anna/raw_clips/a//b.mp4", action = "ignore", reason = "it stays where it is" },
  # Everything under 'logs/', such as 'logs/1.log', 10 bytes, ETag {2}, of {3}: nothing directly under 'logs' shows \
that it is a user
# { glob = "logs/**", action = "ignore", reason = "it stays where it is" },
  # 'stray.zip', 9 bytes, ETag {4}, of {5}: unknown, it lies at the root of the bucket, under no user
# { key = "stray.zip", action = "ignore", reason = "it stays where it is" },
]

users = [
  # 'back\\\\slash': The user id 'back\\\\slash' contains '\\\\'.
# { id = "back\\\\slash", action = "map", to = "back_slash", reason = "the new layout cannot have the user's id" },
# { id = "back\\\\slash", action = "skip", reason = "their objects stay where they are" },
]
"""


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Operator:
    """The operator of a bucket with some of what stops a copy."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    for key in KEYS:
        operator.put(key, b"" if key.endswith("/") else key.encode())
    return operator


def suggested(operator: Operator) -> str:
    """The suggestion that belongs to the bucket."""
    text = HEAD + SUGGESTED
    listed = {one["Key"]: one for one in operator.client.list_objects_v2(Bucket=operator.bucket)["Contents"]}
    for number, key in enumerate(["anna/raw_clips/a//b.mp4", "logs/1.log", "stray.zip"]):
        found = listed[key]
        modified = found["LastModified"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = text.replace(f"{{{2 * number}}}", found["ETag"].strip('"'))
        text = text.replace(f"{{{2 * number + 1}}}", modified)
    return text


def choose(path: str, *starts: str) -> None:
    """Deletes the # of the rules that begin so."""
    text = Path(path).read_text(encoding="utf-8")
    for start in starts:
        assert f"\n# {start}" in text
        text = text.replace(f"\n# {start}", f"\n  {start}", 1)
    Path(path).write_text(text, encoding="utf-8")


def test_from_a_suggestion_to_the_end(operator: Operator) -> None:
    """The whole file; it is taken as it is, and with one # less for each object all is copied."""
    status, out, _ = operator.run("plan", "--suggest", "r.toml")
    assert (status, out.splitlines()[-1]) == (
        3,
        "Suggested rules: r.toml, 1 in force; 4 choices wait for a person.",
    )
    assert Path("r.toml").read_text(encoding="utf-8") == suggested(operator)
    operator.new_plan()
    status, out, _ = operator.run("plan", "--rules", "r.toml", "--json")
    assert (status, json.loads(out)["blocked_total"]) == (3, 5)
    choose(
        "r.toml",
        '{ key = "anna/raw_clips/a//b.mp4", action = "rename"',
        '{ glob = "logs/**"',
        '{ key = "stray.zip"',
        '{ id = "back\\\\slash", action = "map"',
    )
    operator.new_plan()
    assert operator.run("plan", "--rules", "r.toml")[0] == 0
    assert operator.statuses("copy", "verify", "mark", "delete") == [0, 0, 0, 0]
    assert operator.old_keys() == ["anna/", "logs/1.log", "logs/old/2.log", "stray.zip"]
    assert operator.body(operator.new_key("a/b-2.mp4")) == b"anna/raw_clips/a//b.mp4"


def test_a_suggestion_keeps_the_rules_of_its_plan(operator: Operator) -> None:
    """So the next file is complete too."""
    Path("r.toml").write_text(
        'objects = [ { key = "stray.zip", action = "backup", reason = "an \\"export\\"" } ]\n'
        'users = [ { id = "back\\\\slash", action = "skip", reason = "gone" } ]\n',
        encoding="utf-8",
    )
    operator.run("plan", "--rules", "r.toml", "--suggest", "s.toml")
    lines = Path("s.toml").read_text(encoding="utf-8").splitlines()
    kept = "  # The rules that the plan was made with."
    rules = [line for line in lines if line.startswith("  {")]
    assert lines.count(kept) == 2
    assert rules == [
        '  { key = "stray.zip", action = "backup", reason = "an \\"export\\"" },',
        '  { key = "anna/", action = "ignore", reason = "an empty marker of a folder" },',
        '  { id = "back\\\\slash", action = "skip", reason = "gone" },',
    ]


def test_a_conflict_is_shown_with_both_objects(operator: Operator) -> None:
    """The new code was first at one key, and a user's registry is none."""
    operator.run("plan")
    operator.run("plan", "--suggest", "r.toml")
    choose(
        "r.toml", '{ key = "anna/raw_clips/a//b.mp4", action = "ignore"', "{ glob", '{ key = "stray', "{ id"
    )
    operator.new_plan()
    operator.run("plan", "--rules", "r.toml")
    operator.run("copy")
    new_key = operator.new_key("a/b.mp4")
    operator.put(new_key, b"newer")
    operator.put("bob/database.sqlite", b"x")
    operator.put("dev/users/bob/profiles.json", b"{")
    operator.new_plan()
    operator.run("plan", "--rules", "r.toml", "--suggest", "s.toml")
    text = Path("s.toml").read_text(encoding="utf-8")
    assert f"unknown, another object is at {new_key}: 5 bytes" not in text
    assert f": conflict, another object is at {new_key}: 5 bytes, ETag " in text
    assert '\n# { key = "anna/raw_clips/a/b.mp4", action = "rename", path = "raw_clips/a/b-2.mp4", ' in text
    assert '\n# { key = "anna/raw_clips/a/b.mp4", action = "ignore", ' in text
    assert "\n  # 'bob': dev/users/bob/profiles.json is not a registry: " in text
    assert '\n# { id = "bob", action = "skip", reason = "their objects stay where they are" },\n' in text
    assert '"bob/database.sqlite"' not in text


def test_a_suggestion_replaces_no_file(operator: Operator) -> None:
    """It is refused before the bucket is listed, and so is a folder that there is not."""
    Path("r.toml").write_text("# mine\n", encoding="utf-8")
    error = (
        "Error: The file 'r.toml' is there, and a suggestion replaces no file.\n"
        "Try: Name another file with --suggest, or remove this one.\n"
    )
    assert operator.run("plan", "--suggest", "r.toml") == (1, "", error)
    error = "Error: There is no folder 'none' to put the rules into.\nTry: Make it, or name another file.\n"
    assert operator.run("plan", "--suggest", "none/r.toml") == (1, "", error)
    long = "x" * 300
    error = (
        f"Error: The rules cannot be written to '{long}': File name too long.\n"
        "Try: Name a file in a folder that exists and has space.\n"
    )
    assert operator.run("plan", "--suggest", long) == (1, "", error)
    assert Path("r.toml").read_text(encoding="utf-8") == "# mine\n"
    assert not Path("plan.sqlite").exists()


def test_explain_names_the_rule_that_decides(operator: Operator) -> None:
    """By the old key or the new one; a rule of the file, with the wider ones, or one of the layout."""
    Path("r.toml").write_text(
        "objects = [\n"
        '  { glob = "logs/**", action = "ignore", reason = "written by the web server" },\n'
        '  { glob = "logs/old/*", action = "ignore", reason = "old" },\n'
        '  { key = "logs/old/2.log", action = "backup", reason = "nobody reads it" },\n'
        "]\n"
        'users = [ { id = "back\\\\slash", action = "map", to = "b", reason = "agreed" } ]\n',
        encoding="utf-8",
    )
    operator.run("plan", "--rules", "r.toml")
    listed = {one["Key"]: one for one in operator.client.list_objects_v2(Bucket=operator.bucket)["Contents"]}
    times = {
        key: one["LastModified"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for key, one in listed.items()
    }
    backup = (
        f"'logs/old/2.log', 14 bytes, of {times['logs/old/2.log']}: copy\n"
        "  to 'dev/backups/flat/logs/old/2.log'\n"
        "  by line 4 of 'r.toml': backup 'logs/old/2.log'\n"
        "  because: nobody reads it\n"
        "  line 2 matches too: ignore 'logs/**'\n"
        "  line 3 matches too: ignore 'logs/old/*'\n"
    )
    assert operator.run("explain", "logs/old/2.log") == (0, backup, "")
    assert operator.run("explain", "dev/backups/flat/logs/old/2.log") == (0, backup, "")
    assert operator.run("explain", "stray.zip") == (
        0,
        (
            f"'stray.zip', 9 bytes, of {times['stray.zip']}: unknown\n"
            "  by the rule 'root-object' of the layout flat\n"
            "  because: it lies at the root of the bucket, under no user\n"
        ),
        "",
    )
    data = json.loads(operator.run("explain", "logs/1.log", "--json")[1])
    rule = {"line": 2, "action": "ignore", "reason": "written by the web server", "glob": "logs/**"}
    assert data == {
        "key": "logs/1.log",
        "new_key": None,
        "action": "ignore",
        "size": 10,
        "modified": times["logs/1.log"],
        "rule": "line 2",
        "decided_by": rule,
        "also": [],
        "reason": "written by the web server",
        "problem": "",
    }


def test_explain_of_a_key_that_the_plan_has_not(operator: Operator) -> None:
    """It may have come later, or be spelled otherwise."""
    operator.run("plan")
    assert operator.run("explain", "Anna/") == (
        1,
        "",
        (
            "Error: The plan 'plan.sqlite' has no object with the key 'Anna/', old or new.\n"
            "Try: Give the whole key as it is listed, case included. What came later is in a new plan only.\n"
        ),
    )
