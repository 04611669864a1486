"""CORS rules in their S3 form, translated from and to the form of Cloudflare's API."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.payload import read_small
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.protocol.xml import Element, document, leaf, members, parse
from local_cloudflare.r2.store.cors import (
    MAX_AGE_SECONDS,
    MAX_CORS_RULES,
    METHODS,
    check_header_name,
    check_origin,
)

__all__ = ["delete_cors", "get_cors", "put_cors"]


def get_cors(context: Context) -> Response:
    """GetBucketCors."""
    rules = context.store.cors(context.bucket.name, context.request.jurisdiction)
    if rules is None:
        raise S3Error(ErrorKind.NO_SUCH_CORS)
    content: list[Element] = [("CORSRule", _element(rule)) for rule in rules]
    return Response(200, {"Content-Type": "application/xml"}, document("CORSConfiguration", content))


def put_cors(context: Context) -> Response:
    """PutBucketCors: replaces all rules. Unknown elements are refused (CFD release-notes/r2.yaml, 2022-11-30)."""
    bucket = context.bucket
    tree = parse(read_small(context.request, context.caller), "CORSConfiguration")
    rules = [_rule(element) for element in members(tree, many=("CORSRule",))["CORSRule"]]
    if not 1 <= len(rules) <= MAX_CORS_RULES:
        raise S3Error(ErrorKind.MALFORMED_XML)
    context.store.set_cors(bucket.name, context.request.jurisdiction, rules)
    return Response(200)


def delete_cors(context: Context) -> Response:
    """DeleteBucketCors."""
    context.store.delete_cors(context.bucket.name, context.request.jurisdiction)
    return Response(204)


def _element(rule: Mapping[str, Any]) -> list[Element]:
    allowed = rule.get("allowed") or {}
    content: list[Element] = [("ID", str(rule["id"]))] if rule.get("id") else []
    content += [("AllowedOrigin", str(origin)) for origin in allowed.get("origins") or ()]
    content += [("AllowedMethod", str(method)) for method in allowed.get("methods") or ()]
    content += [("AllowedHeader", str(header)) for header in allowed.get("headers") or ()]
    content += [("ExposeHeader", str(header)) for header in rule.get("exposeHeaders") or ()]
    if rule.get("maxAgeSeconds") is not None:
        content.append(("MaxAgeSeconds", int(rule["maxAgeSeconds"])))
    return content


def _rule(element: ET.Element) -> dict[str, Any]:
    found = members(
        element,
        once=("ID", "MaxAgeSeconds"),
        many=("AllowedOrigin", "AllowedMethod", "AllowedHeader", "ExposeHeader"),
    )
    texts = {name: [leaf(child) for child in children] for name, children in found.items()}
    origins, methods = texts["AllowedOrigin"], texts["AllowedMethod"]
    if not origins or not methods or not set(METHODS).issuperset(methods):
        raise S3Error(ErrorKind.MALFORMED_XML)
    try:
        for origin in origins:
            check_origin(origin)
        for header in texts["AllowedHeader"] + texts["ExposeHeader"]:
            check_header_name(header)
    except ValueError as error:
        raise S3Error(ErrorKind.MALFORMED_XML, reason=str(error)) from error
    rule: dict[str, Any] = {"allowed": {"origins": origins, "methods": methods}}
    if texts["AllowedHeader"]:
        rule["allowed"]["headers"] = texts["AllowedHeader"]
    if texts["ExposeHeader"]:
        rule["exposeHeaders"] = texts["ExposeHeader"]
    for identifier in texts["ID"]:
        rule["id"] = identifier
    for age in texts["MaxAgeSeconds"]:
        rule["maxAgeSeconds"] = _seconds(age)
    return rule


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= MAX_AGE_SECONDS):
        raise S3Error(ErrorKind.MALFORMED_XML)
    return int(text)
