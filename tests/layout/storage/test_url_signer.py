"""URLs that are handed out again: by all that they depend on, and never when they are about to end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from layout.errors import InvalidKeyError
from layout.storage.credentials.storage_credentials import StorageCredentials
from layout.storage.download_name import content_disposition
from layout.storage.media_types import guess_media_type
from layout.storage.presigned import MOST_KEPT, UrlSigner

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOKEN = StorageCredentials("a" * 32, SecretStr("b" * 64))


class Clock:
    """Shows what it is told."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        """What it was told last."""
        return self.time


@pytest.fixture
def clock() -> Clock:
    """At noon."""
    return Clock()


def _signer(clock: Clock, credentials: list[StorageCredentials]) -> UrlSigner:
    return UrlSigner("https://a.example", "films", lambda: credentials[0], now=clock)


def test_a_url_is_handed_out_again(clock: Clock) -> None:
    """So a page that is loaded twice finds the file in the browser's cache."""
    signer = _signer(clock, [TOKEN])
    first = signer.sign("GET", "dev/a", HOUR)
    clock.time += HOUR / 2
    assert signer.sign("GET", "dev/a", HOUR) is first


def test_a_url_is_not_handed_out_for_the_last_half_of_its_life(clock: Clock) -> None:
    """Somebody who asked for an hour was once given a minute."""
    signer = _signer(clock, [TOKEN])
    first = signer.sign("GET", "dev/a", HOUR)
    clock.time += HOUR / 2 + timedelta(seconds=1)
    second = signer.sign("GET", "dev/a", HOUR)
    assert second is not first
    assert second.expires_at == clock.time + HOUR


def test_everything_that_a_url_depends_on_makes_it_another(clock: Clock) -> None:
    """Method, key, lifetime, query, headers, credential."""
    credentials = [TOKEN]
    signer = _signer(clock, credentials)
    made = [
        signer.sign("GET", "dev/a", HOUR),
        signer.sign("PUT", "dev/a", HOUR),
        signer.sign("GET", "dev/b", HOUR),
        signer.sign("GET", "dev/a", 2 * HOUR),
        signer.sign("GET", "dev/a", HOUR, query={"partNumber": "1"}),
        signer.sign("GET", "dev/a", HOUR, headers={"Content-Type": "video/mp4"}),
    ]
    credentials[0] = StorageCredentials("a" * 32, SecretStr("c" * 64))
    made.append(signer.sign("GET", "dev/a", HOUR))
    assert len({url.url for url in made}) == len(made)


def test_a_url_never_outlives_its_credential(clock: Clock) -> None:
    """One whose credential ends soon is made anew each time, and says when it ends."""
    ending = StorageCredentials(
        "a" * 32, SecretStr("b" * 64), SecretStr("token"), NOW + timedelta(minutes=10)
    )
    signer = _signer(clock, [ending])
    first, second = signer.sign("GET", "dev/a", HOUR), signer.sign("GET", "dev/a", HOUR)
    assert first.expires_at == second.expires_at == NOW + timedelta(minutes=10)
    assert first is not second


def test_after_a_migration_urls_are_made_anew(clock: Clock) -> None:
    """Whoever moved objects says so."""
    signer = _signer(clock, [TOKEN])
    first = signer.sign("GET", "dev/a", HOUR)
    signer.forget()
    assert signer.sign("GET", "dev/a", HOUR) is not first


def test_not_more_urls_are_kept_than_that(clock: Clock) -> None:
    """The one that was asked for longest ago goes first."""
    signer = _signer(clock, [TOKEN])
    kept, gone = signer.sign("GET", "dev/kept", HOUR), signer.sign("GET", "dev/gone", HOUR)
    for number in range(MOST_KEPT - 1):
        signer.sign("GET", "dev/kept", HOUR)
        signer.sign("GET", f"dev/{number}", HOUR)
    assert signer.sign("GET", "dev/kept", HOUR) is kept
    assert signer.sign("GET", "dev/gone", HOUR) is not gone


def test_what_must_be_sent_is_signed(clock: Clock) -> None:
    """In any spelling of a key."""
    url = _signer(clock, [TOKEN]).sign("PUT", "dev/Tör #1 100%.mp4", HOUR, headers={"Content-Length": "4"})
    query = parse_qs(urlsplit(url.url).query)
    assert query["X-Amz-SignedHeaders"] == ["content-length;host"]
    assert query["X-Amz-Expires"] == ["3600"]
    assert urlsplit(url.url).path == "/films/dev/T%C3%B6r%20%231%20100%25.mp4"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("goal.mp4", 'attachment; filename="goal.mp4"'),
        ("Tör.mp4", "attachment; filename=\"T_r.mp4\"; filename*=UTF-8''T%C3%B6r.mp4"),
        ('a"b\u2028%.mp4', "attachment; filename=\"a_b__.mp4\"; filename*=UTF-8''a%22b%E2%80%A8%25.mp4"),
    ],
)
def test_a_download_has_a_name_in_any_script(name: str, header: str) -> None:
    """RFC 6266: a plain one for old programs, the whole one for all others."""
    assert content_disposition(name) == header


@pytest.mark.parametrize("name", ["", "a/b", "a\r\nSet-Cookie: b", ".."])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    """It would be a path, or another header."""
    with pytest.raises(InvalidKeyError):
        content_disposition(name)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.mp4", "video/mp4"),
        ("a/b.MP3", "audio/mpeg"),
        ("a.b/c", "application/octet-stream"),
        ("a.tar.gz", "application/octet-stream"),
        ("http://x/a.html", "text/html"),
        ("data:,a", "application/octet-stream"),
    ],
)
def test_the_ending_of_a_name_says_what_is_in_it(name: str, kind: str) -> None:
    """By the library's own table, whatever this machine has; what is packed is called so."""
    assert guess_media_type(name) == kind
