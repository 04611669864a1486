"""Lock rules over the control API, and what they do at the S3 endpoint."""

from typing import Any

import cloudflare as cloudflare_sdk
import pytest

from local_cloudflare.cloudflare import LocalCloudflare
from tests.local_cloudflare.conftest import Api

Sdk = cloudflare_sdk.Cloudflare

# The request of Cloudflare's own page on bucket locks, and a rule of each other kind.
RULES: list[dict[str, Any]] = [
    {
        "id": "lock-logs-7d",
        "enabled": True,
        "prefix": "logs/",
        "condition": {"type": "Age", "maxAgeSeconds": 604800},
    },
    {
        "id": "until",
        "enabled": False,
        "prefix": "",
        "condition": {"type": "Date", "date": "2030-01-01T00:00:00Z"},
    },
    {"id": "lock-all", "enabled": True, "condition": {"type": "Indefinite"}},
]


def test_a_new_bucket_has_no_locks(api: Api, bucket: str) -> None:
    """R2 locks nothing by itself."""
    assert api("GET", f"/r2/buckets/{bucket}/lock").json()["result"] == {"rules": []}


def test_a_put_replaces_every_lock(api: Api, bucket: str) -> None:
    """Rules come back as they were sent, in their order, without what they do not have."""
    answer = api("PUT", f"/r2/buckets/{bucket}/lock", json={"rules": RULES})
    assert (answer.status_code, answer.json()["result"]) == (200, {})
    assert api("GET", f"/r2/buckets/{bucket}/lock").json()["result"] == {"rules": RULES}
    api("PUT", f"/r2/buckets/{bucket}/lock", json={"rules": RULES[:1]})
    assert api("GET", f"/r2/buckets/{bucket}/lock").json()["result"] == {"rules": RULES[:1]}


@pytest.mark.parametrize("body", [{"rules": []}, {"rules": None}, {}])
def test_no_rules_unlock_all(api: Api, bucket: str, body: dict[str, Any]) -> None:
    """An empty list, null and nothing each leave a bucket without locks."""
    api("PUT", f"/r2/buckets/{bucket}/lock", json={"rules": RULES})
    assert api("PUT", f"/r2/buckets/{bucket}/lock", json=body).status_code == 200
    assert api("GET", f"/r2/buckets/{bucket}/lock").json()["result"] == {"rules": []}


def test_a_lock_holds_as_soon_as_it_is_answered(api: Api, cloudflare: LocalCloudflare, bucket: str) -> None:
    """The rules of the control API are those of the S3 endpoint."""
    api("PUT", f"/r2/buckets/{bucket}/lock", json={"rules": RULES})
    assert cloudflare.store.lock_rules(bucket) == RULES


def test_the_sdk_writes_and_reads_locks(sdk: Sdk, cloudflare: LocalCloudflare, bucket: str) -> None:
    """The official SDK's spelling of rules goes through both ways."""
    account = cloudflare.account_id
    sdk.r2.buckets.locks.update(
        bucket,
        account_id=account,
        rules=[
            {"id": "a", "enabled": True, "prefix": "a/", "condition": {"type": "Age", "max_age_seconds": 60}},
            {"id": "b", "enabled": True, "condition": {"type": "Date", "date": "2030-01-01"}},
        ],
    )
    rules = sdk.r2.buckets.locks.get(bucket, account_id=account).rules
    assert rules is not None
    assert [rule.to_dict(mode="json") for rule in rules] == [
        {"id": "a", "enabled": True, "prefix": "a/", "condition": {"type": "Age", "maxAgeSeconds": 60}},
        {"id": "b", "enabled": True, "condition": {"type": "Date", "date": "2030-01-01T00:00:00Z"}},
    ]


def rule(**changes: Any) -> dict[str, Any]:
    """The first rule with some fields changed, or left out where the value is `...`."""
    return {name: value for name, value in (RULES[0] | changes).items() if value is not ...}


@pytest.mark.parametrize(
    ("rules", "detail"),
    [
        ([rule(id=...)], "rules.0.id: Field required"),
        ([rule(id="")], "rules.0.id: String should have at least 1 character"),
        ([rule(enabled="yes")], "rules.0.enabled: Input should be a valid boolean"),
        ([rule(condition=...)], "rules.0.condition: Field required"),
        (
            [rule(prefix="é" * 513)],
            "rules.0.prefix: Value error, a prefix has at most 1024 bytes, as a key has",
        ),
        ([rule(condition={"type": "Age"})], "rules.0.condition.Age.maxAgeSeconds: Field required"),
        (
            [rule(condition={"type": "Age", "maxAge": 60})],
            (
                "rules.0.condition.Age.maxAgeSeconds: Field required; "
                "rules.0.condition.Age.maxAge: Extra inputs are not permitted"
            ),
        ),
        (
            [rule(condition={"type": "Age", "maxAgeSeconds": -1})],
            "rules.0.condition.Age.maxAgeSeconds: Input should be greater than or equal to 0",
        ),
        (
            [rule(condition={"type": "Date", "date": "soon"})],
            "rules.0.condition.Date.date: Value error, a time has the form 2027-10-01T00:00:00Z",
        ),
        (
            [rule(condition={"type": "Never"})],
            (
                "rules.0.condition: Input tag 'Never' found using 'type' does not match any of the expected "
                "tags: 'Age', 'Date', 'Indefinite'"
            ),
        ),
        (
            [rule(conditions={"prefix": "logs/"}, prefix=...)],
            "rules.0.conditions: Extra inputs are not permitted",
        ),
        ([rule(), rule()], "body: Value error, rule id 'lock-logs-7d' appears twice"),
        (
            [rule(id=str(number)) for number in range(1001)],
            "rules: List should have at most 1000 items after validation, not 1001",
        ),
    ],
)
def test_wrong_locks_are_named(api: Api, bucket: str, rules: list[Any], detail: str) -> None:
    """400 with code 10040 names the place, lifecycle's spelling included; the rules that were there stay."""
    api("PUT", f"/r2/buckets/{bucket}/lock", json={"rules": RULES})
    answer = api("PUT", f"/r2/buckets/{bucket}/lock", json={"rules": rules})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"code": 10040, "message": f"The JSON you provided was not well formed. {detail}"}
    ]
    assert api("GET", f"/r2/buckets/{bucket}/lock").json()["result"] == {"rules": RULES}


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_locks_need_their_bucket(api: Api, method: str) -> None:
    """Locks of a bucket that does not exist are 404 with code 10006."""
    answer = api(method, "/r2/buckets/no-such-bucket/lock", json={"rules": []})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, 10006)
