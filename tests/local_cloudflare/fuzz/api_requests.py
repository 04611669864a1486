"""Requests for the control API and the admin endpoint beside it, odd in path, token and document."""

import json
import random
from typing import Any
from urllib.parse import quote

from local_cloudflare.control.routes import ROUTES
from tests.local_cloudflare.fuzz.place import BUCKET, OTHER_BUCKET, SCRATCH_BUCKET, Place
from tests.local_cloudflare.fuzz.spelling import word

__all__ = ["api_request"]

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "FOO")
_LOCAL = ("clock", "requests", "api-requests", "faults", "", "x")
_FIELDS = (
    "name", "policies", "effect", "permission_groups", "resources", "id", "condition", "request_ip", "in", "not_in",
    "expires_on", "not_before", "status", "bucket", "parentAccessKeyId", "permission", "ttlSeconds", "prefixes",
    "objects", "rules", "enabled", "conditions", "prefix", "deleteObjectsTransition", "type", "maxAge", "allowed",
    "origins", "methods", "storageClass", "locationHint", "advance_seconds", "action",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**70, 1e300, "", "x", "a" * 3000, "\x00", "\ud800", [], {}, [[]], "2026-13-01T00:00:00Z",
    "9999-12-31T23:59:59+23:59", "object-read-write", "allow", "com.cloudflare.api.account.*", "*", "Age", "10.0.0.0/8",
)  # fmt: skip
_DEEP = b"[" * 100_000


def api_request(source: random.Random, place: Place) -> bytes:
    """One request; what a strong token asks for concerns nothing that must stay as it is."""
    strong = source.random() < 0.3
    token = (
        place.endpoints["api_token"] if strong else source.choice([*place.limited_tokens, word(source), None])
    )
    body = _body(source)
    lines = [
        f"{_method_and_target(source, place, strong)} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Length: {len(body)}",
    ]
    if token is not None:
        lines.append(
            f"Authorization: {source.choice(['Bearer', 'Bearer', 'Bearer', 'Basic', ''])} {_line(token)}"
        )
    if source.random() < 0.2:
        lines.append(f"cf-r2-jurisdiction: {_line(word(source))}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def _method_and_target(source: random.Random, place: Place, strong: bool) -> str:
    query = f"?{quote(word(source))}={quote(word(source))}" if source.random() < 0.3 else ""
    if source.random() < 0.15:
        return f"{source.choice(_METHODS)} /local/{source.choice(_LOCAL)}{query}"
    route = source.choice(ROUTES)
    method = route.method if source.random() < 0.8 else source.choice(_METHODS)
    # Whoever may read buckets by the control API may read what is in them.
    buckets = (
        [SCRATCH_BUCKET] if strong or "/objects" in route.path else [BUCKET, OTHER_BUCKET, SCRATCH_BUCKET]
    )
    tokens = ["0" * 32] if strong else list(place.known_tokens)
    path = route.path.replace("{bucket}", source.choice([*buckets, quote(word(source))]))
    path = path.replace("{key...}", quote(word(source)))
    path = path.replace("{token}", source.choice([*tokens, quote(word(source))]))
    account = place.endpoints["account_id"] if source.random() < 0.9 else quote(word(source))
    names = (
        "page",
        "per_page",
        "cursor",
        "name",
        "name_contains",
        "order",
        "direction",
        "start_after",
        "scope",
    )
    if source.random() < 0.3:
        query = f"?{source.choice(names)}={quote(word(source))}"
    return f"{method} /client/v4/accounts/{account}{path}{query}"


def _body(source: random.Random) -> bytes:
    kind = source.randrange(10)
    if kind == 0:
        return source.randbytes(source.randint(0, 60))
    if kind == 1:
        return source.choice(
            [_DEEP, b'{"name": NaN}', b'{"a": 1e999}', b"\xff\xfe", b'{"name": "x", "name": 1}']
        )
    return json.dumps(_document(source, 3)).encode() if kind > 2 else b""


def _document(source: random.Random, depth: int) -> Any:
    if depth == 0 or source.random() < 0.2:
        return source.choice(_VALUES)
    if source.random() < 0.25:
        return [_document(source, depth - 1) for _ in range(source.randint(0, 3))]
    names = source.sample(_FIELDS, source.randint(1, 6))
    return {name: _document(source, depth - 1) for name in names}


def _line(text: str) -> str:
    return "".join(c for c in text if c.isprintable())
