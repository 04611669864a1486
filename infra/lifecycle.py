"""Lifecycle rules: what the scheme lets expire, and nothing that somebody else wrote is lost.

A bucket has one lifecycle configuration, and writing it replaces all of it. So one stack writes the rules
of every environment in the bucket, restates R2's own rule that aborts multipart uploads after 7 days, and
stops at rules that the scheme does not produce. Destroying the resource sends nothing: R2 keeps the rules.
"""

import pulumi_cloudflare as cloudflare

from infra.account import existing_rules
from infra.bucket import BucketPlan, LayoutBucket
from infra.settings import StackSettings, config_key
from layout.errors import SettingsError
from layout.retention import LifecycleRule, lifecycle_rules

__all__ = ["check_rules", "provision_lifecycle", "rule_ids"]

# In config `replaceRules`: every rule that is there may go.
_ALL = "*"


def check_rules(settings: StackSettings, plan: BucketPlan) -> None:
    """Stop at lifecycle rules that this `up` would remove.

    Raises:
        SettingsError: The bucket has rules that the scheme does not produce and `replaceRules` does not list.
    """
    if not settings.owns_bucket or not plan.exists or _ALL in settings.replace_rules:
        return
    if settings.jurisdiction != "default":
        _check_unseen_rules(settings, plan)
        return
    ours = {(rule.id, rule.prefix) for rule in _rules(settings)}
    foreign = [
        rule
        for rule in existing_rules(settings)
        if (rule.id, rule.prefix) not in ours and rule.id not in settings.replace_rules
    ]
    if foreign:
        named = ", ".join(f"{rule.id!r} (prefix {rule.prefix!r})" for rule in foreign)
        raise SettingsError(
            f"Bucket {settings.bucket_name!r} has lifecycle rules that the scheme does not produce and that "
            f"this update would remove: {named}.",
            hint="Declare their prefixes in layout/scheme/table.py, or list their ids in config "
            f"{config_key('replaceRules')}.",
        )


def provision_lifecycle(settings: StackSettings, bucket: LayoutBucket) -> cloudflare.R2BucketLifecycle:
    """The lifecycle configuration of the bucket, never empty: the abort rule is always there."""
    return cloudflare.R2BucketLifecycle(
        "lifecycle",
        account_id=settings.account_id,
        bucket_name=settings.bucket_name,
        jurisdiction=settings.jurisdiction,
        rules=[_rule_args(rule) for rule in _rules(settings)],
        opts=bucket.child_options(),
    )


def rule_ids(settings: StackSettings) -> list[str]:
    """The ids of the rules of this stack's bucket, in their order."""
    return [rule.id for rule in _rules(settings)]


def _rules(settings: StackSettings) -> tuple[LifecycleRule, ...]:
    return lifecycle_rules(settings.environments_in_bucket)


def _check_unseen_rules(settings: StackSettings, plan: BucketPlan) -> None:
    """Cloudflare's data source reads the jurisdiction `default` only: rules elsewhere are unknown."""
    if plan.adopt:
        raise SettingsError(
            f"The lifecycle rules of bucket {settings.bucket_name!r} cannot be read in the jurisdiction "
            f"{settings.jurisdiction!r}, and this update would replace them.",
            hint="Look at them in the dashboard; if all may go, set config "
            f"{config_key('replaceRules')} to ['*'].",
        )


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
