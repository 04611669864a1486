"""What an account id, a bucket's name, a jurisdiction and an S3 endpoint look like, and how they agree.

Each check returns the value or raises `SettingsError`, so that a wrong one is refused where it enters,
by its name, and not layers below as something else. A `SettingsError` is a `ValueError`: pydantic
takes these functions as validators.

Source: Cloudflare's R2 documentation, `api/s3/api`, `buckets/create-buckets` and
`reference/data-location`.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from layout.errors import SettingsError
from layout.scheme.segments import shown

__all__ = [
    "DEFAULT_JURISDICTION",
    "JURISDICTIONS",
    "LOOPBACK",
    "MAX_BUCKET_NAME",
    "check_account_id",
    "check_bucket_name",
    "check_endpoint",
    "check_endpoint_agrees",
    "check_jurisdiction",
    "default_endpoint",
    "split_address",
]

MAX_BUCKET_NAME = 63
DEFAULT_JURISDICTION = "default"
"""What a bucket without a jurisdiction has."""
JURISDICTIONS = (DEFAULT_JURISDICTION, "eu", "fedramp", "us")

_ACCOUNT = r"[0-9a-f]{32}"
_BUCKET = rf"[a-z0-9][a-z0-9-]{{1,{MAX_BUCKET_NAME - 2}}}[a-z0-9]"
_DOMAIN = "r2.cloudflarestorage.com"
_PUBLIC_DOMAIN = "r2.dev"
_HOST = re.compile(
    rf"(?:(?P<bucket>.+)\.)?(?P<account>{_ACCOUNT})(?:\.(?P<jurisdiction>[a-z-]+))?\.{_DOMAIN}"
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Names of this machine: the only ones that are spoken to without encryption."""
# urlsplit drops line feeds and tabs, so what it makes of an address proves nothing about these.
_ADDRESS_CHARACTERS = re.compile(r"[!-~]+")
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
# What boto3 takes for a host, or an IPv6 address, which urlsplit has checked.
_HOST_NAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}\.?|[0-9a-f:.]*:[0-9a-f:.]*")


def check_account_id(account_id: str) -> str:
    """The id of a Cloudflare account.

    Raises:
        SettingsError: If it is not 32 lower-case hexadecimal characters.
    """
    if not re.fullmatch(_ACCOUNT, account_id):
        raise SettingsError(
            f"The account id {shown(account_id)} is not 32 lower-case hexadecimal characters.",
            hint="Copy it from the Cloudflare dashboard, R2, Account details.",
        )
    return account_id


def check_bucket_name(name: str) -> str:
    """The name of a bucket.

    Raises:
        SettingsError: If R2 cannot have a bucket of this name.
    """
    if not re.fullmatch(_BUCKET, name):
        raise SettingsError(
            f"The bucket name {shown(name)} is not 3 to {MAX_BUCKET_NAME} lower-case letters, digits and "
            "inner hyphens.",
            hint="Use the name as the R2 dashboard shows it.",
        )
    return name


def check_jurisdiction(jurisdiction: str) -> str:
    """Where a bucket is bound to; `default` for one that is not bound.

    Raises:
        SettingsError: If R2 has no such jurisdiction.
    """
    if jurisdiction not in JURISDICTIONS:
        known = ", ".join(JURISDICTIONS)
        raise SettingsError(
            f"The jurisdiction {shown(jurisdiction)} is none of {known}.", hint=f"Use one of {known}."
        )
    return jurisdiction


def default_endpoint(account_id: str, jurisdiction: str = DEFAULT_JURISDICTION) -> str:
    """The S3 endpoint of an account; a bucket is only seen through its own jurisdiction's."""
    place = "" if jurisdiction == DEFAULT_JURISDICTION else f".{jurisdiction}"
    return f"https://{account_id}{place}.{_DOMAIN}"


