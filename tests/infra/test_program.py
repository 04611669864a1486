"""Rules that the resources of every stack keep. Stated without an engine."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from layout.access import AUDIT, BACKEND
from layout.environment import Environment
from layout.keys import parse_key

ACCOUNT = "0123456789abcdef0123456789abcdef"
WRITE, READ = "2efd5506f9c8494dacb1fa10a3e7d5b6", "6a018a9f2fc74eb6b293b0c548f38b39"
Run = Any
RunProgram = Callable[..., Run]

STACKS = [
    pytest.param(environment, topology, id=f"{environment}-{topology}")
    for environment in ("dev", "staging", "prod")
    for topology in ("shared", "dedicated")
]


@pytest.fixture
def up(run_program: RunProgram, existing_account: Callable[..., Any]) -> RunProgram:
    """A run that nothing stops: in the shared topology the bucket of the other stack is there."""

    def run(environment: str, topology: str = "shared", **config: str) -> Run:
        exists = topology == "shared" and environment != "prod"
        account = existing_account() if exists else None
        result = run_program(environment, account, topology=topology, **config)
        assert (result.statuses, result.errors) == ([], [])
        return result

    return run


@pytest.mark.parametrize(("environment", "topology"), STACKS)
def test_every_bucket_is_protected_and_outlives_its_stack(
    up: RunProgram, environment: str, topology: str
) -> None:
    """Neither a destroy nor a planned replacement may delete users' files; R2's location never replaces."""
    for bucket in up(environment, topology).of_type("R2Bucket"):
        assert bucket.options.protect is True, f"{bucket.name} is not protected"
        assert bucket.options.retain_on_delete is True, f"{bucket.name} would be deleted"
        assert bucket.options.ignore_changes == ["location"], (
            f"{bucket.name} could be replaced for its location"
        )


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_in_a_shared_bucket_only_the_owner_has_the_buckets_resources(
    up: RunProgram, environment: str
) -> None:
    """A second lifecycle resource on the bucket would overwrite the owner's rules at every update."""
    run = up(environment)
    assert {resource.type for resource in run.resources} == {
        "r2layout:infra:EnvironmentTokens",
        "cloudflare:index/accountToken:AccountToken",
    }
    assert {"lifecycle_rules", "lock_rules"} & set(run.outputs) == set()


def test_the_owner_of_a_shared_bucket_writes_the_rules_of_all_environments(up: RunProgram) -> None:
    """One configuration holds the union, in the order that the API keeps."""
    run = up("prod")
    (bucket,) = run.of_type("R2Bucket")
    (lifecycle,) = run.of_type("R2BucketLifecycle")
    assert bucket.inputs["name"] == lifecycle.inputs["bucketName"] == "clips"
    assert [rule["id"] for rule in run.outputs["lifecycle_rules"]] == [
        rule["id"] for rule in lifecycle.inputs["rules"]
    ]
    environments = {rule["conditions"]["prefix"].split("/")[0] for rule in lifecycle.inputs["rules"]}
    assert environments == {"", *Environment}


@pytest.mark.parametrize("environment", list(Environment))
def test_a_dedicated_bucket_is_named_after_its_environment(up: RunProgram, environment: str) -> None:
    """Each stack owns a bucket of its own, with the rules of its environment only."""
    run = up(environment, "dedicated")
    (bucket,) = run.of_type("R2Bucket")
    (lifecycle,) = run.of_type("R2BucketLifecycle")
    assert bucket.inputs["name"] == lifecycle.inputs["bucketName"] == f"clips-{environment}"
    assert {rule["conditions"]["prefix"].split("/")[0] for rule in lifecycle.inputs["rules"]} == {
        "",
        environment,
    }


@pytest.mark.parametrize(("environment", "topology"), STACKS)
def test_every_lifecycle_prefix_is_one_that_the_scheme_writes(
    up: RunProgram, environment: str, topology: str
) -> None:
    """A rule ends with "/" and covers what may expire; only the abort rule, deleting nothing, is wider."""
    for lifecycle in up(environment, topology).of_type("R2BucketLifecycle"):
        for rule in lifecycle.inputs["rules"]:
            prefix = rule["conditions"]["prefix"]
            if prefix == "":
                assert "deleteObjectsTransition" not in rule, f"{rule['id']} would empty the bucket"
                assert rule["abortMultipartUploadsTransition"]["condition"]["maxAge"] == 7 * 86_400
            else:
                assert prefix.endswith("/"), f"{rule['id']} would reach into sibling prefixes"
                assert parse_key(f"{prefix}a").template.retention is not None, (
                    f"{rule['id']} expires kept keys"
                )


