"""What exists in the account is compared with config first; a contradiction is one line and nothing done."""

import json
from collections.abc import Callable
from typing import Any

import pytest

ACCOUNT = "0123456789abcdef0123456789abcdef"
RunProgram = Callable[..., Any]
MakeAccount = Callable[..., Any]
READING = (
    "Check the account id, and that CLOUDFLARE_API_TOKEN has the permissions Workers R2 Storage Write and "
    "Account API Tokens Write."
)


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


LOOK_UPS = [
    ("readStackResourceOutputs", "the state of stack 'organization/r2-layout/prod'"),
    ("getR2Bucket", "bucket 'clips'"),
    ("getR2BucketLifecycle", "the lifecycle rules of bucket 'clips'"),
    ("getR2BucketLock", "the lock rules of bucket 'clips'"),
    ("getAccountApiTokenPermissionGroupsList", "the permission groups"),
]
URL = f"https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/r2/buckets/a-rather-long-name-of-a-bucket/lifecycle"
PREAMBLE = "invocation of cloudflare:index/{0}:{0} returned an error: failed to make http request: "


@pytest.mark.parametrize(("function", "what"), LOOK_UPS)
def test_a_refused_look_up_is_told_with_its_reason(
    run_program: RunProgram, existing_account: MakeAccount, function: str, what: str
) -> None:
    """Status, number and reason survive, however long the engine's and the provider's preamble is."""
    envelope = {
        "success": False,
        "errors": [{"code": 10000, "message": "Authentication error"}],
        "messages": [
            {
                "code": 10000,
                "message": "local Cloudflare: token ab lacks the permission 'Workers R2 Storage Write'",
            }
        ],
        "result": None,
    }
    text = f'{PREAMBLE.format(function)}GET "{URL}": 403 Forbidden {json.dumps(envelope)}'
    account = existing_account(failures={function: text})
    assert run_program("prod", account, adopt="true").refusal() == (
        f"Cannot read {what} of account '{ACCOUNT}': 403 Forbidden: Authentication error (code 10000); local "
        f"Cloudflare: token ab lacks the permission 'Workers R2 Storage Write' ({URL}). {READING}"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("403 Forbidden\n  code 10000", "invoke of {function} failed: 403 Forbidden code 10000"),
        ("x" * 500 + " connection refused", "..." + "x" * 381 + " connection refused"),
        (
            f'GET "{URL}": 502 Bad Gateway {{"html"',
            f'invoke of {{function}} failed: GET "{URL}": 502 Bad Gateway {{{{"html"',
        ),
    ],
)
def test_an_answer_without_an_envelope_keeps_its_end(
    run_program: RunProgram, existing_account: MakeAccount, text: str, told: str
) -> None:
    """What a proxy or the network says is told as it is, from its end, where the reason stands."""
    function = "cloudflare:index/getR2Bucket:getR2Bucket"
    account = existing_account(failures={"getR2Bucket": text})
    assert run_program("prod", account, adopt="true").refusal() == (
        f"Cannot read bucket 'clips' of account '{ACCOUNT}': {told.format(function=function)}. {READING}"
    )


@pytest.mark.parametrize(
    "words",
    [
        'value must be 40 characters, got: "{secret}"',
        "{secret}" + "x" * 395,
        'GET "https://user:{secret}@proxy.example": 403 Forbidden {{"errors":[{{"message":"{secret}","code":1}}]}}',
    ],
)
def test_what_the_provider_says_is_told_without_secrets(
    run_program: RunProgram, existing_account: MakeAccount, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """Wherever they stand, also where the beginning of the text is cut off in the middle of one."""
    secret = "pLaNtEd-SeCrEt"
    monkeypatch.setenv("CLOUDFLARE_API_KEY", secret)
    account = existing_account(failures={"getR2Bucket": words.format(secret=secret)})
    refusal = run_program("prod", account, adopt="true").refusal()
    assert refusal.startswith(f"Cannot read bucket 'clips' of account '{ACCOUNT}': ")
    assert secret[-5:] not in refusal


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
