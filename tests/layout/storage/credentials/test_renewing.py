"""Credentials that renew themselves, on a clock of the test's own."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from layout.access import CredentialScope, scope_for_environment, scope_for_whole_bucket
from layout.environment import Environment
from layout.errors import CredentialsError
from layout.storage.credentials.renewing import RenewingCredentials
from layout.storage.credentials.storage_credentials import StorageCredentials

DEV = scope_for_environment("films", Environment.DEV, write=True)
WHOLE = scope_for_whole_bucket("films", write=True)
START = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


class Mint:
    """A minter on a clock that only the test moves, which can be told to fail."""

    def __init__(self) -> None:
        self.time = START
        self.minted = 0
        self.attempts = 0
        self.broken = False

    def now(self) -> datetime:
        """The test's time."""
        return self.time

    def __call__(self, scope: CredentialScope, lifetime: timedelta) -> StorageCredentials:
        """A credential with a number."""
        self.attempts += 1
        if self.broken:
            raise CredentialsError("Cloudflare's API gives no answer.", hint="Try again.")
        self.minted += 1
        assert scope in (DEV, WHOLE)
        return StorageCredentials(
            f"id-{self.minted}", SecretStr("hush"), SecretStr("quiet"), self.time + lifetime
        )


def _credentials(mint: Mint, lifetime: timedelta = timedelta(minutes=1)) -> RenewingCredentials:
    return RenewingCredentials(mint, DEV, lifetime, now=mint.now)


def test_nothing_is_minted_before_it_is_needed() -> None:
    """Making a storage makes no request."""
    mint = Mint()
    credentials = _credentials(mint)
    assert mint.attempts == 0
    assert credentials().access_key_id == "id-1"
    assert credentials().access_key_id == "id-1"
    assert mint.attempts == 1


def test_no_call_gets_an_ended_credential() -> None:
    """1,000 calls over 20 lifetimes: each answer is still valid for a quarter of its life at least."""
    mint = Mint()
    credentials = _credentials(mint)
    for _ in range(1_000):
        mint.time += timedelta(seconds=1.2)
        assert (credentials().expires_at or START) - mint.time > timedelta(seconds=15)
    assert mint.minted == 27
    assert mint.attempts == 27


@pytest.mark.parametrize(
    ("lifetime", "margin"),
    [
        (timedelta(minutes=1), timedelta(seconds=15)),
        (timedelta(hours=1), timedelta(minutes=15)),
        (timedelta(days=7), timedelta(minutes=15)),
    ],
)
def test_the_margin_is_a_quarter_of_the_life_or_15_minutes(lifetime: timedelta, margin: timedelta) -> None:
    """Long enough to try again several times, short enough not to waste a long life."""
    assert _credentials(Mint(), lifetime).margin == margin


def test_a_failing_mint_goes_on_with_what_is_valid_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """A warning with scope, time left and cause, not at every request."""
    mint = Mint()
    credentials = _credentials(mint)
    credentials()
    mint.broken = True
    mint.time += timedelta(seconds=50)
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            assert credentials().access_key_id == "id-1"
    warning = (
        "The temporary credential for 'dev/' in 'films' could not be renewed and ends in 10 seconds: "
        "Cloudflare's API gives no answer."
    )
    assert caplog.messages == [warning]
    assert mint.attempts == 2


def test_it_tries_again_while_the_old_one_lasts() -> None:
    """About every eighth of the margin, so that a short outage is not noticed at all."""
    mint = Mint()
    credentials = _credentials(mint)
    credentials()
    mint.broken = True
    mint.time += timedelta(seconds=46)
    credentials()
    mint.broken = False
    mint.time += timedelta(seconds=2)
    assert credentials().access_key_id == "id-2"


def test_after_the_end_the_error_names_the_cause() -> None:
    """What ended, when, and why there is no new one."""
    mint = Mint()
    credentials = _credentials(mint)
    credentials()
    mint.broken = True
    mint.time += timedelta(seconds=60)
    with pytest.raises(CredentialsError) as caught:
        credentials()
    assert str(caught.value) == (
        "The temporary credential for 'dev/' in 'films' ended at 2026-05-04T03:03:01+00:00; renewing fails: "
        "Cloudflare's API gives no answer."
    )
    assert caught.value.hint == "Try again."
    assert caught.value.bucket == "films"


def test_after_the_end_it_recovers() -> None:
    """The first attempt that works ends the errors."""
    mint = Mint()
    credentials = _credentials(mint)
    credentials()
    mint.broken = True
    mint.time += timedelta(seconds=61)
    with pytest.raises(CredentialsError):
        credentials()
    mint.broken = False
    mint.time += timedelta(seconds=2)
    assert credentials().access_key_id == "id-2"


def test_a_first_mint_that_fails_names_the_cause() -> None:
    """Here for a whole bucket, which has no prefix to name."""
    mint = Mint()
    mint.broken = True
    with pytest.raises(CredentialsError) as caught:
        RenewingCredentials(mint, WHOLE, timedelta(hours=1), now=mint.now)()
    assert str(caught.value) == (
        "There is no temporary credential for the whole bucket in 'films': Cloudflare's API gives no answer."
    )


def test_a_failure_is_not_repeated_for_every_thread() -> None:
    """Within the pause, calls fail at once with the cause that is known."""
    mint = Mint()
    mint.broken = True
    credentials = _credentials(mint)
    for _ in range(10):
        with pytest.raises(CredentialsError):
            credentials()
    assert mint.attempts == 1


def test_many_threads_mint_once() -> None:
    """Those that come first together wait for one request, not for sixteen."""
    mint = Mint()
    credentials = _credentials(mint)
    with ThreadPoolExecutor(16) as threads:
        ids = {future.result().access_key_id for future in [threads.submit(credentials) for _ in range(64)]}
    assert ids == {"id-1"}
    assert mint.attempts == 1


def test_nobody_waits_for_a_renewal_while_the_old_one_lasts() -> None:
    """A slow mint holds up its own thread only."""
    mint = Mint()
    asked, go_on = threading.Event(), threading.Event()

    def slow(scope: CredentialScope, lifetime: timedelta) -> StorageCredentials:
        if mint.minted:
            asked.set()
            assert go_on.wait(10)
        return mint(scope, lifetime)

    credentials = RenewingCredentials(slow, DEV, timedelta(minutes=1), now=mint.now)
    credentials()
    mint.time += timedelta(seconds=50)
    with ThreadPoolExecutor(1) as threads:
        renewing = threads.submit(credentials)
        assert asked.wait(10)
        assert credentials().access_key_id == "id-1"
        go_on.set()
        assert renewing.result().access_key_id == "id-2"


def test_no_secret_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    """Neither in prints nor in the log, at its most talkative."""
    mint = Mint()
    credentials = _credentials(mint)
    with caplog.at_level(logging.DEBUG):
        shown = f"{credentials()!r} {credentials!r}"
        mint.broken = True
        mint.time += timedelta(seconds=50)
        credentials()
    assert "hush" not in shown + caplog.text
    assert "quiet" not in shown + caplog.text
