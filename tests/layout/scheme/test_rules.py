"""What every table of keys must fulfil."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from layout.errors import SchemeError
from layout.scheme.table import Scheme
from layout.scheme.template import KeyTemplate, PrefixTemplate
from layout.scheme.variables import Access, Variable

VARIABLES = (
    Variable("env", "environment", choices=("dev", "prod")),
    Variable("kind", "kind", choices=("audio", "media")),
    Variable("user", "user id"),
    Variable("file", "file name"),
    Variable("path", "path", many=True),
)
DAY = timedelta(days=1)


def row(text: str, name: str = "", **more: Any) -> KeyTemplate:
    """A row of a test's table."""
    return KeyTemplate(name=name or text, text=text, description="A test.", variables=VARIABLES, **more)


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


def test_lock_needs_a_literal_prefix() -> None:
    """A lock whose prefix has another variable than the environment is refused."""
    assert refusal(row("{env}/users/{user}/kept/{path}", locked=DAY)) == (
        (
            "The template '{env}/users/{user}/kept/{path}' has a lock, but its prefix "
            "'{env}/users/{user}/kept/' has a variable other than {env}."
        ),
        "A bucket lock rule has a literal prefix: put what is locked directly under the environment.",
    )


@pytest.mark.parametrize(
    ("locked", "text"),
    [
        (timedelta(0), "0:00:00"),
        (timedelta(seconds=-1), "-1 day, 23:59:59"),
        (timedelta(milliseconds=1500), "0:00:01.500000"),
    ],
)
def test_lock_in_whole_seconds(locked: timedelta, text: str) -> None:
    """A lock of no time locks nothing; one of a part of a second cannot be expressed."""
    assert refusal(row("{env}/kept/{path}", locked=locked)) == (
        f"The template '{{env}}/kept/{{path}}' is locked for {text!r}, which is not a number of whole seconds.",
        "A bucket lock rule counts seconds: use whole seconds, at least one.",
    )


def test_lock_within_the_retention() -> None:
    """A lock that outlasts the retention is refused, since R2 lets it win."""
    locked = DAY + timedelta(seconds=1)
    assert refusal(row("{env}/kept/{path}", retention=DAY, locked=locked)) == (
        (
            "The template '{env}/kept/{path}' is locked for '1 day, 0:00:01', longer than its retention of "
            "'1 day, 0:00:00'."
        ),
        (
            "R2 keeps a locked object past its lifecycle rule, so the retention would not be true: "
            "lengthen it, or shorten the lock."
        ),
    )


def test_lock_stays_in_its_row() -> None:
    """A lock whose prefix other rows share is refused, in either order."""
    rows = row("{env}/kept/{file}", locked=DAY), row("{env}/kept/more/{file}")
    for order in (rows, rows[::-1]):
        assert refusal(*order) == (
            "The lock of '{env}/kept/{file}' would also lock keys of '{env}/kept/more/{file}'.",
            "Give what is locked a folder of its own directly under the environment.",
        )


@pytest.mark.parametrize("limits", [{"retention": DAY}, {"locked": DAY}])
def test_ids_of_rules_differ(limits: dict[str, Any]) -> None:
    """Two rows whose rules would share an id are refused."""
    rows = row("{env}/a/b/{path}", **limits), row("{env}/a-b/{path}", **limits)
    assert refusal(*rows) == (
        "The rules of '{env}/a/b/{path}' and '{env}/a-b/{path}' would have the same id.",
        "Rename the folder of one of them.",
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
    "text", ["{env}/a/{path}", "{env}/a/{user}", "{env}/{kind}/{user}/{path}", "{env}/{file}/{user}/x"]
)
def test_what_is_open_to_a_user_has_a_folder_of_the_user(text: str) -> None:
    """A credential of a user is cut at the user's folder, so there must be one after fixed segments."""
    assert refusal(row(text, access=Access.USER)) == (
        f"The template {text!r} is open to a user, but has no folder of that user.",
        (
            "A credential of a user opens what lies under '{user}/': put it after fixed segments, and the "
            "rest after it."
        ),
    )


@pytest.mark.parametrize(
    ("text", "access", "other", "others_access"),
    [
        ("{env}/users/{user}/{file}", Access.USER, "{env}/users/{user}/bills/{file}", Access.BACKEND),
        ("{env}/users/{user}/{file}", Access.USER, "{env}/users/{user}/open/{file}", Access.EVERYONE),
        ("{env}/open/{kind}/{file}", Access.EVERYONE, "{env}/open/kept/{kind}/{file}", Access.BACKEND),
        ("{env}/open.json", Access.EVERYONE, "{env}/kept/{path}", Access.BACKEND),
        ("{env}/users/{user}/open/{file}", Access.EVERYONE, "{env}/users/{user}/a/{file}", Access.USER),
    ],
)
def test_access_stays_in_its_rows(text: str, access: Access, other: str, others_access: Access) -> None:
    """A row whose credentials would open a row of another access is refused, in either order."""
    rows = row(text, access=access), row(other, access=others_access)
    for order in (rows, rows[::-1]):
        message, hint = refusal(*order)
        assert message in {
            f"Credentials that open {one.text!r} to {one.access.value!r} would also open keys of {two.text!r}."
            for one, two in (rows, rows[::-1])
        }
        assert hint == "Give what is open a folder of its own, or both rows the same access."


@pytest.mark.parametrize(
    ("text", "owner"),
    [("{env}/a/{path}", "environment"), ("{env}/a/{user}/{path}", "user"), ("{env}/a/{user}", "user")],
)
def test_owner_follows_from_the_text(text: str, owner: str) -> None:
    """What names a user belongs to that user, whoever may reach it."""
    assert row(text).owner == owner


def test_prefix_leads_a_row() -> None:
    """A prefix under which no row lies is refused."""
    stray = PrefixTemplate(name="stray", text="{env}/b/", description="A test.", variables=VARIABLES)
    assert refusal(row("{env}/a/{path}"), prefixes=(stray,)) == (
        "No template starts with the prefix '{env}/b/'.",
        "Correct the prefix, or remove it.",
    )