def check_endpoint(endpoint: str) -> str:
    """The address of an S3 endpoint, without a slash at its end.

    Args:
        endpoint: `https://host` or `https://host:port`; `http` for this machine only. A host that is
            not R2's is taken as it is.

    Raises:
        SettingsError: If it is no such address, or one of R2's that is not an account's endpoint.
    """
    parts = _split(endpoint)
    if parts.username is not None or parts.password is not None:
        # The value is not shown: it may hold a secret.
        raise SettingsError(
            "The endpoint holds a user name or a password.",
            hint="Give the credential in its own settings, not in the address.",
        )
    if parts.path not in {"", "/"} or parts.query or parts.fragment or endpoint[-1] in "?#":
        raise SettingsError(
            f"The endpoint {shown(endpoint)} has a path.",
            hint=f"Use {_origin(parts)!r}; the bucket's name is a setting of its own.",
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise SettingsError(
            f"The endpoint {shown(endpoint)} is not encrypted.",
            hint="Use https; http is for 127.0.0.1 only.",
        )
    _check_host(endpoint, _host(parts))
    return endpoint.removesuffix("/")


def check_endpoint_agrees(endpoint: str, account_id: str | None, jurisdiction: str) -> None:
    """Refuse an endpoint of R2 that belongs to another account or another jurisdiction.

    Nothing else tells: R2 answers as if the bucket or the credential did not exist. About a host that
    is not R2's nothing is known, and nothing is said.

    Args:
        endpoint: As `check_endpoint` gives it.
        account_id: None if the settings name none.
        jurisdiction: Of the bucket.

    Raises:
        SettingsError: If they contradict each other.
    """
    found = _HOST.fullmatch(_host(_split(endpoint)))
    if found is None:
        return
    account, place = found["account"], found["jurisdiction"] or DEFAULT_JURISDICTION
    if (account_id or account, jurisdiction) != (account, place):
        of_account = f"the account {account_id!r}, " if account_id else ""
        raise SettingsError(
            f"The endpoint {shown(endpoint)} is not that of {of_account}jurisdiction {jurisdiction!r}.",
            hint=f"Leave the endpoint out, it follows from the other two: "
            f"{default_endpoint(account_id or account, jurisdiction)!r}. Or correct them: the endpoint names the "
            f"account {account!r}, jurisdiction {place!r}.",
        )


def split_address(address: str) -> SplitResult | None:
    """The parts of an http or https address with a host, and a port that there is; None if it is none."""
    try:
        parts = urlsplit(address)
        well_formed = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if well_formed and _ADDRESS_CHARACTERS.fullmatch(address) else None


def _split(endpoint: str) -> SplitResult:
    parts = split_address(endpoint)
    if parts is None or not _HOST_NAME.fullmatch(parts.hostname or ""):
        value = "The endpoint" if "@" in endpoint else f"The endpoint {shown(endpoint)}"
        raise SettingsError(
            f"{value} is not an http or https address.",
            hint=f"Use an address such as 'https://<account id>.{_DOMAIN}', without anything around it.",
        )
    return parts


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").removesuffix(".")


def _origin(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}"


def _check_host(endpoint: str, host: str) -> None:
    """Refuse what only looks like an endpoint of R2."""
    hint = f"Use 'https://<account id>.{_DOMAIN}'; the bucket's name is a setting of its own."
    if host == _PUBLIC_DOMAIN or host.endswith(f".{_PUBLIC_DOMAIN}"):
        raise SettingsError(
            f"The endpoint {shown(endpoint)} is a bucket's public address, which does not speak S3.",
            hint=hint,
        )
    if host != _DOMAIN and not host.endswith(f".{_DOMAIN}"):
        return
    found = _HOST.fullmatch(host)
    if found is None:
        raise SettingsError(f"The endpoint {shown(endpoint)} names no account.", hint=hint)
    place = found["jurisdiction"]
    if place is not None and place not in JURISDICTIONS[1:]:
        known = ", ".join(JURISDICTIONS[1:])
        raise SettingsError(
            f"The endpoint {shown(endpoint)} names the jurisdiction {place!r}, which is none of {known}.",
            hint="Correct it; the endpoint of a bucket without a jurisdiction names none.",
        )
    if found["bucket"] is not None:
        raise SettingsError(
            f"The endpoint {shown(endpoint)} has a bucket's name before the account.",
            hint=f"Use {default_endpoint(found['account'], place or DEFAULT_JURISDICTION)!r}; "
            "the bucket's name is a setting of its own.",
        )
