"""Rules through the command line: what stops a migration is resolved inside the tool, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.scripts.migration import Operator, operator_of

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

KEYS = [
    "anna/", "anna/database.sqlite", "anna/raw_clips/1.mp4", "anna/raw_clips/a//b.mp4", "back\\slash/database.sqlite",
    "backup-2025/database.sqlite", "e2e_1/raw_clips/1.mp4", "logs/1.log", "logs/old/2.log", "stray\\archive.zip",
]  # fmt: skip
PAGE = Path(__file__).resolve().parents[2] / "docs" / "migration_rules.md"
RULES = "objects = [" + PAGE.read_text(encoding="utf-8").partition("\nobjects = [")[2].partition("```")[0]


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Operator:
    """The operator of a bucket with all that stops a copy, and a rule file about it."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    for key in KEYS:
        operator.put(key, b"" if key.endswith("/") else key.encode(), Metadata={"key": key.encode().hex()})
    Path("r.toml").write_text(RULES, encoding="utf-8")
    return operator


TABLE = """\
  area                    action  objects  bytes
  (rules)                 copy          3   54 B
  (rules)                 ignore        4   58 B
  {user}/database.sqlite  copy          2   46 B
  {user}/raw_clips/       copy          1   20 B
  10 objects in all, 178 B.

Taken for users, by the names that show it; fewest names first:
  'back\\\\slash': database.sqlite
  'anna': database.sqlite, raw_clips/

Rules of 'r.toml', with the objects that each decides about:
  line 2: 1 objects, ignore 'logs/**': written by the web server
  line 3: 1 objects, backup 'logs/old/2.log': nobody reads it
  line 4: 1 objects, ignore 'anna/': a folder marker
  line 5: 1 objects, rename 'anna/raw_clips/*//*' to 'raw_clips/{1}-{2}': no empty names
  line 6: 1 objects, backup 'stray\\\\archive.zip': an export of 2024
  line 7: 1 objects, ignore 'backup-2025/**': a copy made by hand
  line 8: 0 objects, ignore 'tmp/**': there was one in staging
  line 11: 1 objects, user 'back\\\\slash' map to 'backslash': agreed with the user
  line 12: 1 objects, user 'backup-2025' is not a user: a copy made by hand
  line 13: 1 objects, user 'e2e_1' skip: a test of ours
1 rules decide about nothing:
  line 8: ignore 'tmp/**'

Nothing was copied. Next: scripts/migrate.py copy --plan plan.sqlite
"""


def test_rules_resolve_what_stops(operator: Operator) -> None:
    """Plan to delete: what moved is at its new key with bytes and metadata, what was ignored is where it was."""
    status, out, _ = operator.run("plan", "--rules", "r.toml")
    head = f"Plan: layout flat into dev/, bucket {operator.bucket!r}, 2 users\n"
    assert (status, out) == (0, head + TABLE)
    assert operator.statuses("copy", "verify", "mark", "delete") == [0, 0, 0, 0]
    stay = ["anna/", "backup-2025/database.sqlite", "e2e_1/raw_clips/1.mp4", "logs/1.log"]
    assert operator.old_keys() == stay
    moved = {
        "dev/backups/flat/logs/old/2.log": "logs/old/2.log",
        "dev/backups/flat/stray%5Carchive.zip": "stray\\archive.zip",
        operator.new_key("raw_clips/a-b.mp4"): "anna/raw_clips/a//b.mp4",
        operator.new_key("1.mp4"): "anna/raw_clips/1.mp4",
    }
    moved |= {key: f"{user}/database.sqlite" for key in operator.listed() if key.endswith("sqlite")
              for user, new in (("anna", "anna"), ("back\\slash", "backslash")) if f"/{new}/" in key}  # fmt: skip
    assert len(moved) == len(KEYS) - len(stay)
    for new_key, key in moved.items():
        assert operator.body(new_key) == key.encode()
        assert operator.metadata(new_key) == {"key": key.encode().hex()}


