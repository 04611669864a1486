"""What a session token tells, and what is said about one that cannot be read."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from layout.errors import CredentialsError
from layout.storage.credentials.session_token import expiry, scope_paths
from layout.storage.credentials.signing import Parent, sign

PARENT = Parent("0123456789abcdef0123456789abcdef", "id", SecretStr("s"), "host")


def _token(*prefixes: str) -> str:
    made = sign(
        PARENT, "films", issued_at=0, expires_at=1_790_000_000, scope="object-read-only", prefixes=prefixes
    )
    assert made.session_token is not None
    return made.session_token.get_secret_value()


def _wrapped(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _with_claims(claims: str) -> str:
    return _wrapped(f"jwt/a.{base64.urlsafe_b64encode(claims.encode()).decode()}.c")


def test_prefixes_are_read() -> None:
    """Any script, several of them."""
    assert scope_paths(_token("dev/", "prod/users/ä/")) == ("dev/", "prod/users/ä/")


def test_exact_keys_are_read_too() -> None:
    """A token for single objects is not one for the whole bucket."""
    made = sign(
        PARENT, "films", issued_at=0, expires_at=9, scope="object-read-only", objects=["dev/layout.json"]
    )
    assert made.session_token is not None
    assert scope_paths(made.session_token.get_secret_value()) == ("dev/layout.json",)


def test_no_prefixes_mean_the_whole_bucket() -> None:
    """R2 reads it so too."""
    assert scope_paths(_token()) == ()


def test_expiry_is_read() -> None:
    """Aware, in UTC."""
    assert expiry(_token()) == datetime.fromtimestamp(1_790_000_000, UTC)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("%%%", "it is not base64 of a JWT"),
        ("bücher", "it is not base64 of a JWT"),
        (_wrapped("jwt/a"), "it is not base64 of a JWT"),
        (_wrapped("jwt/a.b.c"), "it is not base64 of a JWT"),
        (_wrapped("xyz/a.b.c"), "it does not begin with 'jwt/'"),
        (_with_claims("[1]"), "its claims are not an object"),
        (_with_claims("[" * 100_000), "it is not base64 of a JWT"),
        (_with_claims('{"paths": 5}'), "its paths are not an object"),
        (_with_claims('{"paths": ["dev/"]}'), "its paths are not an object"),
        (_with_claims('{"paths": []}'), "its paths are not an object"),
        (_with_claims('{"paths": {"prefixPaths": 5}}'), "its paths are not lists of text"),
        (_with_claims('{"paths": {"prefixPaths": "dev/"}}'), "its paths are not lists of text"),
        (_with_claims('{"paths": {"objectPaths": [null]}}'), "its paths are not lists of text"),
    ],
)
def test_a_text_that_is_no_token_is_refused_without_showing_it(token: str, reason: str) -> None:
    """It might be a secret that was put into the wrong variable."""
    with pytest.raises(CredentialsError) as caught:
        scope_paths(token)
    assert str(caught.value) == f"The session token cannot be read: {reason}."
    assert caught.value.hint == "Set R2_SESSION_TOKEN to the text that minting printed, or leave it out."


def test_a_token_without_expiry_is_refused() -> None:
    """Every credential ends; one that does not say when is not understood."""
    for claims in ('{"bucket":"films"}', '{"exp": true}', '{"exp": "1790000000"}'):
        with pytest.raises(CredentialsError) as caught:
            expiry(_with_claims(claims))
        assert str(caught.value) == "The session token cannot be read: it has no time of expiry."


@pytest.mark.parametrize("end", [10**12, -(10**12), 10**30])
def test_an_expiry_beyond_the_calendar_is_refused(end: int) -> None:
    """Milliseconds in place of seconds, for one."""
    with pytest.raises(CredentialsError) as caught:
        expiry(_with_claims(json.dumps({"exp": end})))
    assert str(caught.value) == "The session token cannot be read: its time of expiry is no date."
