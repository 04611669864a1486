"""The table of what the control API answers, and who may ask."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from local_cloudflare.account import Account
from local_cloudflare.control import bucket_rules, buckets, temporary, tokens
from local_cloudflare.control.access import authenticate, authorize
from local_cloudflare.control.call import Call
from local_cloudflare.control.envelope import Answer, ApiError, no_route, no_such_bucket
from local_cloudflare.control.request import Request
from local_cloudflare.r2.store.store import BucketMissingError, Store

__all__ = ["ROUTES", "Route", "dispatch"]

_R2_WRITE = ("Workers R2 Storage Write",)
_R2_READ = ("Workers R2 Storage Read", "Workers R2 Storage Write")
_TOKENS_WRITE = ("Account API Tokens Write",)
_TOKENS_READ = ("Account API Tokens Read", "Account API Tokens Write")

_R2_REFUSED, _TOKENS_REFUSED = 10000, 9109
"""What a token without the permission is told: R2 says "Authentication error", tokens say "Unauthorized"."""


@dataclass(frozen=True)
class Route:
    """One row: a method and a path below an account, the permissions of which one is needed, the function."""

    method: str
    path: str
    needs: tuple[str, ...]
    refused: int
    function: Callable[[Call], Answer]

    def match(self, path: str) -> dict[str, str] | None:
        """The variable parts of a path of this route, or None."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        found = re.fullmatch(r"/accounts/(?P<account>[0-9a-f]{32})" + pattern, path)
        return found and found.groupdict()


ROUTES = (
    Route("POST", "/r2/buckets", _R2_WRITE, _R2_REFUSED, buckets.create),
    Route("GET", "/r2/buckets", _R2_READ, _R2_REFUSED, buckets.list_page),
    Route("GET", "/r2/buckets/{bucket}", _R2_READ, _R2_REFUSED, buckets.read),
    Route("PATCH", "/r2/buckets/{bucket}", _R2_WRITE, _R2_REFUSED, buckets.change),
    Route("DELETE", "/r2/buckets/{bucket}", _R2_WRITE, _R2_REFUSED, buckets.delete),
    Route("GET", "/r2/buckets/{bucket}/lifecycle", _R2_READ, _R2_REFUSED, bucket_rules.lifecycle),
    Route("PUT", "/r2/buckets/{bucket}/lifecycle", _R2_WRITE, _R2_REFUSED, bucket_rules.set_lifecycle),
    Route("GET", "/r2/buckets/{bucket}/lock", _R2_READ, _R2_REFUSED, bucket_rules.lock),
    Route("PUT", "/r2/buckets/{bucket}/lock", _R2_WRITE, _R2_REFUSED, bucket_rules.set_lock),
    Route("GET", "/r2/buckets/{bucket}/cors", _R2_READ, _R2_REFUSED, bucket_rules.cors),
    Route("PUT", "/r2/buckets/{bucket}/cors", _R2_WRITE, _R2_REFUSED, bucket_rules.set_cors),
    Route("DELETE", "/r2/buckets/{bucket}/cors", _R2_WRITE, _R2_REFUSED, bucket_rules.delete_cors),
    Route("POST", "/r2/temp-access-credentials", _R2_WRITE, _R2_REFUSED, temporary.create),
    # Reading is not enough for the look-up (TFCF account_token/schema.go).
    Route("GET", "/tokens/permission_groups", _TOKENS_WRITE, _TOKENS_REFUSED, tokens.permission_groups),
    Route("GET", "/tokens/verify", (), _TOKENS_REFUSED, tokens.verify),
    Route("POST", "/tokens", _TOKENS_WRITE, _TOKENS_REFUSED, tokens.create),
    Route("GET", "/tokens", _TOKENS_READ, _TOKENS_REFUSED, tokens.list_page),
    Route("GET", "/tokens/{token}", _TOKENS_READ, _TOKENS_REFUSED, tokens.read),
    Route("PUT", "/tokens/{token}", _TOKENS_WRITE, _TOKENS_REFUSED, tokens.update),
    Route("DELETE", "/tokens/{token}", _TOKENS_WRITE, _TOKENS_REFUSED, tokens.delete),
    Route("PUT", "/tokens/{token}/value", _TOKENS_WRITE, _TOKENS_REFUSED, tokens.roll),
)


def dispatch(account: Account, store: Store, audience: str, request: Request) -> Answer:
    """Authenticates, finds the row, checks the permission, answers.

    Raises:
        ApiError: Any refusal, with Cloudflare's status and code.
    """
    matches = [(route, parts) for route in ROUTES if (parts := route.match(request.path)) is not None]
    if request.path == "/user/tokens/verify":
        # The endpoint of user tokens does not know account tokens.
        raise ApiError(401, 1000, "Invalid API Token", why="ask /accounts/{account}/tokens/verify")
    token = authenticate(account, request)
    if not matches:
        raise no_route(request.path)
    allowed = [(route, parts) for route, parts in matches if route.method == request.method]
    if not allowed:
        raise ApiError(405, 10405, f"Method not allowed: {request.method} {request.path}")
    route, parts = allowed[0]
    authorize(account, token, parts["account"], route.needs, code=route.refused)
    try:
        return route.function(Call(account, store, request, parts, token, audience))
    except BucketMissingError:
        # It was deleted between the look-up and the change.
        raise no_such_bucket(parts["bucket"], request.jurisdiction()) from None