def test_verify_and_delete_account_for_what_is_ignored(operator: Operator) -> None:
    """What comes later to an ignored place is no surprise; what comes elsewhere is."""
    operator.run("plan", "--rules", "r.toml")
    operator.run("copy")
    operator.put("logs/2.log", b"later")
    operator.put("e2e_1/raw_clips/2.mp4", b"later")
    status, out, _ = operator.run("verify")
    assert (status, out.splitlines()[-2:]) == (
        0,
        [
            (
                "Verified: 6 objects, 120 B, are equal by size and ETag; the profile files of 2 users are right."
                " Verdict: plan.sqlite.json"
            ),
            "4 objects stay at their old keys, as the rules of 'r.toml' say.",
        ],
    )
    operator.run("mark")
    assert operator.run("delete") == (
        0,
        (
            "Deleted 6 old objects, 120 B; 0 were gone before.\n"
            "4 objects stay at their old keys, as the rules of 'r.toml' say.\n"
        ),
        "",
    )
    operator.put("anna/late.mp4", b"later")
    status, out, _ = operator.run("verify", "--json")
    found = json.loads(out)
    assert (status, found["ignored"]) == (3, 4)
    assert [problem["key"] for problem in found["problems"]] == ["anna/late.mp4"]


def test_list_counts_as_a_plan_with_the_same_rules(operator: Operator) -> None:
    """Before anything is planned."""
    status, out, error = operator.run("list", "--rules", "r.toml")
    assert (status, error) == (0, "")
    assert out == (
        f"Migrations for the bucket {operator.bucket!r}, environment dev:\n"
        "  flat: users at the root and shared games/, into {env}/users/ and {env}/games/\n"
        "    to move: 6 objects of 2 users and games, 120 B\n"
        "    kept:    0 objects that are in the new layout already\n"
        "    ignored: 4 objects that a rule leaves where they are\n"
        "    unknown: 0 objects that no rule places\n"
        "    marker:  not there\n"
        "  scenes: media of projects and scenes, into {env}/users/{user}/projects/; needs documents\n"
        "    to move: 2 objects of 0 users and games, 31 B\n"
        "    kept:    0 objects that are in the new layout already\n"
        "    ignored: 3 objects that a rule leaves where they are\n"
        "    unknown: 5 objects that no rule places\n"
        "    marker:  not there\n"
    )


OTHER = "Try: Rules are part of a plan: name another file with --plan to make a plan with these.\n"


def test_a_plan_goes_on_with_its_own_rules_only(operator: Operator) -> None:
    """Without --rules it has those that it was made with; with others it is refused, whatever it has."""
    status, out, _ = operator.run("plan", "--rules", "r.toml", "--json")
    assert (status, len(json.loads(out)["rules"])) == (0, 10)
    with_rules = json.loads(operator.run("plan", "--json")[1])
    assert (with_rules["made"], with_rules["rules_without_objects"]) == (False, 1)
    Path("other.toml").write_text(RULES.replace("a test of ours", "another reason"), encoding="utf-8")
    made = "Error: The plan 'plan.sqlite' was made with other rules than 'other.toml' holds now.\n"
    assert operator.run("plan", "--rules", "other.toml") == (1, "", made + OTHER)
    operator.new_plan()
    without = json.loads(operator.run("plan", "--json")[1])
    assert (without["rules"], without["rules_file"]) == ([], "")
    made = "Error: The plan 'another-plan.sqlite' was made without rules.\n"
    assert operator.run("plan", "--rules", "r.toml") == (1, "", made + OTHER)


def test_rules_belong_to_the_fingerprint(operator: Operator) -> None:
    """Another reason is another plan: a verdict about one does not count for the other."""
    operator.run("plan", "--rules", "r.toml")
    first = json.loads(operator.run("plan", "--json")[1])["fingerprint"]
    operator.run("copy")  # so that both plans have the same profiles
    prints = []
    for name, rules in (("same", RULES), ("other", RULES.replace("a test of ours", "another reason"))):
        Path(f"{name}.toml").write_text(rules, encoding="utf-8")
        operator.plan = f"{name}.sqlite"
        prints.append(json.loads(operator.run("plan", "--rules", f"{name}.toml", "--json")[1])["fingerprint"])
    assert len({first, *prints}) == 3


