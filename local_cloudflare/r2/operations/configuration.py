"""Lifecycle and CORS rules in their S3 form, translated from and to the form of Cloudflare's API.

The S3 form counts in days, the API form in seconds. A rule of the API form
whose age is no whole number of days shows rounded down here, as in the dashboard.
"""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.payload import read_small
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.protocol.xml import Element, children, document, parse, text_of
from local_cloudflare.r2.store.lifecycle import parse_date

__all__ = [
    "delete_cors",
    "delete_lifecycle",
    "get_cors",
    "get_lifecycle",
    "put_cors",
    "put_lifecycle",
]

_XML = {"Content-Type": "application/xml"}
_DAY = 86_400
_MAX_RULES = 1000
_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD"})
_CLASSES = {"STANDARD_IA": "InfrequentAccess"}


def get_lifecycle(context: Context) -> Response:
    """GetBucketLifecycleConfiguration."""
    rules = context.store.lifecycle(context.bucket.name, context.request.jurisdiction)
    if not rules:
        raise S3Error(ErrorKind.NO_SUCH_LIFECYCLE)
    content: list[Element] = [("Rule", _rule_element(rule)) for rule in rules]
    return Response(200, dict(_XML), document("LifecycleConfiguration", content))


def put_lifecycle(context: Context) -> Response:
    """PutBucketLifecycleConfiguration: replaces all rules."""
    bucket = context.bucket
    tree = parse(read_small(context.request, context.caller), "LifecycleConfiguration")
    rules = [_rule(element, number) for number, element in enumerate(children(tree, "Rule"), 1)]
    if not 1 <= len(rules) <= _MAX_RULES:
        raise S3Error(ErrorKind.MALFORMED_XML)
    context.store.set_lifecycle(bucket.name, context.request.jurisdiction, rules)
    return Response(200)


def delete_lifecycle(context: Context) -> Response:
    """DeleteBucketLifecycle."""
    context.store.set_lifecycle(context.bucket.name, context.request.jurisdiction, [])
    return Response(204)


def _rule_element(rule: Mapping[str, Any]) -> list[Element]:
    prefix = str((rule.get("conditions") or {}).get("prefix") or "")
    content: list[Element] = [
        ("ID", str(rule.get("id", ""))),
        ("Filter", [("Prefix", prefix)]),
        ("Status", "Enabled" if rule.get("enabled") else "Disabled"),
    ]
    deletion = (rule.get("deleteObjectsTransition") or {}).get("condition")
    if deletion:
        content.append(("Expiration", _condition_element(deletion)))
    content += [
        ("Transition", [*_condition_element(step["condition"]), ("StorageClass", "STANDARD_IA")])
        for step in rule.get("storageClassTransitions") or ()
    ]
    abort = (rule.get("abortMultipartUploadsTransition") or {}).get("condition")
    if abort:
        days = int(abort.get("maxAge", 0)) // _DAY
        content.append(("AbortIncompleteMultipartUpload", [("DaysAfterInitiation", days)]))
    return content


def _condition_element(condition: Mapping[str, Any]) -> list[Element]:
    if condition.get("type") == "Date":
        return [("Date", str(condition["date"]))]
    return [("Days", int(condition.get("maxAge", 0)) // _DAY)]


def _rule(element: ET.Element, number: int) -> dict[str, Any]:
    status = text_of(element, "Status")
    if status not in {"Enabled", "Disabled"}:
        raise S3Error(ErrorKind.MALFORMED_XML)
    prefix = text_of(element, "Prefix")
    for narrowed in children(element, "Filter"):
        prefix = text_of(narrowed, "Prefix") or ""
    rule: dict[str, Any] = {
        "id": text_of(element, "ID") or f"rule-{number}",
        "enabled": status == "Enabled",
        "conditions": {"prefix": prefix or ""},
    }
    for expiration in children(element, "Expiration"):
        rule["deleteObjectsTransition"] = {"condition": _condition(expiration)}
    transitions = [
        {"condition": _condition(step), "storageClass": _storage_class(step)}
        for step in children(element, "Transition")
    ]
    if transitions:
        rule["storageClassTransitions"] = transitions
    for abort in children(element, "AbortIncompleteMultipartUpload"):
        seconds = _days(text_of(abort, "DaysAfterInitiation"))
        rule["abortMultipartUploadsTransition"] = {"condition": {"type": "Age", "maxAge": seconds}}
    return rule


def _condition(element: ET.Element) -> dict[str, Any]:
    date = text_of(element, "Date")
    if date is not None:
        if parse_date(date) is None:
            raise S3Error(ErrorKind.MALFORMED_XML)
        return {"type": "Date", "date": date}
    return {"type": "Age", "maxAge": _days(text_of(element, "Days"))}


def _days(text: str | None) -> int:
    if text is None or not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) > 0):
        raise S3Error(ErrorKind.MALFORMED_XML)
    return int(text) * _DAY


