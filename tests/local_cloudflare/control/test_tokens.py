"""Account tokens and permission groups over the control API."""

import json
from collections.abc import Callable
from typing import Any

import cloudflare as cloudflare_sdk
import pytest

from layout.access import BACKEND, bucket_resource, token_policy
from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.permissions import GROUPS, group_named
from tests.local_cloudflare.conftest import Api

Sdk = cloudflare_sdk.Cloudflare
Document = Callable[..., dict[str, Any]]
READ = "Workers R2 Storage Read"


def test_the_value_is_shown_once(api: Api, document: Document) -> None:
    """POST shows the value; GET, PUT and the list do not."""
    made = api("POST", "/tokens", json=document(READ)).json()["result"]
    assert made.pop("value")
    read = api("GET", f"/tokens/{made['id']}").json()["result"]
    assert read == made
    put = api("PUT", f"/tokens/{made['id']}", json=document(READ)).json()["result"]
    assert "value" not in put
    listed = api("GET", "/tokens", params={"per_page": "1000"}).json()["result"]
    assert not any("value" in token for token in listed)


def test_a_token_comes_back_as_it_was_sent(api: Api, document: Document) -> None:
    """Condition, times and policies are repeated; times in UTC with Z, groups sorted by id, with names."""
    names = ("Workers R2 Storage Write", READ)
    sent = document(
        *names,
        name="backend",
        condition={"request_ip": {"in": ["203.0.113.0/24"], "not_in": ["203.0.113.7"]}},
        expires_on="2999-10-01T02:00:00+02:00",
        not_before="2026-01-01T00:00:00Z",
    )
    made = api("POST", "/tokens", json=sent).json()["result"]
    groups = sorted((group_named(name) for name in names), key=lambda group: group.id)
    policy = made["policies"][0]
    assert {name: made[name] for name in ("name", "condition", "expires_on", "not_before", "status")} == {
        "name": "backend",
        "condition": sent["condition"],
        "expires_on": "2999-10-01T00:00:00Z",
        "not_before": "2026-01-01T00:00:00Z",
        "status": "active",
    }
    assert policy == {
        "id": policy["id"],
        "effect": "allow",
        "resources": sent["policies"][0]["resources"],
        "permission_groups": [{"id": group.id, "name": group.name} for group in groups],
    }


def test_a_put_replaces_the_document_and_keeps_the_value(api: Api, document: Document) -> None:
    """What the new document leaves out is gone; the old value still opens the API."""
    made = api("POST", "/tokens", json=document(READ, expires_on="2999-01-01T00:00:00Z")).json()["result"]
    changed = api("PUT", f"/tokens/{made['id']}", json=document(READ, name="renamed")).json()["result"]
    assert (changed["name"], "expires_on" in changed, changed["id"]) == ("renamed", False, made["id"])
    assert api("GET", "/r2/buckets", token=made["value"]).status_code == 200


def test_a_roll_ends_the_old_value(
    sdk: Sdk, cloudflare: LocalCloudflare, api: Api, document: Document
) -> None:
    """PUT .../value answers the new value; the old one is refused from then on."""
    made = api("POST", "/tokens", json=document(READ)).json()["result"]
    value = sdk.accounts.tokens.value.update(made["id"], account_id=cloudflare.account_id)
    assert api("GET", "/r2/buckets", token=value).status_code == 200
    assert api("GET", "/r2/buckets", token=made["value"]).status_code == 401


def test_a_deleted_token_is_gone(api: Api, document: Document) -> None:
    """DELETE answers the id; afterwards the value is refused and every request about it is 404."""
    made = api("POST", "/tokens", json=document(READ)).json()["result"]
    assert api("DELETE", f"/tokens/{made['id']}").json()["result"] == {"id": made["id"]}
    assert api("GET", "/r2/buckets", token=made["value"]).status_code == 401
    for method, leaf in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("PUT", "/value")):
        answer = api(method, f"/tokens/{made['id']}{leaf}", json=document(READ))
        assert answer.status_code == 404
        assert answer.json()["errors"] == [{"code": 1000, "message": "Token not found"}]


def test_a_token_finds_its_own_id(
    sdk: Sdk, cloudflare: LocalCloudflare, api: Api, document: Document
) -> None:
    """Verify needs no permission and answers id and status."""
    made = api("POST", "/tokens", json=document(READ)).json()["result"]
    answer = api("GET", "/tokens/verify", token=made["value"]).json()
    assert answer["result"] == {"id": made["id"], "status": "active"}
    assert answer["messages"] == [{"code": 10000, "message": "This API Token is valid and active"}]
    verified = sdk.accounts.tokens.verify(account_id=cloudflare.account_id)
    assert verified is not None
    assert verified.status == "active"


