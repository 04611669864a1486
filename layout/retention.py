"""From the scheme to the lifecycle rules of the bucket, as plain values.

The Pulumi program turns them into a resource. R2 removes an object within a day or so after its
time; a new configuration reaches objects that are there already, with some delay (Cloudflare R2,
object lifecycles).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from layout.environment import Environment
from layout.errors import EnvironmentNameError
from layout.scheme.rules import retention_prefix
from layout.scheme.table import SCHEME, Scheme

__all__ = ["ABORT_INCOMPLETE_UPLOADS", "LifecycleRule", "lifecycle_rules"]

_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleRule:
    """One rule of a bucket's lifecycle configuration.

    Attributes:
        id: its name in the configuration, unique in a bucket.
        prefix: the rule is about keys that start with this; empty means all. Ends in ``/``
            otherwise, since R2 compares characters: ``dev`` would be about ``dev2/`` too.
        delete_after_seconds: age at which an object is removed, or None.
        abort_multipart_after_seconds: age at which an incomplete upload is dropped, or None.
    """

    id: str
    prefix: str
    delete_after_seconds: int | None = None
    abort_multipart_after_seconds: int | None = None


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
        environments: those whose data the bucket holds.
        scheme: the table to read; the project's own unless given.

    Raises:
        EnvironmentNameError: if there is no environment. The rules of nothing would switch off all
            expiry in the bucket.
    """
    wanted = set(environments)
    if not wanted:
        raise EnvironmentNameError(
            "Lifecycle rules were asked for no environment.",
            hint="Name the environments whose data the bucket holds: dev, staging, prod.",
        )
    expiring = [template for template in scheme.templates if template.retention is not None]
    return (
        ABORT_INCOMPLETE_UPLOADS,
        *(
            LifecycleRule(
                id=f"expire-{environment}-{_folder(retention_prefix(template))}",
                prefix=retention_prefix(template).format(env=environment),
                delete_after_seconds=int(template.retention.total_seconds()),
            )
            for environment in Environment
            if environment in wanted
            for template in expiring
            if template.retention is not None
        ),
    )


def _folder(prefix: str) -> str:
    """``temp`` of ``{env}/temp/``: what people know the rule by."""
    return "-".join(prefix.rstrip("/").split("/")[1:])
