"""What holds for every key, whatever its parts are."""

from __future__ import annotations

import pickle
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layout.environment import Environment
from layout.errors import InvalidKeyError
from layout.keys import parse_key, profile_prefix, project_prefix, scene_prefix, user_prefix
from layout.scheme.segments import clean_path, clean_segment
from layout.scheme.table import SCHEME
from layout.scheme.template import Key, KeyTemplate
from layout.scheme.variables import Variable
from layout.testing import keys, profile_ids, user_ids, values_of

DEV = Environment.DEV
TEMPLATES = [pytest.param(template, id=template.name) for template in SCHEME.templates]
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=12)
relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def nfc(text: str) -> str:
    """The text in NFC."""
    return unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("template", TEMPLATES)
@given(data=st.data())
@relaxed
def test_round_trip(template: KeyTemplate, data: st.DataObject) -> None:
    """parse(build(x)) == nfc(x) for every valid x, of every row."""
    values = data.draw(values_of(template, normalised=False))
    parsed = parse_key(str(template.fill(*values)))
    assert (parsed.template, tuple(parsed.fields.values())) == (template, tuple(map(nfc, values)))


@pytest.mark.parametrize("template", TEMPLATES)
@given(data=st.data())
@relaxed
def test_any_text_is_refused_or_survives(template: KeyTemplate, data: st.DataObject) -> None:
    """Of any Unicode, surrogates and controls included, a value is refused or comes back."""
    values = tuple(
        data.draw(st.sampled_from(variable.choices) if variable.choices else ANY_TEXT)
        for variable in template.variables
    )
    try:
        key = template.fill(*values)
    except InvalidKeyError:
        assert not all(map(_is_valid, values, template.variables))
    else:
        assert tuple(parse_key(key).fields.values()) == tuple(map(nfc, values))


def _is_valid(value: str, variable: Variable) -> bool:
    try:
        (clean_path if variable.many else clean_segment)(value, "value")
    except InvalidKeyError:
        return False
    return True


@given(key=keys())
@relaxed
def test_built_keys_are_storable(key: Key) -> None:
    """A key is in NFC, at most 1,024 bytes of UTF-8, and has no segment that a client rewrites."""
    assert nfc(key) == key
    assert len(key.encode()) <= 1024
    assert not {"", ".", ".."} & set(key.split("/"))


@given(key=keys())
@relaxed
def test_keys_survive_pickling(key: Key) -> None:
    """Any key crosses a process border."""
    back = pickle.loads(pickle.dumps(key))  # noqa: S301
    assert (back, back.template, back.fields) == (key, key.template, key.fields)


@given(first=keys(), second=keys())
@relaxed
def test_different_fields_make_different_keys(first: Key, second: Key) -> None:
    """Two keys are one text exactly if they are of one row and have the same fields."""
    assert (str(first) == str(second)) == (
        (first.template, dict(first.fields)) == (second.template, dict(second.fields))
    )


@given(text=st.one_of(ANY_TEXT, st.builds(lambda tail: f"dev/temp/{tail}", ANY_TEXT)))
@relaxed
def test_parse_gives_a_key_that_builds_itself(text: str) -> None:
    """Whatever parses is what its own fields build."""
    try:
        key = parse_key(text)
    except InvalidKeyError:
        return
    assert key.template.fill(*key.fields.values()) == key == nfc(text)


@given(first=user_ids(normalised=False), second=user_ids(normalised=False))
@relaxed
def test_users_do_not_contain_each_other(first: str, second: str) -> None:
    """Of two different users' prefixes none starts with the other."""
    one, other = user_prefix(first, environment=DEV), user_prefix(second, environment=DEV)
    assert (one.startswith(other) or other.startswith(one)) == (nfc(first) == nfc(second))


@pytest.mark.parametrize(
    "build",
    [
        lambda name: profile_prefix("u", name, environment=DEV),
        lambda name: project_prefix("u", name, environment=DEV),
        lambda name: scene_prefix("u", "p", name, environment=DEV),
    ],
)
@given(first=profile_ids(normalised=False), second=profile_ids(normalised=False))
@relaxed
def test_neighbours_do_not_contain_each_other(build: Callable[[str], str], first: str, second: str) -> None:
    """The same for profiles, projects and scenes of one owner."""
    one, other = build(first), build(second)
    assert (one.startswith(other) or other.startswith(one)) == (nfc(first) == nfc(second))


@pytest.mark.parametrize("template", TEMPLATES)
@given(data=st.data())
@relaxed
def test_fast_and_slow_road_agree(template: KeyTemplate, data: st.DataObject) -> None:
    """Of ASCII, the pattern for ASCII reads exactly what the pattern for everything reads."""
    pieces = st.sampled_from(["a", ".", "..", "/", "/./", "\\", "\n", "~", " ", "%", "x" * 254])
    name = st.lists(pieces, min_size=1, max_size=4).map("".join)
    text = template._format % tuple(
        data.draw(st.sampled_from(variable.choices) if variable.choices else name)
        for variable in template.variables
    )
    fast, slow = template._ascii.fullmatch(text), template._any.fullmatch(text)
    assert (fast and fast.groups()) == (slow and slow.groups())
