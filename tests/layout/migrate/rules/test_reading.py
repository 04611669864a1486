"""What a rule file says, and every error about it, whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layout.errors import RulesError
from layout.migrate.rules.reading import parse_rules, read_rules
from layout.migrate.rules.rule import Action, ObjectRule, Rules, UserAction, UserRule
from tests.layout.migrate.rules.wrong_rules import ERRORS

FILE = """# rules of the test
objects = [
  { glob = "logs/**", action = "ignore", reason = "written by the web server" },
# { key = "stray.txt", action = "backup", reason = "not yet" },
  { key = "anna/a//b # [.mp4", action = "rename", path = "raw_clips/a-b.mp4", reason = "a = b" },
]

[[users]]
id = "back\\\\slash"
action = "map"
to = "backslash"
reason = '''several
lines'''

[[users]]
id = "e2e"
action = "skip"
reason = "a test"
"""


def test_a_file_in_both_forms_of_toml() -> None:
    """Each rule knows its line; comments, quoted signs and several lines do not confuse the count."""
    rules = parse_rules("r.toml", FILE)
    assert rules.objects == (
        ObjectRule(3, Action.IGNORE, "written by the web server", glob="logs/**"),
        ObjectRule(5, Action.RENAME, "a = b", key="anna/a//b # [.mp4", path="raw_clips/a-b.mp4"),
    )
    assert rules.users == (
        UserRule(8, UserAction.MAP, "several\nlines", "back\\slash", "backslash"),
        UserRule(15, UserAction.SKIP, "a test", "e2e"),
    )
    assert (rules.name, rules.text) == ("r.toml", FILE)


def test_quotes_at_the_end_of_a_long_text_do_not_hide_what_follows() -> None:
    """TOML allows up to two before the three that end it."""
    text = '[[objects]]\nkey = \'a\'\naction = \'ignore\'\nreason = """so"""""\n[[objects]]\nkey = \'b\'\n'
    rules = parse_rules("r.toml", text + "action = 'ignore'\nreason = '''it's''''\n")
    assert [(rule.line, rule.reason) for rule in rules.objects] == [(1, 'so""'), (5, "it's'")]


def test_a_file_of_another_editor(tmp_path: Path) -> None:
    """A byte order mark and line ends of Windows change nothing."""
    path = tmp_path / "r.toml"
    path.write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
    assert read_rules(path).objects == parse_rules("r.toml", FILE).objects


def test_an_empty_file_has_no_rules() -> None:
    """So a suggestion in which everything is commented out can be read."""
    assert parse_rules("r.toml", "# nothing\nobjects = []\n") == Rules("r.toml", "# nothing\nobjects = []\n")


@pytest.mark.parametrize(("text", "line", "what", "hint"), ERRORS)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, what: str, hint: str) -> None:
    """One error, the whole of it: the line, what is wrong there, and what to write."""
    with pytest.raises(RulesError) as caught:
        parse_rules("r.toml", text)
    assert (str(caught.value), caught.value.hint) == (f"Line {line} of 'r.toml' {what}.", hint)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing one, and one in another encoding."""
    path = tmp_path / "r.toml"
    with pytest.raises(RulesError) as caught:
        read_rules(path)
    message = f"The rules {str(path)!r} cannot be read: No such file or directory."
    assert (str(caught.value), caught.value.hint) == (
        message,
        "Name a file with --rules; --suggest writes one.",
    )
    path.write_bytes(b"# \xff")
    with pytest.raises(RulesError) as caught:
        read_rules(path)
    message = f"The rules {str(path)!r} are not UTF-8: byte 3 is none."
    assert (str(caught.value), caught.value.hint) == (message, "Save the file as UTF-8, as TOML demands.")


_texts = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1).filter(str.strip)


@given(names=st.lists(_texts, unique=True, max_size=5), reason=_texts, data=st.data())
def test_the_line_of_each_rule_is_where_it_stands(names: list[str], reason: str, data: st.DataObject) -> None:
    """Whatever its texts hold, and however many lines and comments there are between."""
    lines = ["objects = ["]
    wanted = []
    for name in names:
        lines += data.draw(st.lists(st.sampled_from(["", "# ] } \" '''"]), max_size=2))
        wanted.append(len(lines) + 1)
        lines.append(f'  {{ glob = {quoted(name)}, action = "ignore", reason = {quoted(reason)} }},')
    try:
        rules = parse_rules("r.toml", "\n".join([*lines, "]"]))
    except RulesError as error:
        number = int(str(error).split()[1])
        assert number in wanted
    else:
        assert [one.line for one in rules.objects] == wanted


def quoted(text: str) -> str:
    """A basic string of TOML."""
    escaped = "".join(
        f"\\U{ord(one):08x}" if one in '"\\' or ord(one) < 32 or ord(one) == 127 else one for one in text
    )
    return f'"{escaped}"'


@pytest.mark.parametrize("text", ["objects = " + "[" * 5_000 + "]" * 5_000, "objects = " + "9" * 5_000])
def test_what_no_parser_can_hold_is_an_error_too(text: str) -> None:
    """Python limits both."""
    with pytest.raises(RulesError) as caught:
        parse_rules("r.toml", text)
    assert str(caught.value) == "Line 1 of 'r.toml' begins what is too large to be read."
    assert caught.value.hint == "A rule is a table of texts."


@pytest.mark.parametrize("number", ["9" * 5_000, "\u0661"])
def test_a_wildcard_is_named_by_a_short_number(number: str) -> None:
    """Anything else in braces is text, and no text of the key."""
    with pytest.raises(RulesError) as caught:
        parse_rules(
            "r.toml",
            f'objects = [ {{ glob = "a/*", action = "rename", path = "{{{number}}}", reason = "x" }} ]',
        )
    assert str(caught.value) == "Line 1 of 'r.toml' renames all that 'a/*' matches to one key."