@pytest.mark.parametrize(("environment", "topology"), STACKS)
def test_no_rule_deletes_before_a_day_has_passed(up: RunProgram, environment: str, topology: str) -> None:
    """Ages are seconds; days written in their place would delete everything at once."""
    for lifecycle in up(environment, topology).of_type("R2BucketLifecycle"):
        assert lifecycle.inputs["rules"], "an empty configuration would drop R2's own abort rule"
        for rule in lifecycle.inputs["rules"]:
            assert rule["enabled"] is True
            assert rule["storageClassTransitions"] == []
            if "deleteObjectsTransition" in rule:
                assert rule["deleteObjectsTransition"]["condition"]["type"] == "Age"
                assert rule["deleteObjectsTransition"]["condition"]["maxAge"] >= 86_400


@pytest.mark.parametrize(("environment", "topology"), STACKS)
def test_backups_are_locked_for_their_thirty_days(up: RunProgram, environment: str, topology: str) -> None:
    """The owner of a bucket writes the lock of each environment in it; a lock never covers other keys."""
    for lock in up(environment, topology).of_type("R2BucketLock"):
        environments = list(Environment) if topology == "shared" else [environment]
        assert lock.inputs["bucketName"] == ("clips" if topology == "shared" else f"clips-{environment}")
        assert lock.inputs["rules"] == [
            {
                "id": f"lock-{name}-backups",
                "enabled": True,
                "prefix": f"{name}/backups/",
                "condition": {"type": "Age", "maxAgeSeconds": 30 * 86_400},
            }
            for name in environments
        ]


def test_outputs_say_what_every_rule_does(up: RunProgram) -> None:
    """People read there how long objects live, and the next update what this one wrote."""
    run = up("dev", "dedicated")
    assert run.outputs["lifecycle_rules"] == [
        {"id": "Default Multipart Abort Rule", "prefix": "", "does": "abort uploads after 7 days"},
        {"id": "expire-dev-temp", "prefix": "dev/temp/", "does": "delete objects after 1 day"},
        {"id": "expire-dev-backups", "prefix": "dev/backups/", "does": "delete objects after 30 days"},
    ]
    assert run.outputs["lock_rules"] == [
        {"id": "lock-dev-backups", "prefix": "dev/backups/", "does": "lock for 30 days"}
    ]


@pytest.mark.parametrize(("environment", "topology"), STACKS)
def test_each_token_opens_exactly_its_own_bucket(up: RunProgram, environment: str, topology: str) -> None:
    """One allow policy, one resource, in the compact JSON that the API answers with."""
    bucket = "clips" if topology == "shared" else f"clips-{environment}"
    tokens = up(environment, topology).of_type("AccountToken")
    assert [token.name for token in tokens] == ["backend-1", "audit-1"]
    for token in tokens:
        (policy,) = token.inputs["policies"]
        assert policy["effect"] == "allow"
        assert policy["resources"] == f'{{"com.cloudflare.edge.r2.bucket.{ACCOUNT}_default_{bucket}":"*"}}'
        assert policy["resources"] == json.dumps(json.loads(policy["resources"]), separators=(",", ":"))


@pytest.mark.parametrize(("environment", "topology"), STACKS)
def test_the_audit_token_cannot_write(up: RunProgram, environment: str, topology: str) -> None:
    """Permission groups are taken by name: reading for audit, reading and writing for the backend."""
    tokens = {
        token.name: token.inputs["policies"][0] for token in up(environment, topology).of_type("AccountToken")
    }
    assert tokens["audit-1"]["permissionGroups"] == [{"id": READ}]
    assert tokens["backend-1"]["permissionGroups"] == [{"id": WRITE}]


def test_permission_groups_are_looked_up_by_name(
    run_program: RunProgram, existing_account: Callable[..., Any]
) -> None:
    """Cloudflare's ids have changed before; the program carries none of them."""
    account = existing_account(
        groups={BACKEND.permission_group: "new-write", AUDIT.permission_group: "new-read", "Other": "x"}
    )
    tokens = run_program("dev", account).of_type("AccountToken")
    assert [token.inputs["policies"][0]["permissionGroups"] for token in tokens] == [
        [{"id": "new-write"}],
        [{"id": "new-read"}],
    ]


