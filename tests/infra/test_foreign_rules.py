"""Rules of a bucket that somebody else wrote, or changed: an update is refused and says what it would replace."""

from collections.abc import Callable
from typing import Any

import pytest

ACCOUNT = "0123456789abcdef0123456789abcdef"
RunProgram = Callable[..., Any]
MakeAccount = Callable[..., Any]
DAY = 86_400
ABORT_RULE = {
    "id": "Default Multipart Abort Rule",
    "enabled": True,
    "conditions": {"prefix": ""},
    "abortMultipartUploadsTransition": {"condition": {"type": "Age", "maxAge": 7 * DAY}},
}


def rule(name: str, prefix: str, *, after_days: int | None = None) -> dict[str, Any]:
    """A lifecycle rule as the look-up answers it; without days it deletes nothing."""
    there: dict[str, Any] = {"id": name, "enabled": True, "conditions": {"prefix": prefix}}
    if after_days is not None:
        there["deleteObjectsTransition"] = {"condition": {"type": "Age", "maxAge": after_days * DAY}}
    return there


def lock(name: str, prefix: str | None, **condition: Any) -> dict[str, Any]:
    """A lock rule as the look-up answers it."""
    return {
        "id": name, "enabled": True, "condition": condition, **({} if prefix is None else {"prefix": prefix})
    }  # fmt: skip


FOREIGN = "Bucket 'clips' has rules that neither the scheme nor this stack wrote and that this update would replace: "
GIVE_UP = (
    "Declare what they do in layout/scheme/table.py, or give them up: list their ids in config "
    "r2-layout:replaceRules."
)


@pytest.mark.parametrize("in_state", [False, True])
def test_foreign_rules_stop_every_update_of_the_owner(
    run_program: RunProgram, existing_account: MakeAccount, in_state: bool
) -> None:
    """Rules written by hand are listed with all that they do, also after the first update, and not wiped out."""
    to_colder = {
        "condition": {"type": "Date", "date": "2030-01-01T00:00:00Z"},
        "storageClass": "InfrequentAccess",
    }
    account = existing_account(
        rules=[
            ABORT_RULE,
            rule("old-logs", "logs/", after_days=30),
            rule("expire-dev-temp", "dev/", after_days=1),
            rule("expire-dev-temp", "dev/temp/", after_days=1),
            {**rule("cold", ""), "storageClassTransitions": [to_colder]},
            rule("nothing", "a/"),
        ],
        locks=[
            lock("keep", "audit/", type="Indefinite"),
            lock("until", None, type="Date", date="2030-01-01T00:00:00Z"),
            lock("lock-prod-backups", "prod/backups/", type="Age", maxAgeSeconds=30 * DAY),
        ],
        in_state=in_state,
    )
    assert run_program("prod", account, adopt="true").refusal() == (
        f"{FOREIGN}lifecycle rule 'old-logs' (prefix 'logs/': delete objects after 30 days), "
        "lifecycle rule 'expire-dev-temp' (prefix 'dev/': delete objects after 1 day), "
        "where the scheme has prefix 'dev/temp/': delete objects after 1 day, "
        "lifecycle rule 'cold' (prefix '': move objects to InfrequentAccess from 2030-01-01T00:00:00Z), "
        "lifecycle rule 'nothing' (prefix 'a/': nothing), "
        "lock rule 'keep' (prefix 'audit/': lock for ever), "
        f"lock rule 'until' (prefix '': lock until 2030-01-01T00:00:00Z). {GIVE_UP}"
    )


OURS = "where the scheme has prefix 'prod/backups/': delete objects after 30 days"
LOCKED = "where the scheme has prefix 'prod/backups/': lock for 30 days"


@pytest.mark.parametrize("in_state", [False, True])
@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (
            {"days": 365},
            f"lifecycle rule 'expire-prod-backups' (prefix 'prod/backups/': delete objects after 365 days), {OURS}",
        ),
        (
            {"days": 30, "enabled": False},
            (
                "lifecycle rule 'expire-prod-backups' (prefix 'prod/backups/': switched off, delete objects after "
                f"30 days), {OURS}"
            ),
        ),
        (
            {"colder": True},
            (
                "lifecycle rule 'expire-prod-backups' (prefix 'prod/backups/': move objects to InfrequentAccess after "
                f"30 days), {OURS}"
            ),
        ),
        (
            {"lock": {"type": "Age", "maxAgeSeconds": 90 * DAY + 1}},
            f"lock rule 'lock-prod-backups' (prefix 'prod/backups/': lock for 7776001 seconds), {LOCKED}",
        ),
        (
            {"lock": {"type": "Indefinite"}},
            f"lock rule 'lock-prod-backups' (prefix 'prod/backups/': lock for ever), {LOCKED}",
        ),
    ],
)
def test_a_rule_of_ours_that_somebody_changed_is_foreign(
    run_program: RunProgram,
    existing_account: MakeAccount,
    in_state: bool,
    facts: dict[str, Any],
    told: str,
) -> None:
    """Retention that was lengthened or switched off in the dashboard is not reset by an update, but told."""
    account = changed_account(existing_account, in_state, **facts)
    assert run_program("prod", account, adopt="true").refusal() == f"{FOREIGN}{told}. {GIVE_UP}"
    identity = "lock-prod-backups" if "lock" in facts else "expire-prod-backups"
    assert run_program("prod", account, adopt="true", replaceRules=f'["{identity}"]').statuses == []


