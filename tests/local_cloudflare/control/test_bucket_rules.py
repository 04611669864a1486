"""Lifecycle and CORS rules over the control API."""

from typing import Any

import cloudflare as cloudflare_sdk
import pytest

from local_cloudflare.cloudflare import LocalCloudflare
from tests.local_cloudflare.conftest import Api
from tests.local_cloudflare.r2.test_cors_rules import NO_ORIGINS, ORIGINS

Sdk = cloudflare_sdk.Cloudflare

# As the real provider was seen to send it.
RULES: list[dict[str, Any]] = [
    {
        "id": "expire-logs",
        "enabled": True,
        "conditions": {"prefix": "logs/"},
        "deleteObjectsTransition": {"condition": {"type": "Age", "maxAge": 2592000}},
    },
    {
        "id": "abort",
        "enabled": True,
        "conditions": {"prefix": ""},
        "abortMultipartUploadsTransition": {"condition": {"type": "Age", "maxAge": 604800}},
    },
    {
        "id": "cold",
        "enabled": True,
        "conditions": {"prefix": "data/"},
        "storageClassTransitions": [
            {"condition": {"type": "Age", "maxAge": 5184000}, "storageClass": "InfrequentAccess"}
        ],
    },
]

CORS: list[dict[str, Any]] = [
    {
        "id": "web",
        "allowed": {
            "headers": ["content-type"],
            "methods": ["GET", "PUT"],
            "origins": ["https://example.com"],
        },
        "exposeHeaders": ["ETag"],
        "maxAgeSeconds": 3600,
    }
]


def test_a_new_bucket_aborts_uploads_after_a_week(api: Api, bucket: str) -> None:
    """R2 gives each bucket one rule of its own."""
    assert api("GET", f"/r2/buckets/{bucket}/lifecycle").json()["result"] == {
        "rules": [
            {
                "id": "Default Multipart Abort Rule",
                "enabled": True,
                "conditions": {"prefix": ""},
                "abortMultipartUploadsTransition": {"condition": {"type": "Age", "maxAge": 604800}},
            }
        ]
    }


def test_a_put_replaces_every_rule(api: Api, bucket: str) -> None:
    """The default rule is gone unless it is stated again; order is kept."""
    answer = api("PUT", f"/r2/buckets/{bucket}/lifecycle", json={"rules": RULES})
    assert (answer.status_code, answer.json()["result"]) == (200, {})
    assert api("GET", f"/r2/buckets/{bucket}/lifecycle").json()["result"] == {"rules": RULES}


@pytest.mark.parametrize("body", [{"rules": []}, {"rules": None}, {}])
def test_no_rules_clear_all(api: Api, bucket: str, body: dict[str, Any]) -> None:
    """An empty list, null and nothing each leave a bucket without rules."""
    assert api("PUT", f"/r2/buckets/{bucket}/lifecycle", json=body).status_code == 200
    assert api("GET", f"/r2/buckets/{bucket}/lifecycle").json()["result"] == {"rules": []}


def test_the_sdk_writes_and_reads_rules(sdk: Sdk, cloudflare: LocalCloudflare, bucket: str) -> None:
    """The official SDK's spelling of rules goes through both ways."""
    account = cloudflare.account_id
    sdk.r2.buckets.lifecycle.update(
        bucket,
        account_id=account,
        rules=[
            {
                "id": "one-day",
                "enabled": True,
                "conditions": {"prefix": "dev/temp/"},
                "delete_objects_transition": {"condition": {"type": "Date", "date": "2030-01-01"}},
            }
        ],
    )
    rules = sdk.r2.buckets.lifecycle.get(bucket, account_id=account).rules
    assert rules is not None
    assert [rule.to_dict(mode="json") for rule in rules] == [
        {
            "id": "one-day",
            "conditions": {"prefix": "dev/temp/"},
            "enabled": True,
            "deleteObjectsTransition": {"condition": {"date": "2030-01-01T00:00:00Z", "type": "Date"}},
        }
    ]


