"""The table of what the control API answers, and who may ask."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from local_cloudflare.account import Account
from local_cloudflare.control import bucket_rules, buckets, objects, temporary, tokens
from local_cloudflare.control.access import authenticate, authorize
from local_cloudflare.control.analytics import answer_graphql
from local_cloudflare.control.body import MAXIMUM_BODY
from local_cloudflare.control.call import Call
from local_cloudflare.control.envelope import Answer, ApiError, PlainAnswer, no_route, no_such_bucket
from local_cloudflare.control.request import Request
from local_cloudflare.control.unimplemented import refuse_unimplemented
from local_cloudflare.r2.direct import DirectAccess
from local_cloudflare.r2.store.store import BucketMissingError, Store

__all__ = ["ROUTES", "Route", "dispatch", "longest_body"]

_R2_WRITE = ("Workers R2 Storage Write",)
_R2_READ = ("Workers R2 Storage Read", "Workers R2 Storage Write")
_TOKENS_WRITE = ("Account API Tokens Write",)
_TOKENS_READ = ("Account API Tokens Read", "Account API Tokens Write")

_R2_REFUSED, _TOKENS_REFUSED = 10000, 9109
"""What a token without the permission is told: R2 says "Authentication error", tokens say "Unauthorized"."""


@dataclass(frozen=True)
class Route:
    """One row: a method and a path below an account, the permissions of which one is needed, the function.

    A variable part of the path is a segment, `{bucket}`, or all that is left, `{key...}`.
    """

    method: str
    path: str
    needs: tuple[str, ...]
    refused: int
    function: Callable[[Call], Answer | PlainAnswer]
    longest_body: int = MAXIMUM_BODY

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern = re.sub(r"\{(\w+)\.\.\.\}", r"(?P<\1>.+)", self.path)
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
        return re.compile(r"/accounts/(?P<account>[0-9a-f]{32})" + pattern, re.DOTALL)

    def match(self, path: str) -> dict[str, str] | None:
        """The variable parts of a path of this route, or None."""
        found = self._pattern.fullmatch(path)
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
    Route("GET", "/r2/buckets/{bucket}/objects", _R2_READ, _R2_REFUSED, objects.list_page),
    Route("GET", "/r2/buckets/{bucket}/objects/{key...}", _R2_READ, _R2_REFUSED, objects.read),
    Route(
        "PUT",
        "/r2/buckets/{bucket}/objects/{key...}",
        _R2_WRITE,
        _R2_REFUSED,
        objects.write,
        longest_body=objects.MAXIMUM_UPLOAD,
    ),
    Route("DELETE", "/r2/buckets/{bucket}/objects/{key...}", _R2_WRITE, _R2_REFUSED, objects.delete),
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


def longest_body(method: str, path: str) -> int:
    """How many bytes a body may have, by the method and the path below the server's root."""
    below = path.removeprefix("/client/v4")
    found = (
        route.longest_body for route in ROUTES if route.method == method and route.match(below) is not None
    )
    return max(found, default=MAXIMUM_BODY)


def dispatch(
    account: Account, store: Store, direct: DirectAccess, audience: str, request: Request
) -> Answer | PlainAnswer:
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
        if (request.method, request.path) == ("POST", "/graphql"):
            return answer_graphql(account, token, store, request, _R2_READ)
        refuse_unimplemented(request.path)
        raise no_route(request.path)
    allowed = [(route, parts) for route, parts in matches if route.method == request.method]
    if not allowed:
        raise ApiError(405, 10405, f"Method not allowed: {request.method} {request.path}")
    route, parts = allowed[0]
    authorize(account, token, parts["account"], route.needs, code=route.refused)
    try:
        return route.function(Call(account, store, request, parts, token, audience, direct))
    except BucketMissingError:
        # It was deleted between the look-up and the change.
        raise no_such_bucket(parts["bucket"], request.jurisdiction()) from None
