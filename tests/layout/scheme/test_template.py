"""One text, both directions."""

from __future__ import annotations

import copy
import pickle

import pytest

from layout.environment import Environment
from layout.errors import InvalidKeyError, SchemeError
from layout.scheme.template import Key, KeyTemplate, PrefixTemplate
from layout.scheme.variables import Access, Variable

VARIABLES = (
    Variable("env", "environment", choices=("dev", "prod")),
    Variable("user", "user id"),
    Variable("file", "file name"),
    Variable("path", "path", many=True),
)


def template(text: str) -> KeyTemplate:
    """A template of this text."""
    return KeyTemplate(name="t", text=text, description="A test.", variables=VARIABLES)


NOTE = template("{env}/notes/{user}/{path}")


def test_key_knows_its_template_and_fields() -> None:
    """A key carries the template and the values that it was made of, in the order of the text."""
    key = NOTE.fill("dev", "anna", "a/b")
    assert (key, key.template, key.fields) == (
        "dev/notes/anna/a/b",
        NOTE,
        {"env": "dev", "user": "anna", "path": "a/b"},
    )
    assert list(key.fields) == ["env", "user", "path"]


def test_values_by_name() -> None:
    """``format`` takes the values in any order."""
    assert NOTE.format(path="b", user="anna", env="dev") == "dev/notes/anna/b"


def test_values_by_wrong_name() -> None:
    """A missing or unknown name is a mistake of the program: TypeError."""
    with pytest.raises(TypeError) as caught:
        NOTE.format(path="b", who="anna", env="dev")
    assert str(caught.value) == "'{env}/notes/{user}/{path}' takes env, user, path, not path, who, env."


def test_parse_is_the_way_back() -> None:
    """A key's text parses to the same template and fields."""
    key = NOTE.parse("dev/notes/anna/a/b")
    assert key is not None
    assert (key, dict(key.fields)) == ("dev/notes/anna/a/b", {"env": "dev", "user": "anna", "path": "a/b"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dev/notes/anna",
        "dev/notes/anna/",
        "test/notes/anna/a",
        "dev/other/anna/a",
        "dev/notes//a",
        "dev/notes/../a",
    ],
)
def test_parse_of_another_text_is_none(text: str) -> None:
    """A text that is no key of the template gives None."""
    assert NOTE.parse(text) is None


def test_values_may_not_hold_a_slash() -> None:
    """A value with a slash in it cannot pass for two segments."""
    with pytest.raises(InvalidKeyError) as caught:
        NOTE.fill("dev", "anna/x", "b")
    assert str(caught.value) == "The user id 'anna/x' contains '/'."


def test_choice() -> None:
    """A variable with choices takes no other value."""
    with pytest.raises(InvalidKeyError) as caught:
        NOTE.fill("production", "anna", "b")
    assert str(caught.value) == "The environment 'production' is none of dev, prod."
    assert caught.value.hint == "Use one of dev, prod."


@pytest.mark.parametrize("name", ["%s", "{user}", "%(user)s", "\\1"])
def test_values_are_not_templates(name: str) -> None:
    """Format characters in a value are characters."""
    if "\\" in name:
        with pytest.raises(InvalidKeyError, match="contains"):
            NOTE.fill("dev", name, "b")
    else:
        assert NOTE.fill("dev", name, "b").fields["user"] == name


def test_percent_in_a_template() -> None:
    """A percent sign in the text is one in the key."""
    assert template("{env}/100%/{user}").fill("dev", "anna") == "dev/100%/anna"


def test_enum_member_is_its_text() -> None:
    """A member of a StrEnum fills a variable as its value, which is what the fields hold."""
    key = NOTE.fill(Environment.DEV, "é", "b")
    assert [type(value) for value in key.fields.values()] == [str, str, str]


@pytest.mark.parametrize("values", [("dev", "e\u0301", "a"), ("dev", "é", "a")])
def test_keys_are_in_nfc(values: tuple[str, ...]) -> None:
    """Both normalisations of a value give one key."""
    assert NOTE.fill(*values).fields["user"] == "é"


def test_parse_normalises() -> None:
    """A text in NFD is the key in NFC."""
    key = NOTE.parse("dev/notes/e\u0301/a")
    assert (key, key and key.fields["user"]) == ("dev/notes/é/a", "é")


def test_longest_key() -> None:
    """A key may have 1,024 bytes."""
    prefix = "dev/notes/anna/"
    rest = "/".join(["x" * 200] * 6)[: 1024 - len(prefix)]
    assert len(NOTE.fill("dev", "anna", rest)) == 1024