def rule(**changes: Any) -> dict[str, Any]:
    """The first rule with some fields changed, or left out where the value is `...`."""
    return {name: value for name, value in (RULES[0] | changes).items() if value is not ...}


@pytest.mark.parametrize(
    ("rules", "detail"),
    [
        ([rule(id=...)], "rules.0.id: Field required"),
        ([rule(id="")], "rules.0.id: String should have at least 1 character"),
        ([rule(conditions={})], "rules.0.conditions.prefix: Field required"),
        ([rule(enabled="yes")], "rules.0.enabled: Input should be a valid boolean"),
        (
            [rule(deleteObjectsTransition={"condition": {"type": "Age", "maxAge": -1}})],
            (
                "rules.0.deleteObjectsTransition.condition.Age.maxAge: "
                "Input should be greater than or equal to 0"
            ),
        ),
        (
            [rule(abortMultipartUploadsTransition={"condition": {"type": "Date", "date": "2030-01-01"}})],
            (
                "rules.0.abortMultipartUploadsTransition.condition.type: Input should be 'Age'; "
                "rules.0.abortMultipartUploadsTransition.condition.maxAge: Field required; "
                "rules.0.abortMultipartUploadsTransition.condition.date: Extra inputs are not permitted"
            ),
        ),
        (
            [rule(deleteObjectsTransition={"condition": {"type": "Date", "date": "soon"}})],
            (
                "rules.0.deleteObjectsTransition.condition.Date.date: Value error, "
                "a time has the form 2027-10-01T00:00:00Z"
            ),
        ),
        (
            [rule(conditions={"prefix": "é" * 513})],
            "rules.0.conditions.prefix: Value error, a prefix has at most 1024 bytes, as a key has",
        ),
        ([rule(), rule()], "body: Value error, rule id 'expire-logs' appears twice"),
        (
            [rule(id=str(number)) for number in range(1001)],
            "rules: List should have at most 1000 items after validation, not 1001",
        ),
    ],
)
def test_wrong_rules_are_named(api: Api, bucket: str, rules: list[Any], detail: str) -> None:
    """400 with code 10040 names the place; the rules that were there stay."""
    answer = api("PUT", f"/r2/buckets/{bucket}/lifecycle", json={"rules": rules})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"code": 10040, "message": f"The JSON you provided was not well formed. {detail}"}
    ]
    assert len(api("GET", f"/r2/buckets/{bucket}/lifecycle").json()["result"]["rules"]) == 1


@pytest.mark.parametrize("idle", [{}, {"storageClassTransitions": []}])
def test_a_rule_may_do_nothing(api: Api, bucket: str, idle: dict[str, Any]) -> None:
    """The provider's own acceptance test makes such a rule, and it comes back as it was sent."""
    rules = [rule(deleteObjectsTransition=..., enabled=False, **idle)]
    assert api("PUT", f"/r2/buckets/{bucket}/lifecycle", json={"rules": rules}).status_code == 200
    assert api("GET", f"/r2/buckets/{bucket}/lifecycle").json()["result"] == {"rules": rules}


def test_a_thousand_rules_fit(api: Api, bucket: str) -> None:
    """R2 takes 1,000 rules with prefixes as long as a key."""
    rules = [
        rule(id=str(number), conditions={"prefix": f"{number:04}/" + "p" * 1019}) for number in range(1000)
    ]
    assert api("PUT", f"/r2/buckets/{bucket}/lifecycle", json={"rules": rules}).status_code == 200


def test_cors_is_absent_then_set_then_deleted(api: Api, bucket: str) -> None:
    """GET is 404 with code 10059 before the first PUT and after DELETE."""
    path = f"/r2/buckets/{bucket}/cors"
    absent = {"code": 10059, "message": "The CORS configuration does not exist."}
    assert (api("GET", path).status_code, api("GET", path).json()["errors"]) == (404, [absent])
    assert api("PUT", path, json={"rules": CORS}).json()["result"] == {}
    assert api("GET", path).json()["result"] == {"rules": CORS}
    assert api("DELETE", path).status_code == 200
    assert api("GET", path).json()["errors"] == [absent]


