"""Whether this `up` would replace rules of the bucket that somebody else wrote."""

from collections.abc import Iterable

from infra.account import OwnState, existing_rules
from infra.bucket import BucketPlan
from infra.rules import BucketRule, check_rules, gives_up_all
from infra.settings import StackSettings, config_key
from layout.errors import SettingsError

__all__ = ["check_foreign_rules"]


def check_foreign_rules(
    settings: StackSettings, plan: BucketPlan, state: OwnState, ours: Iterable[BucketRule]
) -> None:
    """Compare the rules that the bucket has with those that the scheme produces.

    Raises:
        SettingsError: The bucket has foreign rules that `replaceRules` does not list, or they cannot be read.
    """
    if not settings.owns_bucket or not plan.exists or gives_up_all(settings):
        return
    if settings.jurisdiction != "default":
        _check_unseen_rules(settings, plan)
        return
    check_rules(settings, there=existing_rules(settings), ours=ours, written=state.written)


def _check_unseen_rules(settings: StackSettings, plan: BucketPlan) -> None:
    """Cloudflare's data sources read the jurisdiction `default` only: rules elsewhere are unknown."""
    if plan.adopt:
        raise SettingsError(
            f"The lifecycle and lock rules of bucket {settings.bucket_name!r} cannot be read in the jurisdiction "
            f"{settings.jurisdiction!r}, and this update would replace them.",
            hint="Look at them in the dashboard; if all may go, set config "
            f"{config_key('replaceRules')} to ['*'].",
        )
