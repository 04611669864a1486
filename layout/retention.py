"""From the scheme to the lifecycle rules and the lock rules of the bucket, as plain values.

The Pulumi program turns them into resources. R2 removes an object within a day or so after its
time; a new configuration reaches objects that are there already, with some delay (Cloudflare R2,
object lifecycles). A locked object is not removed before its lock ends, whatever the lifecycle
rules say (Cloudflare R2, bucket locks); the scheme lets no row be locked for longer than it lives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from layout.environment import Environment
from layout.errors import EnvironmentNameError
from layout.scheme.rules import rule_folder, rule_prefix
from layout.scheme.table import SCHEME, Scheme

__all__ = ["ABORT_INCOMPLETE_UPLOADS", "LifecycleRule", "LockRule", "lifecycle_rules", "lock_rules"]

_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleRule:
    """One rule of a bucket's lifecycle configuration.

    Attributes:
        id: Its name in the configuration, unique in a bucket.
        prefix: The rule is about keys that start with this; empty means all. Ends in `/`
            otherwise, since R2 compares characters: `dev` would be about `dev2/` too.
        delete_after_seconds: Age at which an object is removed, or None.
        abort_multipart_after_seconds: Age at which an incomplete upload is dropped, or None.
    """

    id: str
    prefix: str
    delete_after_seconds: int | None = None
    abort_multipart_after_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRule:
    """One rule of a bucket's lock configuration.

    Attributes:
        id: Its name in the configuration, unique in a bucket.
        prefix: The rule is about keys that start with this. It ends in `/` and is never empty: the
            empty prefix would lock the whole bucket.
        max_age_seconds: Age until which an object can be neither overwritten nor deleted.
    """

    id: str
    prefix: str
    max_age_seconds: int


ABORT_INCOMPLETE_UPLOADS = LifecycleRule(
    id="Default Multipart Abort Rule",
    prefix="",
    abort_multipart_after_seconds=7 * _SECONDS_A_DAY,
)
"""The rule that R2 gives every new bucket. It is restated, since a configuration replaces all rules."""


def lifecycle_rules(
    environments: Iterable[Environment], scheme: Scheme = SCHEME
) -> tuple[LifecycleRule, ...]:
    """All rules of a bucket that holds these environments.

    The order depends on nothing but the set of environments (the API keeps the order of rules, and
    another one is a difference): R2's own rule, then by environment, then by row of the scheme.

    Args:
        environments: Those whose data the bucket holds.
        scheme: The table to read; the project's own unless given.

    Raises:
        EnvironmentNameError: If there is no environment. The rules of nothing would switch off all
            expiry in the bucket.
    """
    wanted = _in_order(environments, "Lifecycle rules")
    expiring = [(row, row.retention) for row in scheme.templates if row.retention is not None]
    return (
        ABORT_INCOMPLETE_UPLOADS,
        *(
            LifecycleRule(
                id=f"expire-{environment}-{rule_folder(row)}",
                prefix=rule_prefix(row).format(env=environment),
                delete_after_seconds=int(retention.total_seconds()),
            )
            for environment in wanted
            for row, retention in expiring
        ),
    )


def lock_rules(environments: Iterable[Environment], scheme: Scheme = SCHEME) -> tuple[LockRule, ...]:
    """All lock rules of a bucket that holds these environments, in the order of `lifecycle_rules`.

    Args:
        environments: Those whose data the bucket holds.
        scheme: The table to read; the project's own unless given.

    Raises:
        EnvironmentNameError: If there is no environment. The rules of nothing would unlock all that
            is locked in the bucket.
    """
    wanted = _in_order(environments, "Lock rules")
    locked = [(row, row.locked) for row in scheme.templates if row.locked is not None]
    return tuple(
        LockRule(
            id=f"lock-{environment}-{rule_folder(row)}",
            prefix=rule_prefix(row).format(env=environment),
            max_age_seconds=int(age.total_seconds()),
        )
        for environment in wanted
        for row, age in locked
    )


def _in_order(environments: Iterable[Environment], what: str) -> list[Environment]:
    wanted = set(environments)
    if not wanted:
        raise EnvironmentNameError(
            f"{what} were asked for no environment.",
            hint="Name the environments whose data the bucket holds: dev, staging, prod.",
        )
    return [environment for environment in Environment if environment in wanted]
