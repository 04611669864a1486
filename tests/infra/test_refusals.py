"""What exists in the account is compared with config first; a contradiction is one line and nothing done."""

from collections.abc import Callable
from typing import Any

import pytest

ACCOUNT = "0123456789abcdef0123456789abcdef"
RunProgram = Callable[..., Any]
MakeAccount = Callable[..., Any]
ABORT_RULE = {"id": "Default Multipart Abort Rule", "enabled": True, "conditions": {"prefix": ""}}
READING = (
    "Check the account id, and that CLOUDFLARE_API_TOKEN has the permissions Workers R2 Storage Write and "
    "Account API Tokens Write."
)


def rule(name: str, prefix: str) -> dict[str, Any]:
    """A lifecycle rule as the look-up answers it."""
    return {"id": name, "enabled": True, "conditions": {"prefix": prefix}}


def test_a_wrong_setting_stops_before_the_account_is_asked(
    run_program: RunProgram, existing_account: MakeAccount
) -> None:
    """Nothing is looked up, let alone created, for a stack whose config is wrong."""
    account = existing_account()
    assert run_program("prod", account, topology="both").refusal() == (
        "Config r2-layout:topology is 'both': input should be 'shared' or 'dedicated'."
    )
    assert account.calls == []


def test_a_stack_that_finds_no_bucket_names_the_owner(run_program: RunProgram) -> None:
    """In the shared topology the owner comes first."""
    assert run_program("dev").refusal() == (
        f"Bucket 'clips' does not exist in account '{ACCOUNT}'; stack 'prod' owns it. "
        "Bring that up first: pulumi up --stack prod"
    )


def test_a_bucket_that_exists_is_not_adopted_unasked(
    run_program: RunProgram, existing_account: MakeAccount
) -> None:
    """Creating it would be retried for minutes against 409, and taking it over is a decision."""
    assert run_program("prod", existing_account()).refusal() == (
        f"Bucket 'clips' exists in account '{ACCOUNT}' and is none of this stack's. "
        "To take it over, set config r2-layout:adopt to true."
    )


def test_a_bucket_that_is_missing_cannot_be_adopted(run_program: RunProgram) -> None:
    """The provider would answer with a raw 404."""
    assert run_program("prod", adopt="true").refusal() == (
        f"Bucket 'clips' does not exist in account '{ACCOUNT}' and cannot be adopted. "
        "To create it, remove config r2-layout:adopt."
    )


def test_an_adopted_bucket_keeps_its_storage_class(
    run_program: RunProgram, existing_account: MakeAccount
) -> None:
    """Adoption under another class would change what every new object costs."""
    account = existing_account(storage_class="InfrequentAccess")
    assert run_program("prod", account, adopt="true").refusal() == (
        "Bucket 'clips' has storage class 'InfrequentAccess', and config says 'Standard'. "
        "Adopt it as it is: set config r2-layout:storageClass to InfrequentAccess."
    )


def test_a_bucket_of_the_stack_may_change_its_storage_class(
    run_program: RunProgram, existing_account: MakeAccount
) -> None:
    """Once it is in the state, config decides, whether `adopt` is still set or not."""
    account = existing_account(in_state=True)
    run = run_program("prod", account, adopt="true", storageClass="InfrequentAccess")
    (bucket,) = run.of_type("R2Bucket")
    assert bucket.inputs["storageClass"] == "InfrequentAccess"


def test_adoption_imports_the_bucket_once(run_program: RunProgram, existing_account: MakeAccount) -> None:
    """An import id for a bucket that the stack has already would plan its replacement."""
    (bucket,) = run_program("prod", existing_account(), adopt="true").of_type("R2Bucket")
    assert bucket.import_id == f"{ACCOUNT}/clips/default"
    (bucket,) = run_program("prod", existing_account(in_state=True), adopt="true").of_type("R2Bucket")
    assert bucket.import_id == ""


def test_a_bucket_that_vanished_is_told(run_program: RunProgram, existing_account: MakeAccount) -> None:
    """An update of unchanged resources asks R2 nothing and would call the lost bucket up to date."""
    assert run_program("prod", existing_account(in_state=True, storage_class=None)).refusal() == (
        f"Bucket 'clips' does not exist in account '{ACCOUNT}', but this stack's state has it. "
        "If it was deleted on purpose, run pulumi refresh; the next pulumi up creates it anew."
    )


