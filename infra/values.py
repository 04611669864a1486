"""The forms that single config values must have; `infra.settings` puts them together.

What the account's own names look like stands in `layout.account`. Each function returns the value or raises
`ValueError` with what the user reads.
"""

import datetime as dt
import ipaddress
import json
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StrictInt

from layout.account import check_account_id, check_bucket_name, check_endpoint, check_jurisdiction

__all__ = [
    "AccountId",
    "BucketName",
    "Endpoint",
    "Expiry",
    "Generations",
    "IpRanges",
    "Jurisdiction",
    "Names",
    "Origins",
]


# Scheme, host and port, and nothing else. Web views of native apps send schemes of their own (capacitor, tauri).
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>\[[0-9a-f:]+\]|[a-z0-9._-]+)(?::(?P<port>[1-9]\d{0,4}))?"
)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_MAX_PORT = 65_535
# What Pulumi hands over for a scalar that YAML took for a number or a time.
_YAML_NUMBER = re.compile(r"[+-]?(\d(\.\d+)?e[+-]?\d+|\.?inf)", re.IGNORECASE)
_CIDR = re.compile(r"[0-9a-fA-F:.]+(?:/[0-9]{1,3})?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_YAML_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4} \S+")


def _decode_list(value: object) -> object:
    """Pulumi hands a YAML list over as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        decoded = json.loads(value)
    except (ValueError, RecursionError):
        decoded = None
    if isinstance(decoded, list):
        return decoded
    raise ValueError("a list is expected, in YAML one item a line or [a, b]")


def _account_id(value: str) -> str:
    if _YAML_NUMBER.fullmatch(value):
        raise ValueError(
            "YAML read an id without quotes as a number and changed it; write the id of the dashboard in quotes"
        )
    return check_account_id(value)


def _origin(value: str) -> str:
    """The origin of a page, or of a native app's web view, exactly as it is sent: R2 compares the text."""
    if "*" in value and value != "*":
        raise ValueError("an origin names one host; with a wildcard the pages of any site could upload")
    if not value.isascii():
        raise ValueError(
            "browsers send a host of other letters in punycode, which starts with xn--; write that"
        )
    found = _ORIGIN.fullmatch(value)
    if found is None or not _is_host(found["host"]) or not 0 < int(found["port"] or 1) <= _MAX_PORT:
        raise ValueError(
            "an origin is scheme, host and port as browsers send them, like https://app.example.com"
        )
    if found["port"] and found["port"] == _DEFAULT_PORTS.get(found["scheme"]):
        raise ValueError(
            f"browsers leave out the port {found['port']} of {found['scheme']}; leave it out too"
        )
    return value


def _is_host(host: str) -> bool:
    """Whether a browser would send this host as it stands: names, IPv4 and IPv6 in their usual spelling."""
    try:
        if host.startswith("["):
            return str(ipaddress.IPv6Address(host[1:-1])) == host[1:-1]
        if host.rpartition(".")[2].isdigit():
            return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False
    return all(host.split("."))


def _ip_range(value: str) -> str:
    try:
        # Python also reads masks written as addresses, and zones of a machine's own.
        ipaddress.ip_network(value if _CIDR.fullmatch(value) else "")
    except ValueError:
        raise ValueError(
            "an IP range is an address or a network without host bits, like 203.0.113.0/24"
        ) from None
    return value


def _expiry(value: str) -> str:
    # Another spelling of the same time, +00:00 for Z, would be an update at every `up`.
    try:
        written = value if _TIME.fullmatch(value) else ""
        expires = dt.datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        form = "an expiry is a UTC time written like 2030-01-31T00:00:00Z"
        if _YAML_TIME.fullmatch(value):
            form = (
                "YAML read a time without quotes as a date and wrote it in another form; write it in quotes, like "
                '"2030-01-31T00:00:00Z"'
            )
        raise ValueError(form) from None
    if expires <= dt.datetime.now(dt.UTC):
        raise ValueError("the tokens would be expired already; set a later time and run pulumi up again")
    return value


def _generations(value: tuple[int, ...]) -> tuple[int, ...]:
    if not value or min(value) < 1 or len(set(value)) != len(value):
        raise ValueError(
            "generations are different whole numbers from 1 upwards, at least one, like [1] or [1, 2]"
        )
    return tuple(sorted(value))


AccountId = Annotated[str, AfterValidator(_account_id)]
BucketName = Annotated[str, AfterValidator(check_bucket_name)]
Jurisdiction = Annotated[str, AfterValidator(check_jurisdiction)]
Endpoint = Annotated[str, AfterValidator(check_endpoint)]
Expiry = Annotated[str, AfterValidator(_expiry)]
Names = Annotated[tuple[str, ...], BeforeValidator(_decode_list)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(_decode_list)]
IpRanges = Annotated[tuple[Annotated[str, AfterValidator(_ip_range)], ...], BeforeValidator(_decode_list)]
Generations = Annotated[tuple[StrictInt, ...], AfterValidator(_generations), BeforeValidator(_decode_list)]
