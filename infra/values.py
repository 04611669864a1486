"""The forms that single config values must have; `infra.settings` puts them together.

What the account's own names look like stands in `layout.account`. Each function returns the value or raises
`ValueError` with what the user reads.
"""

import datetime as dt
import ipaddress
import json
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

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


def _decode_list(value: object) -> object:
    """Pulumi hands a YAML list over as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        decoded = json.loads(value)
    except json.JSONDecodeError:
        decoded = None
    if isinstance(decoded, list):
        return decoded
    raise ValueError("a list is expected, in YAML one item a line or [a, b]")


def _is_bare_url(value: str) -> bool:
    """Scheme, host and port, nothing else."""
    parts = urlsplit(value)
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and value == f"{parts.scheme}://{parts.netloc}"
    )


def _origin(value: str) -> str:
    if not _is_bare_url(value) or "@" in value or value != value.lower():
        raise ValueError(
            "an origin is scheme, host and port as browsers send them, like https://app.example.com"
        )
    if "*" in value:
        raise ValueError("an origin names one host; with a wildcard the pages of any site could upload")
    return value


def _ip_range(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        raise ValueError(
            "an IP range is an address or a network without host bits, like 203.0.113.0/24"
        ) from None
    return value


def _expiry(value: str) -> str:
    # Another spelling of the same time, +00:00 for Z, would be an update at every `up`.
    try:
        expires = dt.datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        raise ValueError("an expiry is a UTC time written like 2030-01-31T00:00:00Z") from None
    if expires <= dt.datetime.now(dt.UTC):
        raise ValueError("the tokens would be expired already; set a later time and run pulumi up again")
    return value


def _generations(value: tuple[int, ...]) -> tuple[int, ...]:
    if not value or min(value) < 1 or len(set(value)) != len(value):
        raise ValueError(
            "generations are different whole numbers from 1 upwards, at least one, like [1] or [1, 2]"
        )
    return tuple(sorted(value))


AccountId = Annotated[str, AfterValidator(check_account_id)]
BucketName = Annotated[str, AfterValidator(check_bucket_name)]
Jurisdiction = Annotated[str, AfterValidator(check_jurisdiction)]
Endpoint = Annotated[str, AfterValidator(check_endpoint)]
Expiry = Annotated[str, AfterValidator(_expiry)]
Names = Annotated[tuple[str, ...], BeforeValidator(_decode_list)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(_decode_list)]
IpRanges = Annotated[tuple[Annotated[str, AfterValidator(_ip_range)], ...], BeforeValidator(_decode_list)]
Generations = Annotated[tuple[int, ...], AfterValidator(_generations), BeforeValidator(_decode_list)]
