"""What a function behind a route gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from local_cloudflare.account import Account
from local_cloudflare.control.request import Request
from local_cloudflare.r2.direct import DirectAccess
from local_cloudflare.r2.store.store import Store
from local_cloudflare.tokens import Token

__all__ = ["Call"]


@dataclass(frozen=True)
class Call:
    """An authenticated and authorized request.

    Attributes:
        parts: The variable parts of the path, by name.
        token: Who asks.
        audience: Host and port of the S3 endpoint, for which temporary credentials are signed.
        direct: The S3 endpoint's operations on objects.
    """

    account: Account
    store: Store
    request: Request
    parts: Mapping[str, str]
    token: Token
    audience: str
    direct: DirectAccess
