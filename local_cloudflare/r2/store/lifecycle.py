"""Lifecycle rules in the form of Cloudflare's API, and what they do to a bucket at a given time.

Rules: CFD r2/buckets/object-lifecycles.mdx. `maxAge` is in seconds, a prefix is a plain starts-with, and
a deletion wins over a transition.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local_cloudflare.r2.store.keys import normal_form

__all__ = [
    "DEFAULT_RULES",
    "Due",
    "Expiry",
    "Swept",
    "due_for_object",
    "expiry_of",
    "parse_date",
    "upload_is_due",
]

DEFAULT_RULES: tuple[Mapping[str, Any], ...] = (
    {
        "id": "Default Multipart Abort Rule",
        "enabled": True,
        "conditions": {"prefix": ""},
        "abortMultipartUploadsTransition": {"condition": {"type": "Age", "maxAge": 604800}},
    },
)
"""What a new bucket starts with (CFD r2/buckets/object-lifecycles.mdx)."""

_STORAGE_CLASSES = {"InfrequentAccess": "STANDARD_IA", "Standard": "STANDARD"}


@dataclass(frozen=True)
class Due:
    """What is to happen to one object."""

    delete: bool = False
    storage_class: str | None = None


@dataclass(frozen=True)
class Expiry:
    """When a rule deletes an object, and which one is the first to do so."""

    time: datetime
    rule_id: str


@dataclass
class Swept:
    """How many objects and uploads a sweep has changed."""

    deleted: int = 0
    transitioned: int = 0
    aborted: int = 0


def due_for_object(
    rules: Iterable[Mapping[str, Any]], key: str, modified: datetime, storage_class: str, now: datetime
) -> Due:
    """What the rules ask for one object at `now`; the key in NFC."""
    transition: str | None = None
    for rule in _matching(rules, key):
        deletion = rule.get("deleteObjectsTransition")
        if deletion and _is_met(deletion.get("condition"), modified, now):
            return Due(delete=True)
        for step in rule.get("storageClassTransitions") or ():
            target = _STORAGE_CLASSES.get(str(step.get("storageClass")))
            # There is no way back to STANDARD by lifecycle (CFD r2/buckets/storage-classes.mdx).
            if target == "STANDARD_IA" != storage_class and _is_met(step.get("condition"), modified, now):
                transition = target
    return Due(storage_class=transition)


def expiry_of(rules: Iterable[Mapping[str, Any]], key: str, modified: datetime) -> Expiry | None:
    """The earliest deletion that the rules hold for an object; the key in NFC."""
    found = []
    for rule in _matching(rules, key):
        condition = (rule.get("deleteObjectsTransition") or {}).get("condition") or {}
        age, date = condition.get("maxAge"), parse_date(condition.get("date"))
        if condition.get("type") == "Age" and isinstance(age, int | float):
            found.append(Expiry(modified + timedelta(seconds=age), str(rule.get("id", ""))))
        elif condition.get("type") == "Date" and date is not None:
            found.append(Expiry(date, str(rule.get("id", ""))))
    return min(found, key=lambda expiry: expiry.time, default=None)


def upload_is_due(rules: Iterable[Mapping[str, Any]], key: str, initiated: datetime, now: datetime) -> bool:
    """Whether a multipart upload is to be aborted at `now`."""
    return any(
        _is_met((rule.get("abortMultipartUploadsTransition") or {}).get("condition"), initiated, now)
        for rule in _matching(rules, key)
    )


def _matching(rules: Iterable[Mapping[str, Any]], key: str) -> Iterable[Mapping[str, Any]]:
    for rule in rules:
        prefix = normal_form(str((rule.get("conditions") or {}).get("prefix") or ""))
        if rule.get("enabled") and key.startswith(prefix):
            yield rule


def _is_met(condition: Mapping[str, Any] | None, since: datetime, now: datetime) -> bool:
    if not condition:
        return False
    age, date = condition.get("maxAge"), parse_date(condition.get("date"))
    if condition.get("type") == "Age" and isinstance(age, int | float):
        return (now - since).total_seconds() >= age
    return condition.get("type") == "Date" and date is not None and now >= date


def parse_date(text: object) -> datetime | None:
    """A date or time in ISO 8601; without a zone it is in UTC. None if it is neither."""
    try:
        date = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
