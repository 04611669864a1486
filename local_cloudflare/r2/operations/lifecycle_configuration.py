"""Lifecycle rules in their S3 form, translated from and to the form of Cloudflare's API.

The S3 form counts in days, the API form in seconds. A rule of the API form
whose age is no whole number of days shows rounded down here, as in the dashboard.

R2's rules know a prefix and nothing else of an object (CFD r2/buckets/object-lifecycles.mdx). What would narrow a rule
in another way is refused: left out, it would delete what nobody named.
"""

import itertools
import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any
from xml.etree import ElementTree as ET

from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.payload import read_small
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error, not_implemented
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.protocol.xml import Element, children, document, leaf, members, parse
from local_cloudflare.r2.store.lifecycle import parse_date

__all__ = ["delete_lifecycle", "get_lifecycle", "put_lifecycle"]

_XML = {"Content-Type": "application/xml"}
_DAY = 86_400
_MAX_RULES = 1000
_MAX_ID = 255
_MAX_PREFIX_BYTES = 1024
_CLASSES = {"STANDARD_IA": "InfrequentAccess"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?", re.ASCII)
_NOT_ON_R2: Mapping[str, tuple[str, ...]] = {
    "Rule": ("NoncurrentVersionExpiration", "NoncurrentVersionTransition"),
    "Filter": ("And", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "Tag"),
    "Expiration": ("ExpiredObjectDeleteMarker",),
}
"""What AWS has there and R2 has not."""


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
    rules = [_rule(element) for element in members(tree, many=("Rule",))["Rule"]]
    if not 1 <= len(rules) <= _MAX_RULES:
        raise S3Error(ErrorKind.MALFORMED_XML)
    _name(rules)
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


def _only(
    element: ET.Element, kind: str, *, once: tuple[str, ...], many: tuple[str, ...] = ()
) -> dict[str, Any]:
    for name in _NOT_ON_R2.get(kind, ()):
        if next(children(element, name), None) is not None:
            raise not_implemented(f"Lifecycle {kind} {name}")
    return members(element, once=once, many=many)


def _rule(element: ET.Element) -> dict[str, Any]:
    actions = ("Expiration", "AbortIncompleteMultipartUpload")
    found = _only(element, "Rule", once=("ID", "Prefix", "Filter", "Status", *actions), many=("Transition",))
    status = [leaf(one) for one in found["Status"]]
    if status not in (["Enabled"], ["Disabled"]):
        raise S3Error(ErrorKind.MALFORMED_XML)
    rule: dict[str, Any] = {
        "id": "".join(map(leaf, found["ID"])),
        "enabled": status == ["Enabled"],
        "conditions": {"prefix": _prefix(found)},
    }
    for expiration in found["Expiration"]:
        rule["deleteObjectsTransition"] = {"condition": _condition(expiration, "Expiration")}
    if found["Transition"]:
        rule["storageClassTransitions"] = [_transition(step) for step in found["Transition"]]
    for abort in found["AbortIncompleteMultipartUpload"]:
        days = members(abort, once=("DaysAfterInitiation",))["DaysAfterInitiation"]
        condition = {"type": "Age", "maxAge": _seconds(days)}
        rule["abortMultipartUploadsTransition"] = {"condition": condition}
    if not any(found[name] for name in (*actions, "Transition")):
        raise S3Error(ErrorKind.MALFORMED_XML, reason="a rule without an action")
    return rule


def _prefix(found: Mapping[str, list[ET.Element]]) -> str:
    given = list(found["Prefix"])
    for narrowed in found["Filter"]:
        given += _only(narrowed, "Filter", once=("Prefix",))["Prefix"]
    prefix = "".join(map(leaf, given))
    if (found["Prefix"] and found["Filter"]) or len(prefix.encode()) > _MAX_PREFIX_BYTES:
        raise S3Error(ErrorKind.MALFORMED_XML)
    return prefix


def _name(rules: list[dict[str, Any]]) -> None:
    """Gives rules without an id one that no other has."""
    given = [rule["id"] for rule in rules if rule["id"]]
    if len(set(given)) < len(given) or any(len(name) > _MAX_ID for name in given):
        raise S3Error(ErrorKind.MALFORMED_XML, reason="two rules with one id, or an id that is too long")
    free = (name for number in itertools.count(1) if (name := f"rule-{number}") not in given)
    for rule in rules:
        rule["id"] = rule["id"] or next(free)


def _transition(step: ET.Element) -> dict[str, Any]:
    asked = "".join(leaf(one) for one in children(step, "StorageClass"))
    if asked not in _CLASSES:
        raise S3Error(ErrorKind.INVALID_STORAGE_CLASS)
    condition = _condition(step, "Transition", "StorageClass")
    return {"condition": condition, "storageClass": _CLASSES[asked]}


def _condition(element: ET.Element, kind: str, *beside: str) -> dict[str, Any]:
    found = _only(element, kind, once=("Days", "Date", *beside))
    if len(found["Days"]) + len(found["Date"]) != 1:
        raise S3Error(ErrorKind.MALFORMED_XML)
    if found["Days"]:
        return {"type": "Age", "maxAge": _seconds(found["Days"])}
    return {"type": "Date", "date": _date(leaf(found["Date"][0]))}


def _date(text: str) -> str:
    """A date in the spelling of the API form."""
    date = parse_date(text) if _DATE.fullmatch(text) else None
    if date is None:
        raise S3Error(ErrorKind.MALFORMED_XML)
    try:
        return date.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except OverflowError as error:
        raise S3Error(ErrorKind.MALFORMED_XML) from error


def _seconds(days: list[ET.Element]) -> int:
    text = "".join(map(leaf, days))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) > 0):
        raise S3Error(ErrorKind.MALFORMED_XML)
    return int(text) * _DAY
