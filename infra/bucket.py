"""The bucket: protected, retained on delete, and adopted only when config says so."""

from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from infra.account import ExistingBucket, OwnState, existing_bucket
from infra.settings import StackSettings, config_key
from layout.errors import SettingsError

__all__ = ["BucketPlan", "LayoutBucket", "check_bucket"]


@dataclass(frozen=True)
class BucketPlan:
    """What an `up` finds and does.

    Attributes:
        exists: the bucket is in the account before this `up`.
        adopt: it exists, the stack's state does not have it yet, and config says that it may be taken over.
    """

    exists: bool
    adopt: bool


class LayoutBucket(pulumi.ComponentResource):
    """The bucket of a layout; its lifecycle rules, lock rules and CORS are its children.

    Both options guard the users' files. `protect` refuses `pulumi destroy` and planned replacements.
    `retain_on_delete` keeps the bucket even where `protect` does not: an import over a bucket that the
    stack made itself plans a replacement and would send DELETE.
    """

    def __init__(self, name: str, settings: StackSettings, plan: BucketPlan) -> None:
        super().__init__("r2layout:infra:LayoutBucket", name)
        self.bucket = cloudflare.R2Bucket(
            "bucket",
            account_id=settings.account_id,
            name=settings.bucket_name,
            jurisdiction=settings.jurisdiction,
            storage_class=settings.storage_class,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=True,
                retain_on_delete=True,
                import_=_import_id(settings) if plan.adopt else None,
                # R2 decides it once, at the first creation of a name; a difference would plan a replacement.
                ignore_changes=["location"],
            ),
        )
        self.register_outputs({"bucket_name": self.bucket.name})

    def child_options(self) -> pulumi.ResourceOptions:
        """Options for what configures this bucket."""
        return pulumi.ResourceOptions(parent=self, depends_on=[self.bucket])


def check_bucket(settings: StackSettings, state: OwnState) -> BucketPlan:
    """Compare config with what exists.

    Raises:
        SettingsError: The bucket is missing where it must exist, exists where it would be created, or is
            of another storage class than config says.
    """
    in_state = state.has_bucket
    if settings.jurisdiction != "default":
        # Cloudflare's data source sees the jurisdiction `default` only; elsewhere all buckets look missing.
        return BucketPlan(exists=in_state or settings.adopt, adopt=settings.adopt and not in_state)
    bucket = existing_bucket(settings)
    if bucket is None:
        _check_missing(settings, in_state=in_state)
        return BucketPlan(exists=False, adopt=False)
    adopt = settings.owns_bucket and not in_state
    if adopt:
        _check_adoption(settings, bucket)
    return BucketPlan(exists=True, adopt=adopt)


def _check_missing(settings: StackSettings, *, in_state: bool) -> None:
    missing = f"Bucket {settings.bucket_name!r} does not exist in account {settings.account_id!r}"
    if not settings.owns_bucket:
        raise SettingsError(
            f"{missing}; stack {settings.owner.value!r} owns it.",
            hint=f"Bring that up first: pulumi up --stack {settings.owner}",
        )
    if in_state:
        raise SettingsError(
            f"{missing}, but this stack's state has it.",
            hint="If it was deleted on purpose, run pulumi refresh; the next pulumi up creates it anew.",
        )
    if settings.adopt:
        raise SettingsError(
            f"{missing} and cannot be adopted.", hint=f"To create it, remove config {config_key('adopt')}."
        )


def _check_adoption(settings: StackSettings, bucket: ExistingBucket) -> None:
    if not settings.adopt:
        raise SettingsError(
            f"Bucket {bucket.name!r} exists in account {settings.account_id!r} and is none of this stack's.",
            hint=f"To take it over, set config {config_key('adopt')} to true.",
        )
    if bucket.storage_class != settings.storage_class:
        raise SettingsError(
            f"Bucket {bucket.name!r} has storage class {bucket.storage_class!r}, and config says "
            f"{settings.storage_class!r}.",
            hint=f"Adopt it as it is: set config {config_key('storageClass')} to {bucket.storage_class}.",
        )


def _import_id(settings: StackSettings) -> str:
    return f"{settings.account_id}/{settings.bucket_name}/{settings.jurisdiction}"
