"""Who asks the control API, and whether they may."""

from __future__ import annotations

import re

from local_cloudflare.account import Account
from local_cloudflare.control.envelope import ApiError
from local_cloudflare.control.request import Request
from local_cloudflare.permissions import allows
from local_cloudflare.tokens import Token

__all__ = ["authenticate", "authorize"]

_VALUE = re.compile(r"[0-9A-Za-z\-_]{40,80}")


def authenticate(account: Account, request: Request) -> Token:
    """The token that the request carries.

    Raises:
        ApiError: 400 (9106) no token, 400 (6003) not the form of one, 401 (10000) unknown or not
            usable now, 403 (9109) used from an address that it forbids.
    """
    header = request.headers.get("authorization")
    if header is None:
        raise ApiError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "bearer" or not _VALUE.fullmatch(value.strip()):
        raise ApiError(
            400,
            6003,
            "Invalid request headers",
            chain=((6111, "Invalid format for Authorization header"),),
        )
    token = account.token_with_value(value.strip())
    if token is None:
        raise ApiError(401, 10000, "Authentication error", why="no token of this account has that value")
    refusal = token.refusal(account.clock.now())
    if refusal is not None:
        raise ApiError(401, 10000, "Authentication error", why=refusal)
    if token.refuses_address(request.client):
        raise ApiError(403, 9109, f"Cannot use the access token from location: {request.client}")
    account.note_use(token)
    return token


def authorize(account: Account, token: Token, account_id: str, needs: tuple[str, ...], *, code: int) -> None:
    """Refuses a token that lacks every one of the permission groups in `needs`; none needed is always fine.

    Raises:
        ApiError: 403, with 10000 (R2) or 9109 (tokens) as Cloudflare answers for the two families.
    """
    message = "Authentication error" if code == 10000 else "Unauthorized to access requested resource"
    if account_id != account.id:
        raise ApiError(
            403, code, message, why=f"the token belongs to account {account.id}, not to {account_id}"
        )
    if needs and not allows(token.policies, account.id, needs):
        names = " or ".join(repr(name) for name in needs)
        raise ApiError(403, code, message, why=f"token {token.id} lacks the permission {names}")
