"""Cloudflare's SDK with what it is told only: the address, the token, no proxy.

The SDK reads `CLOUDFLARE_API_KEY`, `CLOUDFLARE_EMAIL`, `CLOUDFLARE_API_USER_SERVICE_KEY` and
`CLOUDFLARE_CUSTOM_HEADERS` beside every argument, and sends what it finds in the place of the token (cloudflare 5.9.0).
"""

from __future__ import annotations

from typing import TypeVar

import httpx
from cloudflare import AsyncCloudflare, Cloudflare

__all__ = ["sdk", "with_token_only"]

_Client = TypeVar("_Client", Cloudflare, AsyncCloudflare)


def with_token_only(client: _Client) -> _Client:
    """The client, which sends its token and no other credential."""
    client.api_key = client.api_email = client.user_service_key = None
    client._custom_headers = {}  # noqa: SLF001 - of the variable; no argument undoes it
    return client


def sdk(*, api_token: str, base_url: str) -> Cloudflare:
    """A client of the control API at an address of this machine. Close it."""
    http = httpx.Client(trust_env=False)
    return with_token_only(Cloudflare(api_token=api_token, base_url=base_url, http_client=http))
