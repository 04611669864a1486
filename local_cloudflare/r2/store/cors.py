"""The values of a CORS rule that R2 accepts, by whichever API they come, and which origins they match.

Sources: CFD r2/buckets/cors.mdx and release-notes/r2.yaml (2023-10-23, valid origins only; 2024-01-30, no empty
AllowedHeaders). One wildcard in a host was tried on a real bucket: it is accepted and matches, one in a port is refused
(cloudflare/cloudflare-docs#32888).
"""

import ipaddress
import re

__all__ = [
    "MAX_AGE_SECONDS",
    "MAX_CORS_RULES",
    "METHODS",
    "check_header_name",
    "check_origin",
    "origin_matches",
]

METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")
MAX_AGE_SECONDS = 86_400
MAX_CORS_RULES = 100

_ORIGIN = re.compile(
    r"[a-z][a-z0-9+.-]*://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._*-]+)(?::(?P<port>\d{1,5}))?", re.I | re.A
)
_LABEL = re.compile(r"[a-z0-9_*-]+", re.I | re.A)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+", re.I | re.A)


def check_origin(text: str) -> str:
    """Whether a rule may allow this origin: `*`, or scheme, host and port as a browser sends them.

    Raises:
        ValueError: It has a path, no scheme, or anything else that no browser's origin has.
    """
    if text == "*":
        return text
    found = _ORIGIN.fullmatch(text)
    if found is None or int(found["port"] or 0) > 65_535 or not _is_host(found["host"]):
        raise ValueError(
            "an origin is scheme, host and port as browsers send them, like https://app.example.com"
        )
    return text


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            return False
        return True
    return host.count("*") <= 1 and all(_LABEL.fullmatch(label) for label in host.split("."))


def check_header_name(text: str) -> str:
    """Whether a rule may name this header; `*` is one.

    Raises:
        ValueError: No header has that name.
    """
    if not _HEADER.fullmatch(text):
        raise ValueError("a header's name is a word like content-type, or *")
    return text


def origin_matches(allowed: str, origin: str) -> bool:
    """Whether a browser's origin is the one that a rule allows; a wildcard stands for a part of the host."""
    if "*" not in allowed or allowed == "*":
        return allowed in {"*", origin}
    before, _, behind = allowed.partition("*")
    return re.fullmatch(f"{re.escape(before)}[^/:]*{re.escape(behind)}", origin) is not None