def test_a_wrong_rule_file_is_one_error_before_anything_is_read(operator: Operator) -> None:
    """With its line and the remedy; no plan is left behind."""
    Path("r.toml").write_text(RULES.replace('"skip"', '"skipp"'), encoding="utf-8")
    error = (
        "Error: Line 13 of 'r.toml' has the unknown action 'skipp'.\n"
        "Try: Choose 'map', 'skip' or 'is not a user'.\n"
    )
    assert (
        operator.run("plan", "--rules", "r.toml")
        == operator.run("list", "--rules", "r.toml")
        == (1, "", error)
    )
    assert not Path("plan.sqlite").exists()


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (
            'key = "stray\\\\archive.zip", action = "rename", path = "a.zip"',
            "The key is nobody's, so the rule has to say whose path it is",
        ),
        (
            'key = "stray\\\\archive.zip", action = "rename", path = "a.zip", user = "logs"',
            "The user 'logs' is none whom this plan moves",
        ),
        (
            'key = "stray\\\\archive.zip", action = "rename", to = "{env}/users/bob/profiles/p/a.zip"',
            "The user 'bob' of the new key is none whom this plan moves",
        ),
        (
            'glob = "stray?*", action = "rename", path = "{1}/{2}", user = "anna"',
            "The path '\\\\/archive.zip' cannot be used: its segment number 1 contains '\\\\'",
        ),
    ],
)
def test_a_rename_that_leads_nowhere_stops_the_copy(operator: Operator, rule: str, reason: str) -> None:
    """What only the bucket shows is no error of the file: the object is reported, with the rule's line."""
    Path("s.toml").write_text(f'objects = [\n  {{ {rule}, reason = "r" }},\n]\n', encoding="utf-8")
    blocked = json.loads(operator.run("plan", "--rules", "s.toml", "--json")[1])["blocked"]
    found = {one["key"]: one["reason"] for one in blocked}["stray\\archive.zip"]
    assert found == f"the rule on line 2 cannot rename it: {reason}"


def test_a_stray_object_gets_a_place_with_a_user(operator: Operator) -> None:
    """By a path of that user, or by a key of the scheme."""
    rule = 'action = "rename", reason = "r"'
    Path("s.toml").write_text(
        f'objects = [\n  {{ key = "stray\\\\archive.zip", path = "old/archive.zip", user = "anna", {rule} }},\n'
        f'  {{ glob = "logs/**", to = "{{env}}/games/logs/{{1}}", {rule} }},\n]\n',
        encoding="utf-8",
    )
    operator.run("plan", "--rules", "s.toml")
    new_key = json.loads(operator.run("explain", "stray\\archive.zip", "--json")[1])["new_key"]
    assert (new_key.startswith("dev/users/anna/profiles/"), new_key.endswith("/old/archive.zip")) == (
        True,
        True,
    )
    assert (
        json.loads(operator.run("explain", "logs/old/2.log", "--json")[1])["new_key"]
        == "dev/games/logs/old/2.log"
    )


def test_nobody_is_mapped_onto_another_user(operator: Operator) -> None:
    """The files of two would come together under one profile: a conflict, with the reason; the other user moves."""
    Path("s.toml").write_text(RULES.replace('to = "backslash"', 'to = "anna"'), encoding="utf-8")
    status, out, _ = operator.run("plan", "--rules", "s.toml", "--suggest", "t.toml", "--json")
    reason = "a rule gives the id 'anna' to 'back\\\\slash', and there is a user of that name"
    blocked = [{"key": "back\\slash/database.sqlite", "action": "conflict", "reason": reason}]
    assert (status, json.loads(out)["blocked"]) == (3, blocked)
    suggested = Path("t.toml").read_text(encoding="utf-8")
    assert f"\n  # 'back\\\\slash': {reason}\n" in suggested
    assert '\n# { id = "back\\\\slash", action = "map", to = "back_slash", ' in suggested
    ignore = '\n  { key = "back\\\\slash/database.sqlite", action = "ignore", reason = "r" },\n]'
    Path("u.toml").write_text(
        Path("s.toml").read_text(encoding="utf-8").replace("\n]", ignore, 1), encoding="utf-8"
    )
    operator.new_plan()
    assert operator.run("plan", "--rules", "u.toml")[0] == 0
    assert operator.statuses("copy", "verify", "mark", "delete") == [0, 0, 0, 0]
    assert operator.body(operator.new_key("database.sqlite")) == b"anna/database.sqlite"