@pytest.mark.parametrize("in_state", [False, True])
def test_foreign_rules_stop_every_update_of_the_owner(
    run_program: RunProgram, existing_account: MakeAccount, in_state: bool
) -> None:
    """Rules written by hand are listed with id and prefix, also after the first update, and not wiped out."""
    rules = [
        ABORT_RULE,
        rule("old-logs", "logs/"),
        rule("expire-dev-temp", "dev/"),
        rule("expire-dev-temp", "dev/temp/"),
    ]
    account = existing_account(rules=rules, in_state=in_state)
    assert run_program("prod", account, adopt="true").refusal() == (
        "Bucket 'clips' has lifecycle rules that the scheme does not produce and that this update would "
        "remove: 'old-logs' (prefix 'logs/'), 'expire-dev-temp' (prefix 'dev/'). Declare their prefixes in "
        "layout/scheme/table.py, or list their ids in config r2-layout:replaceRules."
    )


@pytest.mark.parametrize("replace", ['["old-logs","older"]', '["*"]'])
def test_rules_that_config_gives_up_are_replaced(
    run_program: RunProgram, existing_account: MakeAccount, replace: str
) -> None:
    """Each id is given up by name, or all of them at once."""
    account = existing_account(rules=[ABORT_RULE, rule("old-logs", "logs/"), rule("older", "")])
    run = run_program("prod", account, adopt="true", replaceRules=replace)
    (lifecycle,) = run.of_type("R2BucketLifecycle")
    assert "old-logs" not in {kept["id"] for kept in lifecycle.inputs["rules"]}


def test_a_stack_that_does_not_own_the_bucket_leaves_foreign_rules_alone(
    run_program: RunProgram, existing_account: MakeAccount
) -> None:
    """It writes no rules, so it has none to lose."""
    account = existing_account(rules=[rule("old-logs", "logs/")])
    assert run_program("dev", account).statuses == []
    assert "getR2BucketLifecycle" not in {function for function, _ in account.calls}


def test_rules_of_an_adopted_bucket_in_another_jurisdiction_are_unknown(run_program: RunProgram) -> None:
    """Cloudflare's data sources read the default jurisdiction only, and unknown is not none."""
    assert run_program("prod", jurisdiction="eu", adopt="true").refusal() == (
        "The lifecycle rules of bucket 'clips' cannot be read in the jurisdiction 'eu', and this update "
        "would replace them. Look at them in the dashboard; if all may go, set config r2-layout:replaceRules "
        "to ['*']."
    )
    run = run_program("prod", jurisdiction="eu", adopt="true", replaceRules='["*"]')
    (bucket,) = run.of_type("R2Bucket")
    assert bucket.import_id == f"{ACCOUNT}/clips/eu"


def test_a_stack_in_another_jurisdiction_does_not_mistake_its_bucket_for_missing(
    run_program: RunProgram,
) -> None:
    """Without `adopt` the owner creates the bucket, and the others take its name on trust."""
    assert run_program("prod", jurisdiction="eu").statuses == []
    assert run_program("dev", jurisdiction="eu").statuses == []


@pytest.mark.parametrize(
    ("function", "what"),
    [
        ("readStackResourceOutputs", "the state of stack 'organization/r2-layout/prod'"),
        ("getR2Bucket", "bucket 'clips'"),
        ("getR2BucketLifecycle", "the lifecycle rules of bucket 'clips'"),
        ("getAccountApiTokenPermissionGroupsList", "the permission groups"),
    ],
)
def test_a_refused_look_up_is_told_in_one_line(
    run_program: RunProgram, existing_account: MakeAccount, function: str, what: str
) -> None:
    """A wrong account or token shows here first, and an unknown answer is neither yes nor no."""
    account = existing_account(failures={function: "403 Forbidden\n  code 10000"})
    token = {
        "readStackResourceOutputs": "pulumi:pulumi:readStackResourceOutputs",
        "getR2Bucket": "cloudflare:index/getR2Bucket:getR2Bucket",
        "getR2BucketLifecycle": "cloudflare:index/getR2BucketLifecycle:getR2BucketLifecycle",
        "getAccountApiTokenPermissionGroupsList": (
            "cloudflare:index/getAccountApiTokenPermissionGroupsList:getAccountApiTokenPermissionGroupsList"
        ),
    }[function]
    assert run_program("prod", account, adopt="true").refusal() == (
        f"Cannot read {what} of account '{ACCOUNT}': invoke of {token} failed: 403 Forbidden code 10000. "
        f"{READING}"
    )


def test_a_missing_permission_group_is_told_with_those_there_are(
    run_program: RunProgram, existing_account: MakeAccount
) -> None:
    """An account without R2 has no such groups."""
    account = existing_account(groups={"Workers R2 Storage Bucket Item Read": "x", "Other": "y"})
    assert run_program("dev", account).refusal() == (
        f"Account '{ACCOUNT}' has no permission group 'Workers R2 Storage Bucket Item Write'; those for "
        "buckets are: 'Other', 'Workers R2 Storage Bucket Item Read'. Enable R2 for the account in the "
        "dashboard."
    )