def _storage_class(element: ET.Element) -> str:
    asked = text_of(element, "StorageClass") or ""
    if asked not in _CLASSES:
        raise S3Error(ErrorKind.INVALID_STORAGE_CLASS)
    return _CLASSES[asked]


def get_cors(context: Context) -> Response:
    """GetBucketCors."""
    rules = context.store.cors(context.bucket.name, context.request.jurisdiction)
    if rules is None:
        raise S3Error(ErrorKind.NO_SUCH_CORS)
    content: list[Element] = [("CORSRule", _cors_element(rule)) for rule in rules]
    return Response(200, dict(_XML), document("CORSConfiguration", content))


def put_cors(context: Context) -> Response:
    """PutBucketCors: replaces all rules."""
    bucket = context.bucket
    tree = parse(read_small(context.request, context.caller), "CORSConfiguration")
    rules = [_cors_rule(element) for element in children(tree, "CORSRule")]
    if not rules:
        raise S3Error(ErrorKind.MALFORMED_XML)
    context.store.set_cors(bucket.name, context.request.jurisdiction, rules)
    return Response(200)


def delete_cors(context: Context) -> Response:
    """DeleteBucketCors."""
    context.store.delete_cors(context.bucket.name, context.request.jurisdiction)
    return Response(204)


def _cors_element(rule: Mapping[str, Any]) -> list[Element]:
    allowed = rule.get("allowed") or {}
    content: list[Element] = [("ID", str(rule["id"]))] if rule.get("id") else []
    content += [("AllowedOrigin", str(origin)) for origin in allowed.get("origins") or ()]
    content += [("AllowedMethod", str(method)) for method in allowed.get("methods") or ()]
    content += [("AllowedHeader", str(header)) for header in allowed.get("headers") or ()]
    content += [("ExposeHeader", str(header)) for header in rule.get("exposeHeaders") or ()]
    if rule.get("maxAgeSeconds") is not None:
        content.append(("MaxAgeSeconds", int(rule["maxAgeSeconds"])))
    return content


def _cors_rule(element: ET.Element) -> dict[str, Any]:
    origins, methods = _texts(element, "AllowedOrigin"), _texts(element, "AllowedMethod")
    if not origins or not methods or not _METHODS.issuperset(methods):
        raise S3Error(ErrorKind.MALFORMED_XML)
    rule: dict[str, Any] = {"allowed": {"origins": origins, "methods": methods}}
    if headers := _texts(element, "AllowedHeader"):
        rule["allowed"]["headers"] = headers
    if exposed := _texts(element, "ExposeHeader"):
        rule["exposeHeaders"] = exposed
    if (identifier := text_of(element, "ID")) is not None:
        rule["id"] = identifier
    if (age := text_of(element, "MaxAgeSeconds")) is not None:
        if not (age.isascii() and age.isdigit() and len(age) < 10):
            raise S3Error(ErrorKind.MALFORMED_XML)
        rule["maxAgeSeconds"] = int(age)
    return rule


def _texts(element: ET.Element, name: str) -> list[str]:
    return [child.text or "" for child in children(element, name)]
