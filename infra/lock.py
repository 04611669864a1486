"""Lock rules: what nobody overwrites or deletes before its time, whatever credential they hold.

A bucket has one lock configuration, and writing it replaces all of it: as with lifecycle rules, one stack
writes the rules of every environment in the bucket. The resource is there also when the scheme locks nothing,
since it is what unlocks a row that is locked no longer. Destroying it sends nothing: R2 keeps the rules.
"""

import pulumi_cloudflare as cloudflare

from infra.bucket import LayoutBucket
from infra.rules import BucketRule, age, effect
from infra.settings import StackSettings
from layout.retention import lock_rules

__all__ = ["lock_of_scheme", "provision_lock"]


def provision_lock(settings: StackSettings, bucket: LayoutBucket) -> cloudflare.R2BucketLock:
    """The lock configuration of the bucket. A lock wins over a lifecycle rule."""
    return cloudflare.R2BucketLock(
        "lock",
        account_id=settings.account_id,
        bucket_name=settings.bucket_name,
        jurisdiction=settings.jurisdiction,
        rules=[
            cloudflare.R2BucketLockRuleArgs(
                id=rule.id,
                enabled=True,
                prefix=rule.prefix,
                condition=cloudflare.R2BucketLockRuleConditionArgs(
                    type="Age", max_age_seconds=rule.max_age_seconds
                ),
            )
            for rule in lock_rules(settings.environments_in_bucket)
        ],
        opts=bucket.child_options(),
    )


def lock_of_scheme(settings: StackSettings) -> list[BucketRule]:
    """The lock rules of this stack's bucket, in their order."""
    return [
        BucketRule("lock", rule.id, rule.prefix, effect(True, [f"lock for {age(rule.max_age_seconds)}"]))
        for rule in lock_rules(settings.environments_in_bucket)
    ]
