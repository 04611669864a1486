"""The table of keys, and the rules that every such table fulfils."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from layout.errors import InvalidKeyError, SchemeError
from layout.scheme.table import SCHEME, Scheme
from layout.scheme.template import KeyTemplate, PrefixTemplate
from layout.scheme.variables import Access, Owner, Variable

VARIABLES = (
    Variable("env", "environment", choices=("dev", "prod")),
    Variable("kind", "kind", choices=("audio", "media")),
    Variable("user", "user id"),
    Variable("file", "file name"),
    Variable("path", "path", many=True),
)
DAY = timedelta(days=1)


def row(text: str, name: str = "", **more: Any) -> KeyTemplate:
    """A row of a test's table, its owner as its text says."""
    of_user = "{user}" in text
    owner = Owner.USER if of_user else Owner.ENVIRONMENT
    access = Access.USER if of_user else Access.BACKEND
    declared = {"owner": owner, "access": access} | more
    return KeyTemplate(name=name or text, text=text, description="A test.", variables=VARIABLES, **declared)


def refusal(*rows: KeyTemplate, prefixes: tuple[PrefixTemplate, ...] = ()) -> tuple[str, str | None]:
    """Message and hint of the error that these rows cause."""
    with pytest.raises(SchemeError) as caught:
        Scheme(templates=rows, prefixes=prefixes)
    return str(caught.value), caught.value.hint


def test_environment_first() -> None:
    """Every row starts with the environment."""
    assert refusal(row("games/{path}")) == (
        "The template 'games/{path}' does not start with '{env}/'.",
        "Credentials and lifecycle rules are cut by environment: start every row with '{env}/'.",
    )


def test_retention_needs_a_literal_prefix() -> None:
    """A retention whose prefix has another variable than the environment is refused."""
    assert refusal(row("{env}/users/{user}/cache/{path}", retention=DAY)) == (
        (
            "The template '{env}/users/{user}/cache/{path}' has a retention, but its prefix "
            "'{env}/users/{user}/cache/' has a variable other than {env}."
        ),
        "A lifecycle rule has a literal prefix: put what expires directly under the environment.",
    )


@pytest.mark.parametrize(
    ("retention", "text"), [(timedelta(0), "0:00:00"), (timedelta(hours=36), "1 day, 12:00:00")]
)
def test_retention_in_whole_days(retention: timedelta, text: str) -> None:
    """A retention of no time would delete everything at once; one of hours cannot be kept."""
    assert refusal(row("{env}/temp/{path}", retention=retention)) == (
        (
            f"The template '{{env}}/temp/{{path}}' has the retention {text!r}, which is not "
            "a number of whole days."
        ),
        "R2 removes expired objects within a day or so: use whole days, at least one.",
    )


def test_retention_stays_in_its_row() -> None:
    """A retention whose prefix other rows share is refused."""
    assert refusal(row("{env}/temp/{file}", retention=DAY), row("{env}/temp/keep/{file}")) == (
        "The retention of '{env}/temp/{file}' would also expire keys of '{env}/temp/keep/{file}'.",
        "Give what expires a folder of its own directly under the environment.",
    )


def test_retention_of_a_single_object() -> None:
    """A retention of an object directly under the environment would expire the environment."""
    assert refusal(row("{env}/games/{path}"), row("{env}/note.json", retention=DAY))[0] == (
        "The retention of '{env}/note.json' would also expire keys of '{env}/games/{path}'."
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{env}/a/{file}", "{env}/a/{path}"),
        ("{env}/{path}", "{env}/a/b"),
        ("{env}/a/{file}", "{env}/a/audio"),
        ("{env}/a/{kind}", "{env}/a/audio"),
        ("{env}/{kind}/{path}", "{env}/{file}/b"),
        ("{env}/a", "{env}/a"),
    ],
)
def test_ambiguous_rows(first: str, second: str) -> None:
    """Two rows that can produce one key are refused, in either order."""
    hint = "Give one of them a fixed segment that the other cannot have."
    assert refusal(row(first, "1"), row(second, "2")) == (
        f"The templates {first!r} and {second!r} can produce the same key.",
        hint,
    )
    assert refusal(row(second, "2"), row(first, "1"))[1] == hint


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{env}/a/{path}", "{env}/b/{path}"),
        ("{env}/a/{file}", "{env}/a/{file}/{kind}"),
        ("{env}/a/{kind}", "{env}/a/video"),
        ("{env}/a", "{env}/a/{path}"),
    ],
)
def test_rows_that_differ(first: str, second: str) -> None:
    """Rows that no key fits both of are accepted."""
    assert len(Scheme(templates=(row(first, "1"), row(second, "2"))).templates) == 2


def test_names_differ() -> None:
    """Two rows of one name are refused."""
    assert refusal(row("{env}/a", "x"), row("{env}/b", "x")) == (
        "Two rows are called 'x'.",
        "Give each row a name of its own.",
    )


@pytest.mark.parametrize(
    ("text", "declared", "word"),
    [
        ("{env}/{user}/{path}", {"owner": Owner.SHARED, "access": Access.USER}, "a"),
        ("{env}/{user}/{path}", {"owner": Owner.USER, "access": Access.BACKEND}, "a"),
        ("{env}/a/{path}", {"owner": Owner.USER, "access": Access.USER}, "no"),
    ],
)
def test_owner_is_in_the_key(text: str, declared: dict[str, Any], word: str) -> None:
    """What belongs to a user names the user, and what names a user belongs to that user."""
    assert refusal(row(text, **declared)) == (
        (
            f"The template {text!r} has the owner {declared['owner'].value!r} and the access "
            f"{declared['access'].value!r}, but {word} {{user}}."
        ),
        "A row with {user} in it belongs to that user and is open to that user; any other is not.",
    )


def test_prefix_leads_a_row() -> None:
    """A prefix under which no row lies is refused."""
    stray = PrefixTemplate(name="stray", text="{env}/b/", description="A test.", variables=VARIABLES)
    assert refusal(row("{env}/a/{path}"), prefixes=(stray,)) == (
        "No template starts with the prefix '{env}/b/'.",
        "Correct the prefix, or remove it.",
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
        "scripts/migrate.py."
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
        "{env}/\n  a/{path}     A test.\n  a.json       A test.\n  temp/{path}  A test. (expires after 1 day)"
    )
