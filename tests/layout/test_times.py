"""Spans of time as people write them, and moments as this project writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from layout.errors import SettingsError
from layout.times import parse_time_span, utc_now, write_time


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0", timedelta(0)),
        ("0s", timedelta(0)),
        ("90s", timedelta(seconds=90)),
        ("604800s", timedelta(days=7)),
        ("15m", timedelta(minutes=15)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("36500d", timedelta(days=36_500)),
    ],
)
def test_spans(text: str, span: timedelta) -> None:
    """Seconds, minutes, hours, days; zero needs no unit."""
    assert parse_time_span(text) == span


@pytest.mark.parametrize(
    "text", ["", "4", "h", "-1h", "+1h", "1.5h", "4 h", " 4h", "4h\n", "1w", "1H", "\u0664h", "12345678s"]
)
def test_no_spans(text: str) -> None:
    """Four of what, is a question before a delete."""
    with pytest.raises(SettingsError) as caught:
        parse_time_span(text)
    assert str(caught.value) == f"The time span {text!r} is not a number followed by s, m, h or d."
    assert caught.value.hint == "Use for example 90s, 15m, 12h, 7d or 0."


@pytest.mark.parametrize("text", ["36501d", "9999999d"])
def test_spans_that_are_too_long(text: str) -> None:
    """A span that no date lies back is refused before anything is computed with it."""
    with pytest.raises(SettingsError) as caught:
        parse_time_span(text)
    assert str(caught.value) == f"The time span {text!r} is longer than 36,500 days."
    assert caught.value.hint == "Use a shorter one."


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 5, 4, 3, 2, 1, 999_999, tzinfo=UTC), "2026-05-04T03:02:01Z"),
        (datetime(2026, 5, 4, 3, 2, 1, tzinfo=timezone(timedelta(hours=2))), "2026-05-04T01:02:01Z"),
        (datetime(300, 1, 1, tzinfo=UTC), "0300-01-01T00:00:00Z"),
    ],
)
def test_moments(moment: datetime, text: str) -> None:
    """A moment is written in UTC, in whole seconds, and is read back by Python."""
    assert write_time(moment) == text
    assert datetime.fromisoformat(text) == moment.replace(microsecond=0)


def test_now() -> None:
    """The time of this machine is written in the same form."""
    before = datetime.now(UTC).replace(microsecond=0)
    assert before <= datetime.fromisoformat(utc_now()) <= datetime.now(UTC)
