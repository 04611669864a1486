"""Whatever the keys and the rules: `sources == moved + kept + ignored by a named rule + reported`."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from hypothesis import given, settings
from hypothesis import strategies as st

from layout.environment import Environment
from layout.errors import RulesError
from layout.legacy import FLAT, is_new_key
from layout.migrate import PlanFile, PlanMeta, Progress, make_plan, survey
from layout.migrate.report import show
from layout.migrate.report.reasons import Reasons
from layout.migrate.rules.kept import keep_rules
from layout.migrate.rules.reading import parse_rules
from layout.migrate.rules.rule import Action, ObjectRule, Rules, UserAction, UserRule
from layout.migrate.rules.suggesting import suggest_rules
from layout.migrate.rules.toml_text import as_line, escape_glob
from layout.testing import paths, segments
from tests.layout.migrate.test_accounting import ListedBucket, buckets

if TYPE_CHECKING:
    from collections.abc import Iterator

QUIET = Progress(quiet=True)
_reasons = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1).filter(str.strip)


@st.composite
def rule_files(draw: st.DrawFn, keys: list[str]) -> str:
    """A rule file about some of these keys, their folders and their users, and about others; sometimes a wrong one."""
    old_keys = [key for key in keys if not is_new_key(key)]
    some_keys = st.sampled_from(old_keys) if old_keys else st.just("stray")
    globs = st.builds(
        "{}{}".format,
        st.builds(lambda key, end: escape_glob(key[:end]), some_keys, st.integers(0, 12)),
        st.sampled_from(["*", "**", "?", "**/*", "[!a]*"]),
    )
    rules: list[ObjectRule | UserRule] = []
    for _ in range(draw(st.integers(0, 4))):
        action = draw(st.sampled_from(Action))
        glob = draw(globs) if draw(st.booleans()) else ""
        key = "" if glob else draw(some_keys | paths())
        path, to = "", ""
        if action is Action.RENAME:
            numbered = "{1}" if glob else draw(paths())
            path, to = (f"x{numbered}", "") if draw(st.booleans()) else ("", f"{{env}}/games/{numbered}")
        rules.append(ObjectRule(0, action, draw(_reasons), key, glob, path, "", to))
    for _ in range(draw(st.integers(0, 2))):
        user_action = draw(st.sampled_from(UserAction))
        owner = draw(st.sampled_from(["anna", "jos\u00e9", "a\\b", "logs", "v0", "nobody"]))
        to = draw(segments()) if user_action is UserAction.MAP else ""
        rules.append(UserRule(0, user_action, draw(_reasons), owner, to))
    lines = [f"  {as_line(rule)}" for rule in rules if isinstance(rule, ObjectRule)]
    users = [f"  {as_line(rule)}" for rule in rules if isinstance(rule, UserRule)]
    return "\n".join(["objects = [", *lines, "]", "users = [", *users, "]", ""])


@contextmanager
def planned(bucket: ListedBucket, rules: Rules) -> Iterator[PlanFile]:
    """A finished plan of the bucket that was made with the rules."""
    meta = PlanMeta(
        plan_id="0", layout="flat", bucket="b", endpoint="e", environment=Environment.DEV, created_at=""
    )
    with TemporaryDirectory() as folder, PlanFile.open_or_create(Path(folder) / "plan.sqlite", meta) as plan:
        keep_rules(plan, rules)
        make_plan(plan, bucket, FLAT, QUIET)
        yield plan


def totals(data: dict[str, Any]) -> Counter[str]:
    """Objects by action."""
    actions: Counter[str] = Counter()
    for area in data["areas"]:
        actions[area["action"]] += area["objects"]
    return actions


@settings(max_examples=150, deadline=None)
@given(data=st.data(), listed=buckets)
def test_sources_are_moved_kept_ignored_by_a_named_rule_or_reported(
    data: st.DataObject, listed: list[str]
) -> None:
    """And `list` counts as the plan does; what is ignored names a rule of the file, and its reason."""
    try:
        rules = parse_rules("r.toml", data.draw(rule_files(listed)))
    except RulesError:
        return
    bucket = ListedBucket(listed)
    (state,) = survey(bucket, [FLAT], Environment.DEV, QUIET, rules)
    with planned(bucket, rules) as plan:
        shown = show.plan(plan, made=True, uploads=Reasons()).data
        rows = list(plan.rows("SELECT key, state, rule, reason FROM objects"))
    actions = totals(shown)
    named = {f"line {rule.line}": rule.reason for rule in rules.objects}
    named |= {f"line {rule.line}": rule.reason for rule in rules.users}
    moved, kept, ignored = actions["copy"] + actions["done"], actions["keep"], actions["ignore"]
    assert len(listed) == moved + kept + ignored + shown["blocked_total"] == sum(actions.values())
    assert sorted(row["key"] for row in rows) == listed
    assert all(named[row["rule"]] == row["reason"] for row in rows if row["state"] == "ignore")
    assert all((row["state"] == "keep") == is_new_key(row["key"]) for row in rows)
    assert (state.kept, state.ignored, state.unknown) == (kept, ignored, actions["unknown"])
    assert shown["rules_total"] == len(named)


@settings(max_examples=100, deadline=None)
@given(listed=buckets)
def test_a_suggestion_is_complete(listed: list[str]) -> None:
    """As it is, it is a rule file; with the first choice for everything in force, nothing stops the copy any more."""
    bucket = ListedBucket(listed)
    with planned(bucket, Rules()) as plan:
        path = plan.path.with_name("rules.toml")
        suggest_rules(plan, FLAT, path)
        text = path.read_text(encoding="utf-8")
        before = show.plan(plan, made=True, uploads=Reasons()).data
    suggested = parse_rules("r.toml", text)
    with planned(bucket, suggested) as plan:
        assert totals(show.plan(plan, made=True, uploads=Reasons()).data)["copy"] == totals(before)["copy"]
    chosen = parse_rules("r.toml", with_first_choices(text))
    assert all(rule.action is not Action.BACKUP for rule in chosen.objects)
    with planned(bucket, chosen) as plan:
        shown = show.plan(plan, made=True, uploads=Reasons()).data
    assert shown["blocked"] == []
    assert shown["rules_without_objects"] == 0


def with_first_choices(text: str) -> str:
    """A suggestion in which somebody deleted the # of the first choice for each object and user."""
    lines, chosen = [], False
    for line in text.split("\n"):
        is_choice = line.startswith("# {")
        lines.append(line[1:] if is_choice and not chosen else line)
        chosen = is_choice
    return "\n".join(lines)


@given(listed=buckets)
def test_spellings_of_a_key_are_one(listed: list[str]) -> None:
    """A rule is about the object, however its key is normalised."""
    for key in listed:
        rule = ObjectRule(1, Action.IGNORE, "r", key=normalize("NFC", key))
        assert Rules("r", "r", (rule,)).for_object(normalize("NFD", key)) is not None