def test_use_is_remembered(api: Api, document: Document) -> None:
    """`last_used_on` appears with the first use."""
    made = api("POST", "/tokens", json=document(READ)).json()["result"]
    assert "last_used_on" not in made
    api("GET", "/r2/buckets", token=made["value"])
    assert "last_used_on" in api("GET", f"/tokens/{made['id']}").json()["result"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"name": ""},
            "The JSON you provided was not well formed. name: String should have at least 1 character",
        ),
        (
            {"policies": []},
            (
                "The JSON you provided was not well formed. policies: "
                "List should have at least 1 item after validation, not 0"
            ),
        ),
        (
            {"expires_on": "2027-10-01"},
            (
                "The JSON you provided was not well formed. expires_on: Value error, "
                "a time has the form 2027-10-01T00:00:00Z"
            ),
        ),
        (
            {"expires_on": "2027-10-01T00:00:00"},
            (
                "The JSON you provided was not well formed. expires_on: Value error, "
                "the time needs a time zone, as in 2027-10-01T00:00:00Z"
            ),
        ),
        (
            {"expires_on": "2001-01-01T00:00:00Z"},
            "Invalid token: expires_on 2001-01-01T00:00:00Z is in the past",
        ),
        (
            {"expires_on": "0300-01-01T00:00:00Z"},
            "Invalid token: expires_on 0300-01-01T00:00:00Z is in the past",
        ),
        (
            {"expires_on": "2998-01-01T00:00:00Z", "not_before": "2999-01-01T00:00:00Z"},
            "Invalid token: not_before must be earlier than expires_on",
        ),
        (
            {"condition": {"request_ip": {"in": ["300.0.0.0/8"]}}},
            (
                "The JSON you provided was not well formed. condition.request_ip.in.0: Value error, "
                "'300.0.0.0/8' does not appear to be an IPv4 or IPv6 network"
            ),
        ),
        *(
            (
                {"condition": {"request_ip": {"in": [network]}}},
                (
                    "The JSON you provided was not well formed. condition.request_ip.in.0: Value error, "
                    "it is neither an address nor a network in CIDR notation"
                ),
            )
            for network in ("203.0.113.0/255.255.255.0", "fe80::1%eth0")
        ),
        (
            {"colour": "red"},
            "The JSON you provided was not well formed. colour: Extra inputs are not permitted",
        ),
    ],
)
def test_wrong_documents_are_named(
    api: Api, document: Document, fields: dict[str, Any], message: str
) -> None:
    """400 with code 1001 names what is wrong."""
    answer = api("POST", "/tokens", json=document(READ, **fields))
    assert (answer.status_code, answer.json()["errors"]) == (400, [{"code": 1001, "message": message}])


def test_wrong_policies_are_named(api: Api, document: Document, cloudflare: LocalCloudflare) -> None:
    """A policy that denies, and one about another account, are 400."""
    body = document(READ)
    body["policies"][0]["effect"] = "deny"
    answer = api("POST", "/tokens", json=body)
    assert answer.json()["errors"][0]["message"] == (
        "The JSON you provided was not well formed. policies.0.effect: Input should be 'allow'"
    )
    body = document(READ)
    body["policies"][0]["resources"] = {f"com.cloudflare.api.account.{'f' * 32}": "*"}
    answer = api("POST", "/tokens", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (
        400,
        (
            f"Invalid policy: policies.0: a resource is not of account '{cloudflare.account_id}' "
            f"or has no known form: ['com.cloudflare.api.account.{'f' * 32}']"
        ),
    )


def test_tokens_page_by_number(api: Api, document: Document) -> None:
    """Every token appears on exactly one page; `result_info` counts them."""
    ids = {api("POST", "/tokens", json=document(READ)).json()["result"]["id"] for _ in range(5)}
    for direction in ("asc", "desc"):
        found: list[str] = []
        page, pages = 0, 1
        while page < pages:
            page += 1
            query = {"page": str(page), "per_page": "3", "direction": direction}
            answer = api("GET", "/tokens", params=query).json()
            found += [token["id"] for token in answer["result"]]
            pages = answer["result_info"]["total_pages"]
        assert ids <= set(found)
        assert len(found) == len(set(found)) == answer["result_info"]["total_count"]


def test_permission_groups_are_found_by_name_and_scope(api: Api) -> None:
    """Filters work as callers write them, URL-encoded once or twice."""
    for name in ("Workers R2 Storage Bucket Item Read", "Workers%20R2%20Storage%20Bucket%20Item%20Read"):
        found = api("GET", "/tokens/permission_groups", params={"name": name}).json()["result"]
        assert [group["id"] for group in found] == ["6a018a9f2fc74eb6b293b0c548f38b39"]
    scoped = api("GET", "/tokens/permission_groups", params={"scope": "com.cloudflare.edge.r2.bucket"}).json()
    assert {group["name"] for group in scoped["result"]} == {
        "Workers R2 Storage Bucket Item Read",
        "Workers R2 Storage Bucket Item Write",
    }
    assert api("GET", "/tokens/permission_groups", params={"name": "Nothing"}).json()["result"] == []


def test_the_sdk_lists_every_group(sdk: Sdk, cloudflare: LocalCloudflare) -> None:
    """The SDK sees all groups with names and scopes."""
    listed = list(sdk.accounts.tokens.permission_groups.list(account_id=cloudflare.account_id))
    assert [(group.id, group.name, group.scopes) for group in listed] == [
        (group.id, group.name, [group.scope]) for group in GROUPS
    ]


def test_a_policys_resources_come_back_byte_for_byte(
    api: Api, cloudflare: LocalCloudflare, bucket: str
) -> None:
    """The provider compares the answer's bytes with the program's text: POST, GET, PUT and the list agree with it."""
    resource = bucket_resource(cloudflare.account_id, bucket, "default")
    policy = token_policy(BACKEND, group_named(BACKEND.permission_group).id, resource)
    policies = [{**policy, "resources": json.loads(policy["resources"])}]
    sent = {"name": "a token", "policies": policies}
    made = api("POST", "/tokens", json=sent)
    path = f"/tokens/{made.json()['result']['id']}"
    everything = api("GET", "/tokens", params={"per_page": "1000"})
    answers = [made, api("GET", path), api("PUT", path, json=sent), everything]
    for answer in answers:
        assert f'"resources":{policy["resources"]}'.encode() in answer.content
