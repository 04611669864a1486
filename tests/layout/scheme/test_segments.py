"""What one segment of a key may be."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest

from layout.errors import InvalidKeyError
from layout.scheme.segments import (
    ANY_CHARACTER,
    ASCII_CHARACTER,
    clean_path,
    clean_segment,
    fits_in_bytes,
    path_pattern,
    segment_pattern,
    shown,
)

HINT = (
    "Use another user id. A segment has 1 to 255 bytes of UTF-8 in NFC, "
    "without slash, backslash and control characters."
)
PATH_HINT = (
    "Use segments that are neither empty nor '.' or '..', joined by single '/'. A segment has 1 to 255 "
    "bytes of UTF-8 in NFC, without slash, backslash and control characters."
)
EVERY_CHARACTER = list(map(chr, range(sys.maxunicode + 1)))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "The user id '' is empty."),
        (".", "The user id '.' is a relative path, not a name."),
        ("..", "The user id '..' is a relative path, not a name."),
        ("a/b", "The user id 'a/b' contains '/'."),
        ("a\\b", "The user id 'a\\\\b' contains '\\\\'."),
        ("a\0", "The user id 'a\\x00' contains U+0000, a control character."),
        ("a\x85", "The user id 'a\\x85' contains U+0085, a control character."),
        ("\ud800", "The user id '\\ud800' contains U+D800, half of a surrogate pair."),
        ("\uffff", "The user id '\\uffff' contains U+FFFF, not a character."),
        ("\ufffe", "The user id '\\ufffe' contains U+FFFE, not a character."),
        (
            "x" * 256,
            f"The user id {'x' * 256!r}"[:212]
            + "... (258 characters in all) has 256 bytes of UTF-8, more than 255.",
        ),
        ("é" * 128, f"The user id {'é' * 128!r} has 256 bytes of UTF-8, more than 255."),
    ],
)
def test_refused_segments(value: str, message: str) -> None:
    """The message names the part, shows the value and says what is wrong with it."""
    with pytest.raises(InvalidKeyError) as caught:
        clean_segment(value, "user id")
    assert (str(caught.value), caught.value.hint) == (message, HINT)


@pytest.mark.parametrize("value", [7, None, b"a", ["a"]])
def test_other_types_are_refused(value: object) -> None:
    """What is no text is refused, not turned into text."""
    with pytest.raises(InvalidKeyError) as caught:
        clean_segment(value, "user id")  # type: ignore[arg-type]
    assert str(caught.value) == f"The user id must be text, not {type(value).__name__}: {value!r}."
    assert caught.value.hint == "Pass the user id as str."


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("a//b", "The path 'a//b' cannot be used: its segment number 2 is empty."),
        ("/a", "The path '/a' cannot be used: its segment number 1 is empty."),
        ("a/", "The path 'a/' cannot be used: its segment number 2 is empty."),
        ("a/../b", "The path 'a/../b' cannot be used: its segment number 2 is a relative path, not a name."),
    ],
)
def test_refused_paths(value: str, message: str) -> None:
    """The message says which segment of a path is wrong."""
    with pytest.raises(InvalidKeyError) as caught:
        clean_path(value, "path")
    assert (str(caught.value), caught.value.hint) == (message, PATH_HINT)


@pytest.mark.parametrize(
    "value",
    ["a", "...", "..a", " ", "%2e%2e", "a b", "100%", "x" * 255, "é" * 127, "日本", "\u202e", "~", "CON"],
)
def test_allowed_segments(value: str) -> None:
    """Whatever real data has is allowed, up to 255 bytes."""
    assert clean_segment(value, "user id") == value


def test_bytes_count_after_normalisation() -> None:
    """A name of 381 bytes in NFD whose NFC has 254 is allowed."""
    decomposed = "e\u0301" * 127
    assert (len(decomposed.encode()), clean_segment(decomposed, "user id")) == (381, "é" * 127)


def test_normalisation_that_grows_is_measured_after() -> None:
    """U+0958 has 3 bytes and its NFC 6: 85 of them are one too many."""
    with pytest.raises(InvalidKeyError, match=r"has 510 bytes of UTF-8, more than 255\."):
        clean_segment("\u0958" * 85, "user id")


def test_pattern_refuses_exactly_the_named_characters() -> None:
    """The pattern allows every character but slashes, Cc, Cs, U+FFFE and U+FFFF."""
    allowed = re.compile(ANY_CHARACTER)
    wrong = [
        character
        for character in EVERY_CHARACTER
        if bool(allowed.fullmatch(character))
        == (unicodedata.category(character) in {"Cc", "Cs"} or character in "/\\\ufffe\uffff")
    ]
    assert wrong == []


def test_ascii_pattern_is_the_pattern_of_ascii() -> None:
    """The fast pattern allows exactly what the other allows of ASCII."""
    fast = {character for character in EVERY_CHARACTER if re.fullmatch(ASCII_CHARACTER, character)}
    slow = {character for character in EVERY_CHARACTER[:128] if re.fullmatch(ANY_CHARACTER, character)}
    assert fast == slow


def test_nothing_composes_with_a_slash() -> None:
    """NFC of a key is its segments' NFC joined: no character changes behind '/' or '/' before it."""
    wrong = [
        character
        for character in EVERY_CHARACTER
        if not 0xD800 <= ord(character) < 0xE000
        and unicodedata.normalize("NFC", f"/{character}/") != f"/{unicodedata.normalize('NFC', character)}/"
    ]
    assert wrong == []


@pytest.mark.parametrize("text", ["", ".", "..", "a/", "/a", "x" * 256, "a/b"])
def test_segment_pattern_refuses(text: str) -> None:
    """The pattern refuses what the message-making check refuses."""
    assert re.fullmatch(segment_pattern(ASCII_CHARACTER), text) is None


@pytest.mark.parametrize("text", ["", "a/", "/a", "a//b", "a/..", "./a", "a/./b", "a/" + "x" * 256])
def test_path_pattern_refuses(text: str) -> None:
    """A path of which one segment is none is refused."""
    assert re.fullmatch(path_pattern(ASCII_CHARACTER), text) is None


@pytest.mark.parametrize("text", ["a", "...", ".a", "a/..b", "a/b/c", "a/" + "x" * 255])
def test_path_pattern_allows(text: str) -> None:
    """Names that begin with dots are names."""
    assert re.fullmatch(path_pattern(ASCII_CHARACTER), text) is not None


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("x" * 1024, True),
        ("x" * 1025, False),
        ("é" * 127 + "/" + "é" * 127, True),
        ("é" * 128, False),
        ("/".join(["é" * 127] * 4) + "/é..", True),
        ("/".join(["é" * 127] * 4) + "/é...", False),
    ],
)
def test_limits_in_bytes(text: str, fits: bool) -> None:
    """A key has at most 1,024 bytes, and beyond ASCII each segment is measured in bytes."""
    assert fits_in_bytes(text) is fits


def test_shown_cuts_a_novel_short() -> None:
    """A message shows 200 characters of a long value and says how many there are."""
    assert shown("a" * 1_000_000) == "'" + "a" * 199 + "... (1,000,002 characters in all)"
