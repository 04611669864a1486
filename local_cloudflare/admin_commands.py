"""The commands that look into a running local Cloudflare and steer it: `clock`, `requests`, `faults`."""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from layout.console import Result, say
from layout.exit_status import ExitStatus
from local_cloudflare.admin import Admin

__all__ = ["clock", "duration", "faults", "requests"]

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_POLL_SECONDS = 0.5


def duration(text: str) -> timedelta:
    """Reads `+2d`, `12h`, `+1d12h`, `90s`.

    Raises:
        argparse.ArgumentTypeError: Another form.
    """
    parts = re.findall(r"(\d{1,9})([dhms])", text)
    if not parts or text.removeprefix("+") != "".join(number + unit for number, unit in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: write +2d, +12h, +30m, +90s or +1d12h")
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta(0))


def clock(options: argparse.Namespace) -> Result:
    """Shows the time of the local Cloudflare, or advances it; lifecycle rules act at once."""
    admin = Admin(options.folder)
    if options.step is None:
        answer = admin.send("GET", "/clock")
    else:
        answer = admin.send("POST", "/clock", {"advance_seconds": options.step.total_seconds()})
    ahead = timedelta(seconds=answer["ahead_seconds"])
    return Result(ExitStatus.DONE, [f"{answer['now'][:19]}Z, {ahead or 'not'} ahead of real time"])


def requests(options: argparse.Namespace) -> Result:
    """Shows what was asked of the S3 endpoint, or with `--api` of the control API."""
    path = "/api-requests" if options.api else "/requests"
    for record in _records(Admin(options.folder), path, follow=options.follow):
        if not fnmatchcase(record.get("operation", record["method"]), options.operation):
            continue
        if not fnmatchcase(record.get("key", record.get("path", "")), options.key):
            continue
        words = _api_line(record) if options.api else _s3_line(record)
        line = json.dumps(record) if options.json else _escaped(words)
        if not say(line):
            break
    return Result(ExitStatus.DONE, [])


def _escaped(line: str) -> str:
    """A key may hold a line feed, and what steers a terminal."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)


def _records(admin: Admin, path: str, *, follow: bool) -> Iterator[dict[str, Any]]:
    after = 0
    while True:
        for record in admin.send("GET", f"{path}?after={after}"):
            after = record["number"]
            yield record
        if not follow:
            return
        time.sleep(_POLL_SECONDS)


def _s3_line(record: dict[str, Any]) -> str:
    where = f"{record['bucket']}/{record['key']}".rstrip("/") or "-"
    what = f"{record['status']:3} {record['operation'] or record['method']} {where}"
    size = f"{record['bytes_in']} in {record['bytes_out']} out"
    who = f"{record['access_key_id'][:8] or 'nobody'} ({record['scope'] or 'no scope'})"
    trouble = " ".join(
        each for each in (record["error"], record["reason"], _named("fault", record["fault"])) if each
    )
    return "  ".join(each for each in (f"{record['time'][:23]} {what}", size, who, trouble) if each)


def _named(name: str, value: str) -> str:
    return f"{name}: {value}" if value else ""


def _api_line(record: dict[str, Any]) -> str:
    codes = " ".join(str(code) for code in record["codes"])
    return f"{record['time'][:23]} {record['status']:3} {record['method']} {record['path']} {codes}".rstrip()


def faults(options: argparse.Namespace) -> Result:
    """Lists the rules that make requests fail on purpose, adds one, or ends all."""
    admin = Admin(options.folder)
    if options.clear:
        admin.send("DELETE", "/faults")
    if options.action is not None:
        names = (
            "operation",
            "key",
            "first",
            "every",
            "spared",
            "times",
            "status",
            "retry_after",
            "seconds",
            "keep_bytes",
            "name",
        )
        given = {name: value for name in names if (value := getattr(options, name)) is not None}
        if given.get("times") == 0:
            given["times"] = None
        admin.send("POST", "/faults", {"action": options.action, **given})
    rules = admin.send("GET", "/faults")
    return Result(
        ExitStatus.DONE, [json.dumps(rule) if options.json else _escaped(_fault_line(rule)) for rule in rules]
    )


def _fault_line(rule: dict[str, Any]) -> str:
    times = "every time" if rule["times"] is None else f"{rule['times']} times"
    which = "" if rule["every"] == 1 else f", one in {rule['every']}"
    which += "" if rule["spared"] is None else f", beyond {rule['spared']} a second"
    details = {
        "error-before": f"status {rule['status']}",
        "error-after": f"status {rule['status']}",
        "truncate": f"after {rule['keep_bytes']} bytes",
        "delay": f"{rule['seconds']:g} s",
    }
    what = f"{rule['action']} {details.get(rule['action'], '')}".strip()
    line = f"{what}: {rule['operation']} {rule['key']}, from request {rule['first']} on{which}, {times}"
    return f"{rule['name']}: {line}" if rule["name"] else line
