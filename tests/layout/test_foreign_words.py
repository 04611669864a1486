"""What others say is passed on without what they were told in confidence."""

from __future__ import annotations

import pytest

from layout.foreign_words import quoted, without_secrets

SECRET = "pLaNtEd0123"


@pytest.mark.parametrize(
    "name",
    [
        "CLOUDFLARE_API_TOKEN",
        "CLOUDFLARE_API_KEY",
        "CLOUDFLARE_API_USER_SERVICE_KEY",
        "R2_SECRET_ACCESS_KEY",
        "PULUMI_CONFIG_PASSPHRASE",
        "AZURE_STORAGE_KEY",
        "PGPASSWORD",
        "mysql_passwd",
        "GOOGLE_CREDENTIALS",
    ],
)
def test_the_value_of_a_variable_that_is_named_as_a_secret_is_starred(name: str) -> None:
    """Also of the programs that Pulumi asks on the way."""
    assert without_secrets(f"refused: {SECRET}.", {name: SECRET}) == "refused: ***."


@pytest.mark.parametrize("name", ["R2_BUCKET", "KEYBOARD", "HOME"])
def test_any_other_value_is_left(name: str) -> None:
    """A message without the bucket's name would say nothing."""
    assert without_secrets("no bucket films", {name: "films"}) == "no bucket films"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("at http://user:pa@ss@proxy:3128/x", "at http://***@proxy:3128/x"),
        ("s3://id:key@bucket?region=auto, then http://a@b", "s3://***@bucket?region=auto, then http://***@b"),
        ("https://example.com/@types/node", "https://example.com/@types/node"),
        ("ask me@example.com", "ask me@example.com"),
    ],
)
def test_the_login_of_an_address_is_starred_without_being_told(text: str, told: str) -> None:
    """Wherever it came from."""
    assert quoted(text) == told


def test_words_are_on_one_line_and_steer_no_terminal() -> None:
    """A line of its own could look like another error."""
    assert quoted("a\r\nError: \x1b[31mb\u202e \u200bc\ud800") == "a Error: [31mb c"


def test_the_longest_secret_is_starred_first() -> None:
    """A shorter one inside it would leave its rest."""
    assert quoted("abcdefgh", ["abcd", "abcdefgh"]) == "***"