def test_the_sdk_writes_and_reads_cors(sdk: Sdk, cloudflare: LocalCloudflare, bucket: str) -> None:
    """The official SDK's spelling of CORS goes through both ways."""
    account = cloudflare.account_id
    sdk.r2.buckets.cors.update(
        bucket,
        account_id=account,
        rules=[
            {
                "allowed": {"methods": ["GET"], "origins": ["*"]},
                "expose_headers": ["ETag"],
                "max_age_seconds": 60,
            }
        ],
    )
    rules = sdk.r2.buckets.cors.get(bucket, account_id=account).rules
    assert rules is not None
    assert [each.to_dict() for each in rules] == [
        {"allowed": {"methods": ["GET"], "origins": ["*"]}, "exposeHeaders": ["ETag"], "maxAgeSeconds": 60.0}
    ]


@pytest.mark.parametrize(
    ("rules", "detail"),
    [
        (None, "rules: Input should be a valid list"),
        ([{}], "rules.0.allowed: Field required"),
        (
            [{"allowed": {"methods": ["TRACE"], "origins": ["*"]}}],
            "rules.0.allowed.methods.0: Input should be 'GET', 'PUT', 'POST', 'DELETE' or 'HEAD'",
        ),
        (
            [{"allowed": {"methods": [], "origins": ["*"]}}],
            "rules.0.allowed.methods: List should have at least 1 item after validation, not 0",
        ),
    ],
)
def test_wrong_cors_is_named(api: Api, bucket: str, rules: Any, detail: str) -> None:
    """400 with code 10040 names the place."""
    answer = api("PUT", f"/r2/buckets/{bucket}/cors", json={"rules": rules})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"code": 10040, "message": f"The JSON you provided was not well formed. {detail}"}
    ]


@pytest.mark.parametrize(
    ("method", "leaf"), [("GET", "lifecycle"), ("PUT", "lifecycle"), ("GET", "cors"), ("PUT", "cors")]
)
def test_rules_need_their_bucket(api: Api, method: str, leaf: str) -> None:
    """Rules of a bucket that does not exist are 404 with code 10006."""
    answer = api(method, f"/r2/buckets/no-such-bucket/{leaf}", json={"rules": []})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, 10006)


def cors_rule(**allowed: Any) -> dict[str, Any]:
    """A rule that allows one method, with these changes."""
    return {"allowed": {"methods": ["GET"], "origins": ["https://a.example"]} | allowed}


ORIGIN = "an origin is scheme, host and port as browsers send them, like https://app.example.com"
HEADER = "a header's name is a word like content-type, or *"


@pytest.mark.parametrize("origin", NO_ORIGINS)
def test_an_origin_of_the_api_is_one_of_s3(api: Api, bucket: str, origin: str) -> None:
    """The same values are refused by both."""
    answer = api("PUT", f"/r2/buckets/{bucket}/cors", json={"rules": [cors_rule(origins=[origin])]})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 10040)
    assert f"rules.0.allowed.origins.0: Value error, {ORIGIN}" in answer.json()["errors"][0]["message"]
    assert api("GET", f"/r2/buckets/{bucket}/cors").status_code == 404


def test_an_origin_of_s3_is_one_of_the_api(api: Api, bucket: str) -> None:
    """And the same values are accepted."""
    answer = api("PUT", f"/r2/buckets/{bucket}/cors", json={"rules": [cors_rule(origins=ORIGINS)]})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        (cors_rule(headers=[""]), "rules.0.allowed.headers.0"),
        (cors_rule(headers=["content-type", "a b"]), "rules.0.allowed.headers.1"),
        (cors_rule() | {"exposeHeaders": [""]}, "rules.0.exposeHeaders.0"),
    ],
)
def test_an_empty_header_is_none(api: Api, bucket: str, rule: dict[str, Any], place: str) -> None:
    """In what is allowed and in what is shown."""
    answer = api("PUT", f"/r2/buckets/{bucket}/cors", json={"rules": [rule]})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 10040)
    assert f"{place}: Value error, {HEADER}" in answer.json()["errors"][0]["message"]
