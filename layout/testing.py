"""Hypothesis strategies for the values that the scheme allows.

For the tests of applications that use this package (`pip install r2-layout[testing]`)::

    from hypothesis import given
    from layout.testing import paths, user_ids

    @given(user=user_ids(), path=paths())
    def test_every_file_is_found_again(user, path): ...

Values reach the borders: any script, names that look like paths or percent escapes, 255 bytes.
"""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

from layout.profile_ids import NEW_ID_CHARACTERS
from layout.scheme.segments import MAX_KEY_BYTES, MAX_SEGMENT_BYTES
from layout.scheme.table import SCHEME
from layout.scheme.template import Key, KeyTemplate
from layout.scheme.variables import Variable

__all__ = ["keys", "keys_of", "paths", "profile_ids", "segments", "user_ids", "values_of"]

_LOOKALIKES = (
    "a", "A", "aa", "users", "profiles", "profiles.json", "selected-profile.json", "layout.json", "games",
    "dev", "production", "...", ".hidden", "..a", "a..", "-rf", "~", "%2e%2e", "%2F", "a b", " ", "+", "#",
    "?", "{user}", "%s", "\u00e9", "\u1e69", "\u202eabc", "\ufeff", "CON", "nul.txt", "a:b",
    "\U0001f469\u200d\U0001f4bb",
)  # fmt: skip
_UUIDS = st.uuids().map(str)


def _fit(text: str) -> str:
    """The text in NFC, cut to what a segment holds without cutting a character in two."""
    normal = unicodedata.normalize("NFC", text)
    while len(normal.encode()) > MAX_SEGMENT_BYTES:
        # Cutting can bring a character next to one that it composes with.
        normal = unicodedata.normalize("NFC", normal[:-1])
    return normal


def segments(*, normalised: bool = True) -> st.SearchStrategy[str]:
    """Valid segments.

    Args:
        normalised: Give them in NFC, as they stand in a key. Otherwise some come in NFD, which the
            builders accept too.
    """
    characters = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="/\\\ufffe\uffff")
    any_text = st.one_of(
        st.text(characters, min_size=1, max_size=40),
        # A short piece repeated is how a long text comes about without drawing it.
        st.builds(
            lambda piece, times: piece * times,
            st.text(characters, min_size=1, max_size=3),
            st.integers(1, 256),
        ),
    )
    valid = st.one_of(st.sampled_from(_LOOKALIKES), any_text.map(_fit)).filter(
        lambda text: text not in {".", ".."}
    )
    if normalised:
        return valid
    return st.one_of(valid, valid.map(lambda text: unicodedata.normalize("NFD", text)))


def paths(*, max_segments: int = 4, normalised: bool = True) -> st.SearchStrategy[str]:
    """Valid paths: one or more segments joined by `/`, short enough for a key in every row.

    Args:
        max_segments: The most segments.
        normalised: As for `segments`.
    """
    several = st.lists(segments(normalised=normalised), min_size=1, max_size=max_segments)
    # A user id and a profile id of 255 bytes and what is fixed leave 480 bytes.
    return several.map("/".join).filter(lambda path: len(unicodedata.normalize("NFC", path).encode()) <= 480)


def user_ids(*, normalised: bool = True) -> st.SearchStrategy[str]:
    """Valid user ids: UUIDs, as applications use them, and anything else that is a segment."""
    return st.one_of(_UUIDS, segments(normalised=normalised))


def profile_ids(*, normalised: bool = True) -> st.SearchStrategy[str]:
    """Valid profile ids: as new ones are made, and anything else that is a segment."""
    return st.one_of(_UUIDS.map(lambda text: text[:NEW_ID_CHARACTERS]), segments(normalised=normalised))


def values_of(template: KeyTemplate, *, normalised: bool = True) -> st.SearchStrategy[tuple[str, ...]]:
    """Valid values for a row, in the order of its variables, that make a key of allowed length."""
    values = st.tuples(*(_values_of(variable, normalised) for variable in template.variables))
    return values.filter(lambda drawn: _key_bytes(template, drawn) <= MAX_KEY_BYTES)


def keys_of(template: KeyTemplate) -> st.SearchStrategy[Key]:
    """Keys of one row."""
    return values_of(template).map(lambda values: template.fill(*values))


def keys() -> st.SearchStrategy[Key]:
    """Keys of any row of the project's scheme."""
    return st.one_of(*(keys_of(template) for template in SCHEME.templates))


def _values_of(variable: Variable, normalised: bool) -> st.SearchStrategy[str]:
    if variable.choices:
        return st.sampled_from(variable.choices)
    return paths(normalised=normalised) if variable.many else segments(normalised=normalised)


def _key_bytes(template: KeyTemplate, values: tuple[str, ...]) -> int:
    fixed = len(template.text) - sum(len(name) + 2 for name in template.names)
    return fixed + sum(len(unicodedata.normalize("NFC", value).encode()) for value in values)
