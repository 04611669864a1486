"""Which keys a glob matches, what its wildcards matched, and where a set-aside object goes."""

from __future__ import annotations

import hashlib
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layout.environment import Environment
from layout.keys import backups_prefix, parse_key
from layout.migrate.rules.free_names import allowed_path, allowed_segment, first_free
from layout.migrate.rules.globs import compile_glob, expand
from layout.migrate.rules.rule import Action, ObjectRule, Rules
from layout.migrate.rules.toml_text import escape_glob
from layout.scheme.segments import clean_path
from layout.set_aside import set_aside_key
from layout.testing import keys

PREFIX = backups_prefix(environment=Environment.PROD)


@pytest.mark.parametrize(
    ("glob", "key", "matched"),
    [
        ("a/*", "a/b", ("b",)),
        ("a/*", "a/", ("",)),
        ("a/*", "a/b/c", None),
        ("a/**", "a/b//c", ("b//c",)),
        ("**/x?", "a//x\n", ("a/", "\n")),
        ("a?b", "a/b", None),
        ("a[!x]b", "a/b", None),
        ("a[!x]b", "a-b", ("-",)),
        ("[*]?", "*x", ("*", "x")),
        ("[[]]*", "[]x", ("[", "x")),
        ("[]]*", "]x", ("]", "x")),
        ("[a-c]*", "b.mp4", ("b", ".mp4")),
        ("a\\*", "a\\b", ("b",)),
        ("x.*", "xx1", None),
    ],
)
def test_wildcards(glob: str, key: str, matched: tuple[str, ...] | None) -> None:
    """The whole key, case and line feeds included; a set is one character and never a slash."""
    found = compile_glob(glob).fullmatch(key)
    assert (None if found is None else found.groups()) == matched


@given(key=st.text(min_size=1), end=st.integers(0, 20))
def test_an_escaped_beginning_matches_itself_alone(key: str, end: int) -> None:
    """Whatever a key holds, a glob for a folder can be written."""
    glob = escape_glob(key[:end]) + "**"
    found = compile_glob(glob).fullmatch(key)
    assert found is not None
    assert compile_glob(escape_glob(key) + "[!x]").fullmatch(f"!{key}!") is None
    assert expand("{1}", found.groups()[-1:]) == key[end:]


def test_the_narrowest_rule_decides() -> None:
    """The rule for exactly this key, wherever it stands; else the first glob of the file that matches."""
    rules = Rules(
        objects=(
            ObjectRule(1, Action.IGNORE, "r", glob="logs/**"),
            ObjectRule(2, Action.BACKUP, "r", glob="logs/old/*"),
            ObjectRule(3, Action.BACKUP, "r", key="logs/1"),
        )
    )
    decided = {key: rules.for_object(key) for key in ("logs/1", "logs/old/1", "logs", "Logs/1")}
    lines = {key: None if found is None else found.rule.line for key, found in decided.items()}
    assert lines == {"logs/1": 3, "logs/old/1": 1, "logs": None, "Logs/1": None}
    assert [rule.line for rule in rules.all_for_object("logs/old/1")] == [1, 2]


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("stray.zip", "stray.zip"),
        ("anna/raw_clips/100%.mp4", "anna/raw_clips/100%25.mp4"),
        ("back\\slash/a\tb", "back%5Cslash/a%09b"),
        ("a//b/", "a/%empty/b/%empty"),
        ("./..", "%2E/%2E%2E"),
        ("e\u0301\ufffe", "\u00e9%EF%BF%BE"),
        ("x" * 300, f"%long/{hashlib.sha256(b'x' * 300).hexdigest()}"),
    ],
)
def test_the_name_of_a_backup_shows_the_old_key(key: str, path: str) -> None:
    """As it is, or encoded as in URLs; only what gets too long is a hash."""
    assert set_aside_key("flat", key, Environment.PROD) == f"{PREFIX}flat/{path}"


_hostile = st.lists(
    st.sampled_from(["", ".", "..", "%", "%empty", "%2E", "a", "\\", "x" * 200]), min_size=1, max_size=7
)


@given(
    pair=st.lists(st.text(min_size=1) | keys() | _hostile.map("/".join), min_size=2, max_size=2, unique=True)
)
def test_every_key_has_a_backup_of_its_own(pair: list[str]) -> None:
    """The new layout parses it, and two keys have the same only if they are two spellings of one."""
    one, other = (set_aside_key("flat", key, Environment.PROD) for key in pair)
    assert parse_key(one).template.name == parse_key(other).template.name == "backup"
    assert (one == other) == (normalize("NFC", pair[0]) == normalize("NFC", pair[1]))


@given(text=st.text())
def test_a_suggested_name_is_allowed(text: str) -> None:
    """A path, and a user id, whatever they are made of; with room for a number."""
    path, segment = allowed_path(text), allowed_segment(text)
    assert clean_path(path, "path") == path
    assert clean_path(segment, "user id") == segment
    assert "/" not in segment
    taken = {path}
    free = first_free(path, lambda name: name not in taken)
    assert clean_path(free, "path") == free != path


def test_a_free_name_has_a_number_before_its_suffix() -> None:
    """The first that is free, in the same folder."""
    taken = {"raw.d/a.tar.gz", "raw.d/a-2.tar.gz"}
    assert first_free("raw.d/a.tar.gz", lambda name: name not in taken) == "raw.d/a-3.tar.gz"
    assert first_free("a", lambda name: name not in {"a"}) == "a-2"
