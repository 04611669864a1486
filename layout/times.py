"""How people write a span of time, and how this project writes a moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from layout.errors import SettingsError
from layout.scheme.segments import shown

__all__ = ["current_time", "parse_time_span", "utc_now", "write_time"]

_SPAN = re.compile(r"(?P<number>[0-9]{1,7})(?P<unit>[smhd])|0+")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
# A moment that long ago still has a date.
_LONGEST = timedelta(days=36_500)


def parse_time_span(text: str) -> timedelta:
    """A span of time as people write it: `90s`, `15m`, `12h`, `7d`, or `0`.

    Raises:
        SettingsError: If the text is none, or more than 36,500 days.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise SettingsError(
            f"The time span {shown(text)} is not a number followed by s, m, h or d.",
            hint="Use for example 90s, 15m, 12h, 7d or 0.",
        )
    span = timedelta(**{_UNITS[match["unit"] or "s"]: int(match["number"] or 0)})
    if span > _LONGEST:
        raise SettingsError(
            f"The time span {shown(text)} is longer than {_LONGEST.days:,} days.", hint="Use a shorter one."
        )
    return span


def write_time(moment: datetime) -> str:
    """A moment in ISO 8601, in UTC and whole seconds: `2026-05-04T03:02:01Z`.

    Args:
        moment: With a time zone, any.
    """
    # Not strftime: it writes the year 300 with three digits, which nothing reads back.
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def current_time() -> datetime:
    """The time of this machine, aware, in UTC."""
    return datetime.now(UTC)


def utc_now() -> str:
    """The time of this machine, as `write_time` writes it."""
    return write_time(current_time())
