"""The clock of the local Cloudflare."""

from datetime import UTC, datetime, timedelta

import pytest

from local_cloudflare.clock import Clock


def test_it_runs_ahead_of_real_time_by_what_it_was_advanced() -> None:
    """And goes on from there."""
    clock = Clock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    clock.advance(timedelta(days=2))
    clock.advance(timedelta(hours=1))
    assert clock.offset == timedelta(days=2, hours=1)
    assert abs(clock.now() - datetime.now(UTC) - clock.offset) < timedelta(seconds=5)


def test_it_never_goes_back() -> None:
    """Objects from the future would never expire."""
    with pytest.raises(ValueError, match="only advances") as caught:
        Clock().advance(timedelta(seconds=-1))
    assert str(caught.value) == (
        "a clock only advances, and datetime.timedelta(days=-1, seconds=86399) is negative: "
        "give a step of zero or more"
    )


def test_listeners_hear_the_new_time_until_they_leave() -> None:
    """The store applies its lifecycle rules this way."""
    clock, heard = Clock(), list[datetime]()
    leave = clock.subscribe(heard.append)
    now = clock.advance(timedelta(days=1))
    leave()
    leave()
    clock.advance(timedelta(days=1))
    assert heard == [now]


def test_clients_may_stay_behind() -> None:
    """What they sign is then judged by the time that they know."""
    clock = Clock()
    clock.advance(timedelta(days=2), clients_follow=False)
    clock.advance(timedelta(hours=1))
    assert clock.now() - clock.client_now() == pytest.approx(timedelta(days=2), abs=timedelta(seconds=5))
