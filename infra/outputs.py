"""What a stack exports; the names of the outputs are in `layout.stack_outputs`, for whoever reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from layout import stack_outputs as names
from layout.keys import environment_prefix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.rules import BucketRule
    from infra.settings import StackSettings
    from infra.tokens import EnvironmentTokens

__all__ = ["export_outputs"]


def export_outputs(
    settings: StackSettings,
    tokens: EnvironmentTokens,
    *,
    lifecycle: Sequence[BucketRule],
    lock: Sequence[BucketRule],
) -> None:
    """Export what an application, a CI job or a person needs of this stack.

    Args:
        settings: of the stack.
        tokens: whose newest generation is named.
        lifecycle: the lifecycle rules that this stack writes; exported only by the owner of the bucket.
        lock: its lock rules. What is exported here, the next `up` takes for written by this stack.
    """
    pulumi.export(names.ENVIRONMENT, settings.environment.value)
    pulumi.export(names.ACCOUNT_ID, settings.account_id)
    pulumi.export(names.BUCKET_NAME, settings.bucket_name)
    pulumi.export(names.S3_ENDPOINT, settings.s3_endpoint)
    pulumi.export(names.JURISDICTION, settings.jurisdiction)
    pulumi.export(names.ENVIRONMENT_PREFIX, str(environment_prefix(environment=settings.environment)))
    pulumi.export(names.BACKEND_ACCESS_KEY_ID, tokens.backend.access_key_id)
    pulumi.export(names.BACKEND_SECRET_ACCESS_KEY, tokens.backend.secret_access_key)
    pulumi.export(names.AUDIT_ACCESS_KEY_ID, tokens.audit.access_key_id)
    pulumi.export(names.AUDIT_SECRET_ACCESS_KEY, tokens.audit.secret_access_key)
    if settings.owns_bucket:
        pulumi.export(names.LIFECYCLE_RULES, [rule.output() for rule in lifecycle])
        pulumi.export(names.LOCK_RULES, [rule.output() for rule in lock])
