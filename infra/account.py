"""What the account and the stack's state hold now: read before anything is changed.

Each question has three answers: present, absent, unknown. Unknown is a `SettingsError`: the usual
reasons are a wrong account or token, and nothing may be created or replaced on a guess.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import pulumi
import pulumi_cloudflare as cloudflare

from infra.answers import read_answer
from infra.rules import BucketRule, age, effect
from infra.settings import StackSettings
from layout import stack_outputs
from layout.errors import SettingsError
from layout.foreign_words import without_secrets

__all__ = [
    "ExistingBucket",
    "OwnState",
    "existing_bucket",
    "existing_rules",
    "once_written",
    "own_state",
    "permission_groups",
]

# R2 answers a missing bucket with 404 and code 10006. The numbers are searched with the words around
# them, because the account id in the text may contain any digits.
_BUCKET_NOT_FOUND = re.compile(r"\b404 Not Found\b|\bcode\W{1,5}10006\b")

_ATTEMPTS = 10
_EMPTY = "failed to load checkpoint: EOF"
_RULE_OUTPUTS = {"lifecycle": stack_outputs.LIFECYCLE_RULES, "lock": stack_outputs.LOCK_RULES}

_Answer = TypeVar("_Answer")
LifecycleAnswer = cloudflare.outputs.GetR2BucketLifecycleRuleResult
LockAnswer = cloudflare.outputs.GetR2BucketLockRuleResult
DeletionCondition = cloudflare.outputs.GetR2BucketLifecycleRuleDeleteObjectsTransitionConditionResult
TransitionCondition = cloudflare.outputs.GetR2BucketLifecycleRuleStorageClassTransitionConditionResult


@dataclass(frozen=True)
class ExistingBucket:
    """A bucket as the account shows it."""

    name: str
    storage_class: str


@dataclass(frozen=True)
class OwnState:
    """What this stack's state says.

    Attributes:
        has_bucket: the bucket that config names is in it.
        written: the rules of that bucket that the last `up` wrote.
    """

    has_bucket: bool = False
    written: tuple[BucketRule, ...] = ()


def existing_bucket(settings: StackSettings) -> ExistingBucket | None:
    """The bucket of this environment, or None if the account has none of that name.

    Cloudflare's data sources know the jurisdiction `default` only.

    Raises:
        SettingsError: Cloudflare gave another answer than "here it is" or "there is none".
    """
    try:
        found = cloudflare.get_r2_bucket(account_id=settings.account_id, bucket_name=settings.bucket_name)
    except Exception as error:  # noqa: BLE001 Pulumi raises a bare Exception for every failed look-up
        if _BUCKET_NOT_FOUND.search(str(error)):
            return None
        raise _unknown(settings, f"bucket {settings.bucket_name!r}", error) from None
    return ExistingBucket(found.name or settings.bucket_name, found.storage_class)


def existing_rules(settings: StackSettings) -> list[BucketRule]:
    """The lifecycle and the lock rules of the bucket, which must exist.

    Raises:
        SettingsError: Cloudflare did not answer with rules.
    """
    account_id, name = settings.account_id, settings.bucket_name
    lifecycle = _ask(
        settings,
        f"the lifecycle rules of bucket {name!r}",
        lambda: cloudflare.get_r2_bucket_lifecycle(account_id=account_id, bucket_name=name).rules,
    )
    locks = _ask(
        settings,
        f"the lock rules of bucket {name!r}",
        lambda: cloudflare.get_r2_bucket_lock(account_id=account_id, bucket_name=name).rules,
    )
    return [*map(_lifecycle_rule, lifecycle or ()), *map(_lock_rule, locks or ())]


def _lifecycle_rule(rule: LifecycleAnswer) -> BucketRule:
    deletion, abort = rule.delete_objects_transition, rule.abort_multipart_uploads_transition
    deeds = [
        *([f"delete objects {_when(deletion.condition)}"] if deletion else ()),
        *([f"abort uploads after {age(abort.condition.max_age)}"] if abort else ()),
        *(
            f"move objects to {step.storage_class} {_when(step.condition)}"
            for step in rule.storage_class_transitions or ()
        ),
    ]
    prefix = rule.conditions.prefix if rule.conditions else ""
    return BucketRule("lifecycle", rule.id, prefix or "", effect(rule.enabled, deeds))


def _when(condition: DeletionCondition | TransitionCondition) -> str:
    return f"from {condition.date}" if condition.type == "Date" else f"after {age(condition.max_age)}"


def _lock_rule(rule: LockAnswer) -> BucketRule:
    condition = rule.condition
    spans = {"Age": f"for {age(condition.max_age_seconds or 0)}", "Date": f"until {condition.date}"}
    deed = f"lock {spans.get(condition.type, 'for ever')}"
    return BucketRule("lock", rule.id, rule.prefix or "", effect(rule.enabled, [deed]))


def permission_groups(settings: StackSettings, names: tuple[str, ...]) -> dict[str, str]:
    """Ids of Cloudflare's permission groups by name. Ids have changed before, names have not.

    Raises:
        SettingsError: Cloudflare did not answer, or does not know one of the names.
    """
    groups = _ask(
        settings,
        "the permission groups",
        lambda: (
            cloudflare.get_account_api_token_permission_groups_list(
                account_id=settings.account_id, scope="com.cloudflare.edge.r2.bucket"
            ).results
        ),
    )
    ids = {group.name: group.id for group in groups or ()}
    missing = [name for name in names if name not in ids]
    if missing:
        raise SettingsError(
            f"Account {settings.account_id!r} has no permission group {', '.join(map(repr, missing))}; "
            f"those for buckets are: {', '.join(map(repr, sorted(ids))) or 'none'}.",
            hint="Enable R2 for the account in the dashboard.",
        )
    return {name: ids[name] for name in names}


def own_state(settings: StackSettings) -> OwnState:
    """What this stack's state holds already.

    The engine answers this for any stack, with a sister of the function behind `pulumi.StackReference`.
    A program cannot see its own state otherwise, and has to know: R2 answers the creation of a bucket
    that exists with 409, which the provider retries for minutes, and an import of a bucket that the stack
    made plans its replacement.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = _ask(
        settings,
        f"the state of stack {stack!r}",
        lambda: once_written(
            lambda: (
                pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": stack}).value
            )
        ),
    )
    resources = answer["outputs"].values()
    exported = [each["outputs"] for each in resources if each["type"] == "pulumi:pulumi:Stack"]
    return OwnState(
        has_bucket=any(
            resource["type"] == "cloudflare:index/r2Bucket:R2Bucket"
            and resource["outputs"].get("name") == settings.bucket_name
            and resource["outputs"].get("accountId") == settings.account_id
            for resource in resources
        ),
        written=tuple(
            rule
            for outputs in exported
            if outputs.get(stack_outputs.BUCKET_NAME) == settings.bucket_name
            for kind, name in _RULE_OUTPUTS.items()
            for rule in BucketRule.from_outputs(kind, outputs.get(name))
        ),
    )


def once_written(read: Callable[[], _Answer], pause_seconds: float = 0.2) -> _Answer:
    """What is read of a state that the engine may be writing at this moment: a file backend then shows an empty file.

    Raises:
        Exception: What the last of ten attempts raised, or the first one for another reason.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return read()
        except Exception as error:
            if not str(error).endswith(_EMPTY):
                raise
            time.sleep(pause_seconds)
    return read()


def _ask(settings: StackSettings, what: str, question: Callable[[], _Answer]) -> _Answer:
    try:
        return question()
    except Exception as error:  # noqa: BLE001 Pulumi raises a bare Exception for every failed look-up
        raise _unknown(settings, what, error) from None


def _unknown(settings: StackSettings, what: str, error: Exception) -> SettingsError:
    return SettingsError(
        f"Cannot read {what} of account {settings.account_id!r}: {read_answer(without_secrets(str(error)))}.",
        hint="Check the account id, and that CLOUDFLARE_API_TOKEN has the permissions "
        "Workers R2 Storage Write and Account API Tokens Write.",
    )
