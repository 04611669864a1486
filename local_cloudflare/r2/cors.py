"""What a browser is told: preflight answers and Access-Control headers from the bucket's CORS rules."""

from collections.abc import Iterable, Mapping
from typing import Any

from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.protocol.request import Request
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.store.cors import origin_matches
from local_cloudflare.r2.store.store import BucketMissingError, Store

__all__ = ["access_control_headers", "preflight"]


def preflight(store: Store, request: Request) -> Response:
    """The answer to OPTIONS, which browsers send without a signature.

    Raises:
        S3Error: AccessDenied if no rule of the bucket allows what was asked.
    """
    method = request.headers.get("access-control-request-method", "")
    names = request.headers.get("access-control-request-headers", "")
    asked = {name.strip().lower() for name in names.split(",") if name.strip()}
    for rule in _rules(store, request):
        allowed = {str(name).lower() for name in (rule.get("allowed") or {}).get("headers") or ()}
        if _is_about(rule, request, method) and ("*" in allowed or asked <= allowed):
            headers = _headers(rule, request)
            if asked:
                headers["Access-Control-Allow-Headers"] = ", ".join(sorted(asked))
            if rule.get("maxAgeSeconds") is not None:
                headers["Access-Control-Max-Age"] = str(int(rule["maxAgeSeconds"]))
            return Response(204, headers)
    raise S3Error(ErrorKind.ACCESS_DENIED, "CORS not configured for this bucket, origin, method or header")


def access_control_headers(store: Store, request: Request) -> dict[str, str]:
    """What to add to the answer of a request that a browser sent; nothing if no rule is about it."""
    if "origin" not in request.headers:
        return {}
    for rule in _rules(store, request):
        if _is_about(rule, request, request.method):
            return _headers(rule, request)
    return {}


def _rules(store: Store, request: Request) -> Iterable[Mapping[str, Any]]:
    try:
        return store.cors(request.bucket_name(), request.jurisdiction) or ()
    except (S3Error, BucketMissingError):
        return ()


def _is_about(rule: Mapping[str, Any], request: Request, method: str) -> bool:
    allowed = rule.get("allowed") or {}
    origins, methods = allowed.get("origins") or (), allowed.get("methods") or ()
    origin = request.headers.get("origin")
    return origin is not None and method in methods and any(origin_matches(one, origin) for one in origins)


def _headers(rule: Mapping[str, Any], request: Request) -> dict[str, str]:
    allowed = rule.get("allowed") or {}
    any_origin = "*" in (allowed.get("origins") or ())
    headers = {
        "Access-Control-Allow-Origin": "*" if any_origin else request.headers["origin"],
        "Access-Control-Allow-Methods": ", ".join(map(str, allowed.get("methods") or ())),
        "Vary": "Origin, Access-Control-Request-Headers",
    }
    if exposed := rule.get("exposeHeaders"):
        headers["Access-Control-Expose-Headers"] = ", ".join(map(str, exposed))
    return headers