def test_secrets_are_secret_and_nothing_else_is(up: RunProgram) -> None:
    """An S3 secret is the SHA-256 of the token's value; ids and names stay readable in the console."""
    run = up("prod")
    assert run.secret_outputs == {"backend_secret_access_key", "audit_secret_access_key"}
    rules = {"lifecycle_rules", "lock_rules"}
    assert {name: value for name, value in run.outputs.items() if name not in rules} == {
        "environment": "prod",
        "account_id": ACCOUNT,
        "bucket_name": "clips",
        "s3_endpoint": f"https://{ACCOUNT}.r2.cloudflarestorage.com",
        "jurisdiction": "default",
        "environment_prefix": "prod/",
        "backend_access_key_id": "id-of-backend-1",
        "backend_secret_access_key": hashlib.sha256(b"value-of-backend-1").hexdigest(),
        "audit_access_key_id": "id-of-audit-1",
        "audit_secret_access_key": hashlib.sha256(b"value-of-audit-1").hexdigest(),
    }


def test_generations_live_side_by_side_and_outputs_name_the_newest(up: RunProgram) -> None:
    """A rotation first adds a token and leaves the old one alone."""
    run = up("dev", generations="[2,1]")
    assert {token.name for token in run.of_type("AccountToken")} == {
        "backend-1",
        "backend-2",
        "audit-1",
        "audit-2",
    }
    assert run.outputs["backend_access_key_id"] == "id-of-backend-2"
    assert run.outputs["audit_access_key_id"] == "id-of-audit-2"


def test_tokens_carry_expiry_and_networks_from_config(up: RunProgram) -> None:
    """Both tokens are limited alike, and not at all by default."""
    for token in up("dev").of_type("AccountToken"):
        assert "expiresOn" not in token.inputs
        assert "condition" not in token.inputs
    limits = {"tokenExpiresOn": "2999-01-31T00:00:00Z", "tokenIpRanges": '["203.0.113.0/24"]'}
    for token in up("dev", **limits).of_type("AccountToken"):
        assert token.inputs["expiresOn"] == "2999-01-31T00:00:00Z"
        assert token.inputs["condition"] == {"requestIp": {"ins": ["203.0.113.0/24"]}}


@pytest.mark.parametrize(
    ("both", "of_audit", "expected"),
    [
        ([], ["198.51.100.7"], {"backend-1": None, "audit-1": ["198.51.100.7"]}),
        (
            ["203.0.113.0/24"],
            ["198.51.100.7"],
            {"backend-1": ["203.0.113.0/24"], "audit-1": ["198.51.100.7"]},
        ),
        (["203.0.113.0/24"], [], {"backend-1": ["203.0.113.0/24"], "audit-1": None}),
    ],
)
def test_the_audit_token_may_have_networks_of_its_own(
    up: RunProgram, both: list[str], of_audit: list[str], expected: dict[str, list[str] | None]
) -> None:
    """An auditor works from elsewhere than the backend."""
    run = up("dev", tokenIpRanges=json.dumps(both), auditTokenIpRanges=json.dumps(of_audit))
    found = {token.name: token.inputs.get("condition") for token in run.of_type("AccountToken")}
    assert found == {name: ips and {"requestIp": {"ins": ips}} for name, ips in expected.items()}


def test_cors_exists_only_with_origins(up: RunProgram) -> None:
    """Browsers are let in for the origins of config and no others."""
    assert up("prod").of_type("R2BucketCors") == []
    (cors,) = up("prod", corsOrigins='["https://app.example.com"]').of_type("R2BucketCors")
    (rule,) = cors.inputs["rules"]
    assert cors.inputs["bucketName"] == "clips"
    assert rule["allowed"]["origins"] == ["https://app.example.com"]
    assert rule["allowed"]["methods"] == ["GET", "HEAD", "PUT"]


def test_jurisdiction_and_storage_class_reach_all_that_need_them(up: RunProgram) -> None:
    """A child with another jurisdiction than its bucket's is answered with "bucket not found"."""
    run = up(
        "prod", jurisdiction="eu", storageClass="InfrequentAccess", corsOrigins='["https://app.example.com"]'
    )
    (bucket,) = run.of_type("R2Bucket")
    assert bucket.inputs["storageClass"] == "InfrequentAccess"
    for kind in ("R2Bucket", "R2BucketLifecycle", "R2BucketLock", "R2BucketCors"):
        (resource,) = run.of_type(kind)
        assert resource.inputs["jurisdiction"] == "eu", f"{kind} is told another jurisdiction"
    for token in run.of_type("AccountToken"):
        assert f"{ACCOUNT}_eu_clips" in token.inputs["policies"][0]["resources"]
