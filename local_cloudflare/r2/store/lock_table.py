"""Lock rules in the form of Cloudflare's API, and which objects they hold at a given time.

Rules: CFD r2/buckets/bucket-locks.mdx. A rule without a prefix is about all keys, a prefix is a plain
starts-with, the strictest rule wins, objects that were there before the rule are held too, and a rule that is
taken away holds nothing any more. An age counts from the object's last write, as with lifecycle rules.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from local_cloudflare.clock import Clock
from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.r2.store.database import Transaction
from local_cloudflare.r2.store.keys import normal_form
from local_cloudflare.r2.store.lifecycle import parse_date
from local_cloudflare.r2.store.models import StoredObject, from_milliseconds

__all__ = ["LockTable", "ObjectLockedError", "holds"]


class ObjectLockedError(LocalCloudflareError):
    """A lock rule forbids to overwrite or delete what the key holds."""


class LockTable:
    """The lock rules of each bucket, by the bucket's id."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def rules(self, transaction: Transaction, bucket: int) -> list[dict[str, Any]]:
        """All rules, in the order of the last `replace`."""
        row = transaction.execute("SELECT rules FROM locks WHERE bucket = ?", bucket).fetchone()
        return [] if row is None else list(json.loads(row[0]))

    def replace(self, transaction: Transaction, bucket: int, rules: Sequence[Mapping[str, Any]]) -> None:
        """Keeps these rules and no others."""
        transaction.execute("DELETE FROM locks WHERE bucket = ?", bucket)
        if rules:
            transaction.execute("INSERT INTO locks VALUES (?, ?)", bucket, json.dumps(list(rules)))

    def check(self, transaction: Transaction, bucket: int, current: StoredObject | None) -> None:
        """Refuses to change what a key holds. What is not there can be created under any rule.

        Raises:
            ObjectLockedError: A rule holds the object.
        """
        if current is None:
            return
        modified = from_milliseconds(current.modified)
        if any(
            holds(rule, current.key, modified, self._clock.now()) for rule in self.rules(transaction, bucket)
        ):
            raise ObjectLockedError(f"object {current.key!r} is locked by a rule of its bucket")


def holds(rule: Mapping[str, Any], key: str, modified: datetime, now: datetime) -> bool:
    """Whether one rule holds an object at `now`; the key in NFC."""
    if not rule["enabled"] or not key.startswith(normal_form(str(rule.get("prefix") or ""))):
        return False
    condition = rule["condition"]
    if condition["type"] == "Age":
        return now - modified < timedelta(seconds=condition["maxAgeSeconds"])
    date = parse_date(condition.get("date"))
    return condition["type"] == "Indefinite" or (date is not None and now < date)
