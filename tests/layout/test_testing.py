"""The exported strategies."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from layout.environment import Environment
from layout.keys import parse_key, r2_key
from layout.scheme.segments import clean_path, clean_segment
from layout.scheme.table import SCHEME
from layout.scheme.template import Key
from layout.testing import keys, keys_of, paths, profile_ids, segments, user_ids

some = settings(max_examples=60, deadline=None)
SEGMENTS = {"segments": segments, "user_ids": user_ids, "profile_ids": profile_ids}


@pytest.mark.parametrize("strategy", SEGMENTS.values(), ids=SEGMENTS)
@given(data=st.data())
@some
def test_segments_are_valid(strategy: Callable[[], st.SearchStrategy[str]], data: st.DataObject) -> None:
    """Every segment and id drawn is valid as it stands."""
    value = data.draw(strategy())
    assert clean_segment(value, "segment") == value


@given(path=paths(max_segments=3))
@some
def test_paths_are_valid(path: str) -> None:
    """Every path drawn is valid as it stands, and has no more segments than asked for."""
    assert clean_path(path, "path") == path
    assert path.count("/") < 3


@given(user=user_ids(), profile=profile_ids(), path=paths())
@some
def test_values_make_a_key(user: str, profile: str, path: str) -> None:
    """Any user, profile and path drawn make a key that is not too long."""
    assert r2_key(user, path, profile, environment=Environment.DEV).fields["path"] == path


@given(key=keys())
@some
def test_keys_are_keys(key: Key) -> None:
    """Every key drawn parses to itself."""
    assert parse_key(key).fields == key.fields


@pytest.mark.parametrize("template", SCHEME.templates, ids=lambda template: template.name)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_keys_of_a_row(template: object, data: st.DataObject) -> None:
    """Keys of one row are of that row."""
    assert data.draw(keys_of(template)).template == template  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wanted",
    [
        lambda text: len(text.encode()) >= 250,
        lambda text: not text.isascii(),
        lambda text: "." in text,
        lambda text: text != unicodedata.normalize("NFD", text),
    ],
    ids=["near the border", "beyond ASCII", "with a dot", "with two spellings"],
)
def test_segments_reach_the_borders(wanted: Callable[[str], bool]) -> None:
    """The strategy finds what breaks naive code."""
    assert wanted(find(segments(), wanted, settings=settings(max_examples=5000)))


def test_other_normalisations_on_request() -> None:
    """Values in NFD are drawn where they are asked for."""
    found = find(segments(normalised=False), lambda text: unicodedata.normalize("NFC", text) != text)
    assert clean_segment(found, "segment") != found
