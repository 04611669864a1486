"""The table of keys: what it reads and how it is drawn."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layout.errors import InvalidKeyError
from layout.scheme.table import SCHEME, Scheme
from layout.scheme.template import KeyTemplate
from layout.scheme.variables import Variable

VARIABLES = (
    Variable("env", "environment", choices=("dev", "prod")),
    Variable("path", "path", many=True),
)
DAY = timedelta(days=1)


def row(text: str, retention: timedelta | None = None, locked: timedelta | None = None) -> KeyTemplate:
    """A row of a test's table."""
    return KeyTemplate(
        name=text,
        text=text,
        description="A test.",
        variables=VARIABLES,
        retention=retention,
        locked=locked,
    )


@pytest.mark.parametrize(
    ("key", "name", "fields"),
    [
        ("dev/layout.json", "marker", {}),
        ("prod/games/ab.mp4", "game", {"path": "ab.mp4"}),
        ("dev/users/a/profiles.json", "profiles", {"user": "a"}),
        ("dev/users/a/selected-profile.json", "selected_profile", {"user": "a"}),
        ("dev/users/a/profiles/p/x/y", "profile_file", {"user": "a", "profile": "p", "path": "x/y"}),
        (
            "dev/users/a/projects/p/scenes/s/audio/f.mp3",
            "scene_file",
            {"user": "a", "project": "p", "scene": "s", "media_type": "audio", "file": "f.mp3"},
        ),
        (
            "dev/users/a/projects/p/output/f.mp4",
            "project_output",
            {"user": "a", "project": "p", "file": "f.mp4"},
        ),
        ("staging/temp/é/x", "temporary", {"path": "é/x"}),
        ("dev/backups/x", "backup", {"path": "x"}),
    ],
)
def test_rows_of_the_project(key: str, name: str, fields: dict[str, str]) -> None:
    """Each kind of key is read as its row."""
    parsed = SCHEME.parse(key)
    rest = {part: value for part, value in parsed.fields.items() if part != "env"}
    assert (parsed, parsed.template, rest) == (key, SCHEME[name], fields)


@pytest.mark.parametrize(
    "text",
    [
        "", "dev", "dev/", "production/games/a", "a/database.sqlite", "games/x.mp4", "/dev/games/a",
        "dev/games/", "dev/games//a", "dev/users/a/profiles/p", "dev/users/a/profiles/p/",
        "dev/users/a/profiles/p/../q/x", "dev/users/a/profiles.json/x", "dev/users/a/profiles.jsonx",
        "dev/users//profiles.json", "dev/layout.json\n", "dev/users/a/projects/p/scenes/s/video/f",
        "dev/users/a/projects/p/scenes/s/audio/f/g", "DEV/games/a", "dev/temp/\x00", "dev/temp/é\x7f",
        "dev/temp/\ud800", "dev/temp/a\\b", "xdev/games/a", "dev/gamesx/a",
    ],
)  # fmt: skip
def test_no_key_of_the_scheme(text: str) -> None:
    """A text that fits no row is refused, and the hint names the migration."""
    with pytest.raises(InvalidKeyError) as caught:
        SCHEME.parse(text)
    assert str(caught.value) == f"The key {text!r} fits no template of the scheme."
    assert caught.value.hint == (
        "The table is in layout/scheme/table.py. Keys of an old layout are read by layout.legacy and moved by "
        "r2-layout migrate."
    )
    assert caught.value.key == text


def test_parse_of_a_long_key() -> None:
    """A key of 1,024 bytes is read, one of 1,025 is refused for its length."""
    path = "/".join(["x" * 250] * 4)
    text = f"dev/temp/{path}" + "/" + "y" * (1023 - len(f"dev/temp/{path}"))
    assert len(SCHEME.parse(text)) == 1024
    with pytest.raises(InvalidKeyError) as caught:
        SCHEME.parse(text + "y")
    assert str(caught.value) == (
        f"The key {text + 'y'!r}"[:208]
        + "... (1,027 characters in all) has 1,025 bytes of UTF-8, more than 1,024."
    )
    assert caught.value.hint == "R2 cannot hold such a key; shorten it."


@pytest.mark.parametrize("value", [None, b"dev/layout.json", 7])
def test_parse_of_another_type(value: object) -> None:
    """Only text is parsed."""
    with pytest.raises(InvalidKeyError) as caught:
        SCHEME.parse(value)  # type: ignore[arg-type]
    assert str(caught.value) == f"A key must be text, not {type(value).__name__}: {value!r}."
    assert caught.value.hint == "Pass the key as str."


def test_only_temporary_data_expires() -> None:
    """Nothing expires but what is temporary or a backup."""
    assert {row.name: row.retention for row in SCHEME.templates if row.retention} == {
        "temporary": timedelta(days=1),
        "backup": timedelta(days=30),
    }


def test_only_backups_are_locked() -> None:
    """Nothing is locked but what was set aside, for as long as it is kept."""
    assert {row.name: row.locked for row in SCHEME.templates if row.locked} == {"backup": timedelta(days=30)}


def test_unknown_names() -> None:
    """An unknown row or prefix is a KeyError."""
    with pytest.raises(KeyError, match="nothing"):
        SCHEME["nothing"]
    with pytest.raises(KeyError, match="nothing"):
        SCHEME.prefix("nothing")


def test_scheme_without_prefixes_draws_a_tree() -> None:
    """The drawing folds what rows share, and says what expires."""
    scheme = Scheme(
        templates=(row("{env}/a/{path}"), row("{env}/a.json"), row("{env}/temp/{path}", retention=DAY))
    )
    assert scheme.tree() == (
        "{env}/         dev | prod\n  a/{path}     A test.\n"
        "  a.json       A test.\n  temp/{path}  A test. (expires after 1 day)"
    )


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"locked": DAY}, "locked for 1 day"),
        ({"locked": timedelta(hours=36)}, "locked for 129,600 seconds"),
        ({"locked": DAY, "retention": 2 * DAY}, "locked for 1 day, expires after 2 days"),
        ({"locked": 2 * DAY, "retention": 2 * DAY}, "locked for 2 days, then expires"),
    ],
)
def test_the_tree_says_what_is_locked(limits: dict[str, timedelta], text: str) -> None:
    """The drawing says for how long a row is locked."""
    assert (
        Scheme(templates=(row("{env}/a/{path}", **limits),)).tree() == f"{{env}}/a/{{path}}  A test. ({text})"
    )