@pytest.mark.parametrize("letter", ["x", "é"])
def test_key_too_long(letter: str) -> None:
    """A key of 1,025 bytes is refused, and the message says what to shorten."""
    path = "/".join([letter * (200 // len(letter.encode()))] * 5)
    path += "y" * (1025 - len(f"dev/notes/anna/{path}".encode()))
    with pytest.raises(InvalidKeyError) as caught:
        NOTE.fill("dev", "anna", path)
    text = f"dev/notes/anna/{path}"
    shown = f"{text!r}"[:200] + f"... ({len(text) + 2:,} characters in all)"
    assert str(caught.value) == f"The key {shown} has 1,025 bytes of UTF-8, more than 1,024."
    assert (caught.value.hint, caught.value.key) == ("Shorten the path.", text)


def test_key_is_text() -> None:
    """A key compares, hashes and formats as its text."""
    key = NOTE.fill("dev", "anna", "b")
    assert "dev/notes/anna/b" in {key}
    assert (f"{key}", type(str(key)), key.encode()) == ("dev/notes/anna/b", str, b"dev/notes/anna/b")


def test_repr_says_that_it_is_a_key() -> None:
    """The debugger's view tells a key from a plain text."""
    assert repr(NOTE.fill("dev", "anna", "b")) == "Key('dev/notes/anna/b')"


def test_key_has_no_other_attributes() -> None:
    """A key has no ``__dict__``: ten million of them fit in memory."""
    with pytest.raises(AttributeError):
        NOTE.fill("dev", "anna", "b").extra = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_key_pickles(protocol: int) -> None:
    """A key crosses a process border whole."""
    key = NOTE.fill("dev", "anna", "é/b")
    back = pickle.loads(pickle.dumps(key, protocol))  # noqa: S301
    assert (type(back), back, back.template, back.fields) == (Key, key, NOTE, key.fields)


def test_unpickled_template_works() -> None:
    """A template that crossed a process border fills and parses."""
    back = pickle.loads(pickle.dumps(NOTE))  # noqa: S301
    assert back.parse(back.fill("dev", "anna", "b")) == "dev/notes/anna/b"


def test_copies_are_the_key_itself() -> None:
    """A key never changes, so a copy of it is it."""
    key = NOTE.fill("dev", "anna", "b")
    assert copy.copy(key) is key
    assert copy.deepcopy([key])[0] is key


def test_templates_default_to_the_backend() -> None:
    """A row that says nothing is reached by the backend only, kept for ever, and of any type."""
    assert (NOTE.access, NOTE.retention, NOTE.content_type) == (Access.BACKEND, None, None)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{env}/{user}.json", "has the segment '{user}.json'.", "A variable fills a whole segment: {name}."),
        ("{env}/{who}", "uses the variable 'who', which is not declared.", "Declare it as a Variable."),
        ("{env}/{user}/{user}", "uses a variable twice.", "Give each part a name of its own."),
        ("{env}/{path}/{user}", "has a variable of many segments before its end.", "Put it last."),
        ("{env}/{path}/end", "has a variable of many segments before its end.", "Put it last."),
    ],
)
def test_wrong_templates(text: str, message: str, hint: str) -> None:
    """A text that could not be read back is refused when it is declared."""
    with pytest.raises(SchemeError) as caught:
        template(text)
    assert (str(caught.value), caught.value.hint) == (f"The template {text!r} {message}", hint)


@pytest.mark.parametrize("text", ["{env}//{user}", "{env}/../{user}", "/{env}"])
def test_fixed_segments_are_segments(text: str) -> None:
    """What is fixed in a template obeys the rule for segments."""
    with pytest.raises(InvalidKeyError, match=r"^The fixed segment '"):
        template(text)


def test_wrong_number_of_values() -> None:
    """Too few values are a mistake of the program: TypeError."""
    with pytest.raises(TypeError):
        NOTE.fill("dev", "anna")


def prefix(text: str) -> PrefixTemplate:
    """A prefix of this text."""
    return PrefixTemplate(name="p", text=text, description="A test.", variables=VARIABLES)


@pytest.mark.parametrize(("user", "expected"), [("anna", "dev/anna/"), ("e\u0301", "dev/é/")])
def test_prefix(user: str, expected: str) -> None:
    """A prefix is a plain text in NFC that ends in a slash."""
    assert prefix("{env}/{user}/").fill("dev", user) == expected


@pytest.mark.parametrize("user", ["", "..", "a/b"])
def test_prefix_checks_its_values(user: str) -> None:
    """A prefix refuses what a key refuses."""
    with pytest.raises(InvalidKeyError, match=r"^The user id "):
        prefix("{env}/{user}/").fill("dev", user)


def test_prefix_ends_in_a_slash() -> None:
    """A prefix without a slash at its end would reach into its neighbours."""
    with pytest.raises(SchemeError) as caught:
        prefix("{env}/{user}")
    assert str(caught.value) == "The template '{env}/{user}' is a prefix that does not end in '/'."
    assert caught.value.hint == "End it with '/'."
