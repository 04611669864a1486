"""Paths of Cloudflare's API about R2 that the local Cloudflare does not have: it says so, for 404 means something else.

`wrangler` takes 404 for an object or a bucket that is not there, and a deletion of such for done.
"""

from __future__ import annotations

import re

from local_cloudflare.control.envelope import ApiError

__all__ = ["MESSAGE", "UNIMPLEMENTED", "refuse_unimplemented"]

MESSAGE = (
    "The local Cloudflare does not implement this; use the S3 endpoint, or what docs/control-api.md names."
)
_CODE = 10501

UNIMPLEMENTED = {
    "/accounts": "accounts of a token",
    "/accounts/{account}": "the account itself",
    "/accounts/{account}/event_notifications/r2/{rest...}": "event notifications",
    "/accounts/{account}/r2-catalog": "data catalogs",
    "/accounts/{account}/r2-catalog/{rest...}": "data catalogs",
    "/accounts/{account}/r2/buckets/{bucket}/domains/{rest...}": "public access by custom domains and r2.dev",
    "/accounts/{account}/r2/buckets/{bucket}/sippy": "incremental migration (Sippy)",
    "/accounts/{account}/r2/metrics": "metrics of all buckets",
    "/accounts/{account}/slurper/{rest...}": "Super Slurper",
    "/graphql": "analytics, except for how much a bucket holds",
    "/memberships": "the user and their memberships",
    "/user": "the user and their memberships",
    "/user/{rest...}": "the user and their memberships",
}
"""Paths below `/client/v4`, whatever the method, and what they are about."""


def _pattern(path: str) -> re.Pattern[str]:
    escaped = re.escape(path).replace(r"\{rest\.\.\.\}", ".+")
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", escaped), re.DOTALL)


_PATTERNS = tuple(_pattern(path) for path in UNIMPLEMENTED)


def refuse_unimplemented(path: str) -> None:
    """Refuses a path that Cloudflare has and the local Cloudflare has not.

    Raises:
        ApiError: 501 (10501).
    """
    if any(pattern.fullmatch(path) for pattern in _PATTERNS):
        raise ApiError(501, _CODE, MESSAGE)
