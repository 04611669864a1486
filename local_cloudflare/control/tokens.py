"""Account tokens and permission groups of the control API."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from local_cloudflare.control.call import Call
from local_cloudflare.control.envelope import Answer, ApiError
from local_cloudflare.permissions import GROUPS
from local_cloudflare.tokens import Token, TokenDocument

__all__ = ["create", "delete", "list_page", "permission_groups", "read", "roll", "update", "verify"]

INVALID = 1001
"""The number for a body or query that the token endpoints do not take."""


def _page(call: Call, items: list[dict[str, Any]], *, default: int) -> Answer:
    """One page of `items`, with Cloudflare's page numbers."""
    page = call.request.number("page", 1, lowest=1, highest=10**6, code=INVALID)
    per_page = call.request.number("per_page", default, lowest=1, highest=1000, code=INVALID)
    some = items[(page - 1) * per_page : page * per_page]
    info = {
        "page": page,
        "per_page": per_page,
        "count": len(some),
        "total_count": len(items),
        "total_pages": -(-len(items) // per_page),
    }
    return Answer(some, result_info=info)


def _existing(call: Call) -> Token:
    token = call.account.token(call.parts["token"])
    if token is None:
        raise _missing(call)
    return token


def _missing(call: Call) -> ApiError:
    return ApiError(404, 1000, "Token not found", why=f"there is no token {call.parts['token']!r}")


def _document(call: Call) -> TokenDocument:
    """The body of POST or PUT, with policies that this account can give.

    Raises:
        ApiError: 400 (1001).
    """
    document = call.request.document(TokenDocument, code=INVALID)
    for index, policy in enumerate(document.policies):
        problem = policy.policy().problem(call.account.id)
        if problem is not None:
            raise ApiError(400, INVALID, f"Invalid policy: policies.{index}: {problem}")
    if document.expires_on and document.not_before and document.not_before >= document.expires_on:
        raise ApiError(400, INVALID, "Invalid token: not_before must be earlier than expires_on")
    return document


def create(call: Call) -> Answer:
    """POST `/tokens`: the only answer, beside a roll, that shows the value."""
    document = _document(call)
    if document.expires_on is not None and document.expires_on <= _now(call):
        raise ApiError(400, INVALID, f"Invalid token: expires_on {document.expires_on} is in the past")
    token, value = call.account.create(document)
    return Answer({**token.answer(call.account.clock.now()), "value": value})


def _now(call: Call) -> str:
    return call.account.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def read(call: Call) -> Answer:
    """GET `/tokens/{token}`: without the value."""
    return Answer(_existing(call).answer(call.account.clock.now()))


def list_page(call: Call) -> Answer:
    """GET `/tokens`: pages by number; expired ones only with `include_expired=true`."""
    now = call.account.clock.now()
    expired = call.request.query.get("include_expired", "false") == "true"
    answers = [token.answer(now) for token in call.account.tokens()]
    shown = [answer for answer in answers if expired or answer["status"] != "expired"]
    if call.request.query.get("direction", "asc") == "desc":
        shown.reverse()
    return _page(call, shown, default=20)


def update(call: Call) -> Answer:
    """PUT `/tokens/{token}`: replaces the whole document; the value stays."""
    document = _document(call)
    token = call.account.update(call.parts["token"], document)
    if token is None:
        raise _missing(call)
    return Answer(token.answer(call.account.clock.now()))


def delete(call: Call) -> Answer:
    """DELETE `/tokens/{token}`: ends it, and with it all credentials minted from it."""
    if not call.account.delete(call.parts["token"]):
        raise _missing(call)
    return Answer({"id": call.parts["token"]})


def roll(call: Call) -> Answer:
    """PUT `/tokens/{token}/value`: a new value, and with it a new S3 secret."""
    value = call.account.roll(call.parts["token"])
    if value is None:
        raise _missing(call)
    return Answer(value)


def verify(call: Call) -> Answer:
    """GET `/tokens/verify`: the id of the token that asks."""
    document = call.token.document
    times = {"expires_on": document.expires_on, "not_before": document.not_before}
    return Answer(
        {"id": call.token.id, "status": "active", **{name: time for name, time in times.items() if time}},
        messages=((10000, "This API Token is valid and active"),),
    )


def permission_groups(call: Call) -> Answer:
    """GET `/tokens/permission_groups`: filters `name` and `scope`.

    The documents ask callers to URL-encode the filters, and clients encode them again on the wire: both
    spellings find the group here.
    """
    name, scope = call.request.query.get("name"), call.request.query.get("scope")
    found = [
        {
            "id": group.id,
            "name": group.name,
            "scopes": [group.scope],
            "category": group.category,
            "is_selectable": True,
        }
        for group in GROUPS
        if (name is None or group.name in {name, unquote(name)})
        and (scope is None or group.scope in {scope, unquote(scope)})
    ]
    return _page(call, found, default=1000)