def changed_account(existing_account: MakeAccount, in_state: bool, **facts: Any) -> Any:
    """An account whose bucket has one rule of ours with other content; the last update did not write that."""
    exported = {"lifecycle_rules": [{"id": "expire-prod-temp", "prefix": "prod/temp/", "does": "nothing"}]}
    if "lock" in facts:
        locks = [{**lock("lock-prod-backups", "prod/backups/", **facts["lock"])}]
        return existing_account(locks=locks, in_state=in_state, exported=exported)
    changed = rule("expire-prod-backups", "prod/backups/", after_days=facts.get("days"))
    if "colder" in facts:
        colder = {"condition": {"type": "Age", "maxAge": 30 * DAY}, "storageClass": "InfrequentAccess"}
        changed["storageClassTransitions"] = [colder]
    changed["enabled"] = facts.get("enabled", True)
    return existing_account(rules=[changed], in_state=in_state, exported=exported)


def test_a_rule_that_the_stack_itself_wrote_follows_the_scheme(
    run_program: RunProgram, existing_account: MakeAccount
) -> None:
    """A retention that was changed in the table is an update like any other: the stack's outputs say it was ours."""
    account = existing_account(
        rules=[rule("expire-prod-temp", "prod/temp/", after_days=9)],
        locks=[lock("lock-prod-old", "prod/old/", type="Age", maxAgeSeconds=DAY)],
        in_state=True,
        exported={
            "lifecycle_rules": [
                {"id": "expire-prod-temp", "prefix": "prod/temp/", "does": "delete objects after 9 days"}
            ],
            "lock_rules": [{"id": "lock-prod-old", "prefix": "prod/old/", "does": "lock for 1 day"}],
        },
    )
    run = run_program("prod", account)
    assert run.statuses == []
    assert [written["id"] for written in run.of_type("R2BucketLock")[0].inputs["rules"]] == [
        f"lock-{environment}-backups" for environment in ("dev", "staging", "prod")
    ]


def test_outputs_of_an_older_version_make_no_rule_ours(
    run_program: RunProgram, existing_account: MakeAccount
) -> None:
    """What an output does not say in full was not written by this stack as far as it knows."""
    account = existing_account(
        rules=[rule("old", "old/", after_days=9)],
        in_state=True,
        exported={"lifecycle_rules": ["old"], "lock_rules": "old"},
    )
    assert run_program("prod", account).refusal() == (
        f"{FOREIGN}lifecycle rule 'old' (prefix 'old/': delete objects after 9 days). {GIVE_UP}"
    )


@pytest.mark.parametrize("replace", ['["old-logs","older","keep"]', '["*"]'])
def test_rules_that_config_gives_up_are_replaced(
    run_program: RunProgram, existing_account: MakeAccount, replace: str
) -> None:
    """Each id is given up by name, or all of them at once."""
    account = existing_account(
        rules=[ABORT_RULE, rule("old-logs", "logs/"), rule("older", "")],
        locks=[lock("keep", "", type="Indefinite")],
    )
    run = run_program("prod", account, adopt="true", replaceRules=replace)
    (lifecycle,) = run.of_type("R2BucketLifecycle")
    assert "old-logs" not in {kept["id"] for kept in lifecycle.inputs["rules"]}


def test_a_stack_that_does_not_own_the_bucket_leaves_foreign_rules_alone(
    run_program: RunProgram, existing_account: MakeAccount
) -> None:
    """It writes no rules, so it has none to lose."""
    account = existing_account(rules=[rule("old-logs", "logs/")])
    assert run_program("dev", account).statuses == []
    asked = {function for function, _ in account.calls}
    assert {"getR2BucketLifecycle", "getR2BucketLock"} & asked == set()


def test_rules_of_an_adopted_bucket_in_another_jurisdiction_are_unknown(run_program: RunProgram) -> None:
    """Cloudflare's data sources read the default jurisdiction only, and unknown is not none."""
    assert run_program("prod", jurisdiction="eu", adopt="true").refusal() == (
        "The lifecycle and lock rules of bucket 'clips' cannot be read in the jurisdiction 'eu', and this update "
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
