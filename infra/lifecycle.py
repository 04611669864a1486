"""Lifecycle rules: what the scheme lets expire.

A bucket has one lifecycle configuration, and writing it replaces all of it. So one stack writes the rules
of every environment in the bucket, and restates R2's own rule that aborts multipart uploads after 7 days.
Destroying the resource sends nothing: R2 keeps the rules.
"""

import pulumi_cloudflare as cloudflare

from infra.bucket import LayoutBucket
from infra.rules import BucketRule, age, effect
from infra.settings import StackSettings
from layout.retention import LifecycleRule, lifecycle_rules

__all__ = ["lifecycle_of_scheme", "provision_lifecycle"]


def provision_lifecycle(settings: StackSettings, bucket: LayoutBucket) -> cloudflare.R2BucketLifecycle:
    """The lifecycle configuration of the bucket, never empty: the abort rule is always there."""
    return cloudflare.R2BucketLifecycle(
        "lifecycle",
        account_id=settings.account_id,
        bucket_name=settings.bucket_name,
        jurisdiction=settings.jurisdiction,
        rules=[_rule_args(rule) for rule in lifecycle_rules(settings.environments_in_bucket)],
        opts=bucket.child_options(),
    )


def lifecycle_of_scheme(settings: StackSettings) -> list[BucketRule]:
    """The lifecycle rules of this stack's bucket, in their order."""
    return [_described(rule) for rule in lifecycle_rules(settings.environments_in_bucket)]


def _described(rule: LifecycleRule) -> BucketRule:
    delete, abort = rule.delete_after_seconds, rule.abort_multipart_after_seconds
    deeds = [
        *([] if delete is None else [f"delete objects after {age(delete)}"]),
        *([] if abort is None else [f"abort uploads after {age(abort)}"]),
    ]
    return BucketRule("lifecycle", rule.id, rule.prefix, effect(True, deeds))


def _rule_args(rule: LifecycleRule) -> cloudflare.R2BucketLifecycleRuleArgs:
    delete, abort = rule.delete_after_seconds, rule.abort_multipart_after_seconds
    return cloudflare.R2BucketLifecycleRuleArgs(
        id=rule.id,
        enabled=True,
        conditions=cloudflare.R2BucketLifecycleRuleConditionsArgs(prefix=rule.prefix),
        delete_objects_transition=None
        if delete is None
        else cloudflare.R2BucketLifecycleRuleDeleteObjectsTransitionArgs(
            condition=cloudflare.R2BucketLifecycleRuleDeleteObjectsTransitionConditionArgs(
                type="Age", max_age=delete
            )
        ),
        abort_multipart_uploads_transition=None
        if abort is None
        else cloudflare.R2BucketLifecycleRuleAbortMultipartUploadsTransitionArgs(
            condition=cloudflare.R2BucketLifecycleRuleAbortMultipartUploadsTransitionConditionArgs(
                type="Age", max_age=abort
            )
        ),
        # Left out, the provider shows a difference at every update.
        storage_class_transitions=[],
    )
