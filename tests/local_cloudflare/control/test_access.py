"""Who may ask the control API: the calling token's value, time, address and permissions."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.control.routes import ROUTES
from local_cloudflare.permissions import GROUPS, group_named
from local_cloudflare.tokens import timestamp
from tests.local_cloudflare.conftest import Api, token_body

TokenWith = Callable[..., str]

UNKNOWN = "cfat_" + "x" * 40
AUTHENTICATION = [{"code": 10000, "message": "Authentication error"}]
UNAUTHORIZED = [{"code": 9109, "message": "Unauthorized to access requested resource"}]


def errors(answer: httpx.Response) -> tuple[int, list[dict[str, Any]]]:
    """Status and errors of an answer."""
    return answer.status_code, answer.json()["errors"]


def test_no_token_is_9106(cloudflare: LocalCloudflare, http: httpx.Client) -> None:
    """A request without credentials is 400 with code 9106, whatever it asks."""
    for path in ("/accounts", f"/accounts/{cloudflare.account_id}/r2/buckets"):
        assert errors(http.get(cloudflare.api_url + path)) == (
            400,
            [{"code": 9106, "message": "Missing X-Auth-Key, X-Auth-Email or Authorization headers"}],
        )


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer short", "Basic " + "x" * 40, "x" * 40, "Bearer " + "é" * 40]
)
def test_what_is_no_token_is_6003(cloudflare: LocalCloudflare, http: httpx.Client, header: str) -> None:
    """A header that cannot be a token is 400 with code 6003 and the chain 6111."""
    answer = http.get(f"{cloudflare.api_url}/accounts", headers={b"authorization": header.encode("latin-1")})
    assert errors(answer) == (
        400,
        [
            {
                "code": 6003,
                "message": "Invalid request headers",
                "error_chain": [{"code": 6111, "message": "Invalid format for Authorization header"}],
            }
        ],
    )


def test_an_unknown_token_is_10000(api: Api) -> None:
    """A value that nobody was given is 401 with code 10000; `messages` says what is known locally."""
    answer = api("GET", "/r2/buckets", token=UNKNOWN)
    assert errors(answer) == (401, AUTHENTICATION)
    assert answer.json()["messages"] == [
        {"code": 10000, "message": "local Cloudflare: no token of this account has that value"}
    ]


def test_a_token_for_other_addresses_is_refused(api: Api, token_with: TokenWith) -> None:
    """IP ranges are checked: 403 with code 9109 names the address."""
    for condition in ({"in": ["192.0.2.0/24"]}, {"not_in": ["127.0.0.0/8"]}):
        value = token_with("Workers R2 Storage Read", condition={"request_ip": condition})
        assert errors(api("GET", "/r2/buckets", token=value)) == (
            403,
            [{"code": 9109, "message": "Cannot use the access token from location: 127.0.0.1"}],
        )
    value = token_with("Workers R2 Storage Read", condition={"request_ip": {"in": ["127.0.0.1"]}})
    assert api("GET", "/r2/buckets", token=value).status_code == 200


def test_a_disabled_token_is_refused(api: Api, token_with: TokenWith) -> None:
    """Status `disabled` is 401 with code 10000."""
    assert errors(
        api("GET", "/r2/buckets", token=token_with("Workers R2 Storage Read", status="disabled"))
    ) == (
        401,
        AUTHENTICATION,
    )


def test_time_opens_and_closes_tokens(tmp_path: Path, http: httpx.Client) -> None:
    """A token works from its activation and `not_before` on, until `expires_on`."""
    with LocalCloudflare(tmp_path, activation_delay=timedelta(minutes=1)) as running:
        now = running.clock.now()
        body = token_body(running.account_id, "Workers R2 Storage Read") | {
            "not_before": timestamp(now + timedelta(hours=1)),
            "expires_on": timestamp(now + timedelta(hours=2)),
        }
        buckets = f"{running.api_url}/accounts/{running.account_id}/r2/buckets"
        tokens = f"{running.api_url}/accounts/{running.account_id}/tokens"
        made = http.post(tokens, json=body, headers={"authorization": f"Bearer {running.api_token}"}).json()[
            "result"
        ]
        seen = []
        for step in (timedelta(0), timedelta(minutes=2), timedelta(hours=1), timedelta(hours=1)):
            running.clock.advance(step)
            answer = http.get(buckets, headers={"authorization": f"Bearer {made['value']}"})
            seen.append((answer.status_code, [each["message"] for each in answer.json()["messages"]]))
    says = f"local Cloudflare: token {made['id']} "
    assert seen == [
        (401, [says + f"is new and works from {timestamp(now + timedelta(minutes=1))}"]),
        (401, [says + f"is not valid before {body['not_before']}"]),
        (200, []),
        (401, [says + "is expired"]),
    ]


def test_the_account_in_the_path_must_be_the_tokens(cloudflare: LocalCloudflare, http: httpx.Client) -> None:
    """Another account is 403; what cannot be an account is 404 with code 7003."""
    headers = {"authorization": f"Bearer {cloudflare.api_token}"}
    answer = http.get(f"{cloudflare.api_url}/accounts/{'f' * 32}/r2/buckets", headers=headers)
    assert errors(answer) == (403, AUTHENTICATION)
    answer = http.get(f"{cloudflare.api_url}/accounts/mine/r2/buckets", headers=headers)
    assert errors(answer) == (
        404,
        [
            {
                "code": 7003,
                "message": "Could not route to /accounts/mine/r2/buckets, "
                "perhaps your object identifier is invalid?",
            }
        ],
    )


def test_every_route_asks_for_its_permission(api: Api, cloudflare: LocalCloudflare) -> None:
    """With each account-wide group alone, a route answers 403 unless the group is one that it needs."""
    values = {}
    for group in GROUPS:
        if group.scope == "com.cloudflare.api.account":
            body = token_body(cloudflare.account_id, group.name)
            values[group.name] = api("POST", "/tokens", json=body).json()["result"]["value"]
    wrong = []
    for route in ROUTES:
        path = route.path.replace("{key...}", "{key}").format(
            bucket="no-such-bucket", key="a", token="0" * 32
        )
        for name, value in values.items():
            answer = api(route.method, path, token=value)
            refused = answer.status_code == 403
            expected = bool(route.needs) and name not in route.needs
            codes = {each["code"] for each in answer.json()["errors"]}
            if refused != expected or (refused and codes != {route.refused}):
                wrong.append((route.method, route.path, name, answer.status_code, codes))
    assert wrong == []
    assert len(values) * len(ROUTES) > 150


def test_reading_does_not_allow_minting(api: Api, token_with: TokenWith, cloudflare: LocalCloudflare) -> None:
    """A token without `Account API Tokens Write` cannot make another: 403 with code 9109, and why."""
    value = token_with("Account API Tokens Read", "Workers R2 Storage Write")
    answer = api(
        "POST", "/tokens", token=value, json=token_body(cloudflare.account_id, "Workers R2 Storage Write")
    )
    assert errors(answer) == (403, UNAUTHORIZED)
    assert answer.json()["messages"][0]["message"].endswith("lacks the permission 'Account API Tokens Write'")


def test_an_object_token_manages_no_bucket(api: Api, cloudflare: LocalCloudflare, bucket: str) -> None:
    """Lifecycle rules need `Workers R2 Storage Write`; a bucket's own token is refused."""
    name = f"com.cloudflare.edge.r2.bucket.{cloudflare.account_id}_default_{bucket}"
    body = token_body(cloudflare.account_id)
    group = group_named("Workers R2 Storage Bucket Item Write").id
    body["policies"] = [{"effect": "allow", "permission_groups": [{"id": group}], "resources": {name: "*"}}]
    value = api("POST", "/tokens", json=body).json()["result"]["value"]
    answer = api("PUT", f"/r2/buckets/{bucket}/lifecycle", token=value, json={"rules": []})
    assert errors(answer) == (403, AUTHENTICATION)


def test_the_endpoint_of_user_tokens_knows_no_account_token(
    cloudflare: LocalCloudflare, http: httpx.Client
) -> None:
    """GET /user/tokens/verify is 401 with code 1000 for account tokens."""
    answer = http.get(
        f"{cloudflare.api_url}/user/tokens/verify",
        headers={"authorization": f"Bearer {cloudflare.api_token}"},
    )
    assert errors(answer) == (401, [{"code": 1000, "message": "Invalid API Token"}])
