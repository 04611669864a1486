"""The names of the stack's outputs, shared with whoever reads them, and their export.

Importing this costs nothing: commands that only read outputs do not load Pulumi, whose Cloudflare package
alone takes three seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layout.keys import environment_prefix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.settings import StackSettings
    from infra.tokens import EnvironmentTokens

__all__ = [
    "ACCOUNT_ID",
    "AUDIT_ACCESS_KEY_ID",
    "AUDIT_SECRET_ACCESS_KEY",
    "BACKEND_ACCESS_KEY_ID",
    "BACKEND_SECRET_ACCESS_KEY",
    "BUCKET_NAME",
    "ENVIRONMENT",
    "ENVIRONMENT_PREFIX",
    "JURISDICTION",
    "LIFECYCLE_RULE_IDS",
    "S3_ENDPOINT",
    "export_outputs",
]

ENVIRONMENT = "environment"
ACCOUNT_ID = "account_id"
BUCKET_NAME = "bucket_name"
S3_ENDPOINT = "s3_endpoint"
JURISDICTION = "jurisdiction"
ENVIRONMENT_PREFIX = "environment_prefix"
BACKEND_ACCESS_KEY_ID = "backend_access_key_id"
BACKEND_SECRET_ACCESS_KEY = "backend_secret_access_key"  # noqa: S105 the output's name
AUDIT_ACCESS_KEY_ID = "audit_access_key_id"
AUDIT_SECRET_ACCESS_KEY = "audit_secret_access_key"  # noqa: S105 the output's name
LIFECYCLE_RULE_IDS = "lifecycle_rule_ids"  # of the stack that owns the bucket only


def export_outputs(
    settings: StackSettings, tokens: EnvironmentTokens, lifecycle_rule_ids: Sequence[str] | None
) -> None:
    """Export what an application, a CI job or a person needs of this stack.

    Args:
        settings: of the stack.
        tokens: whose newest generation is named.
        lifecycle_rule_ids: of the bucket's rules; None if another stack owns them.
    """
    import pulumi

    pulumi.export(ENVIRONMENT, settings.environment.value)
    pulumi.export(ACCOUNT_ID, settings.account_id)
    pulumi.export(BUCKET_NAME, settings.bucket_name)
    pulumi.export(S3_ENDPOINT, settings.s3_endpoint)
    pulumi.export(JURISDICTION, settings.jurisdiction)
    pulumi.export(ENVIRONMENT_PREFIX, str(environment_prefix(environment=settings.environment)))
    pulumi.export(BACKEND_ACCESS_KEY_ID, tokens.backend.access_key_id)
    pulumi.export(BACKEND_SECRET_ACCESS_KEY, tokens.backend.secret_access_key)
    pulumi.export(AUDIT_ACCESS_KEY_ID, tokens.audit.access_key_id)
    pulumi.export(AUDIT_SECRET_ACCESS_KEY, tokens.audit.secret_access_key)
    if lifecycle_rule_ids is not None:
        pulumi.export(LIFECYCLE_RULE_IDS, list(lifecycle_rule_ids))
