"""Account tokens through the stand-in provider, as the real one was seen to handle them."""

import json

import pytest

from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.permissions import group_named
from local_cloudflare.provider.api import Answer
from local_cloudflare.provider.policies import state_of_token
from local_cloudflare.provider.property_values import plain_map
from tests.local_cloudflare.provider.conftest import Driver, State

READ = group_named("Workers R2 Storage Bucket Item Read").id
WRITE = group_named("Workers R2 Storage Bucket Item Write").id


@pytest.fixture
def token(cloudflare: LocalCloudflare, bucket: str) -> State:
    """Inputs of a token with two permission groups, not sorted by id, a condition and an end."""
    name = f"com.cloudflare.edge.r2.bucket.{cloudflare.account_id}_default_{bucket}"
    policy = {
        "effect": "allow",
        "permissionGroups": [{"id": READ}, {"id": WRITE}],
        "resources": json.dumps({name: "*"}, separators=(",", ":"), sort_keys=True),
    }
    return {
        "accountId": cloudflare.account_id,
        "name": "backend",
        "policies": [policy],
        "condition": {"requestIp": {"ins": ["127.0.0.0/8"], "notIns": ["127.0.0.9/32"]}},
        "expiresOn": "2999-10-01T00:00:00Z",
    }


def test_a_token_keeps_its_value_over_updates_and_refresh(driver: Driver, token: State) -> None:
    """The value comes from POST only; PUT and GET have none, and it stays."""
    resource_id, state = driver.create("AccountToken", token)
    value = state["value"]
    renamed = token | {"name": "renamed"}
    assert driver.diff("AccountToken", state, renamed).replaces == []
    state = driver.update("AccountToken", resource_id, state, renamed)
    assert (state["value"], state["name"]) == (value, "renamed")
    read = driver.read("AccountToken", resource_id, state, renamed)
    assert plain_map(read.properties)["value"] == value
    assert driver.diff("AccountToken", plain_map(read.properties), renamed).changes is False


def test_a_value_is_secret(driver: Driver, token: State) -> None:
    """The value is marked secret, and nothing else of the token is."""
    properties = driver.created_properties("AccountToken", token)
    assert [name for name, value in properties.items() if value.is_secret] == ["value"]


@pytest.mark.parametrize(
    ("change", "diffs"),
    [
        ({"expiresOn": "2999-10-01T00:00:00+00:00"}, ["expiresOn"]),
        ({"condition": {"requestIp": {"ins": ["127.0.0.0/8"]}}}, ["condition"]),
        ({"status": "disabled"}, ["status"]),
    ],
)
def test_tokens_are_compared_as_text(driver: Driver, token: State, change: State, diffs: list[str]) -> None:
    """Times are compared as they are spelled, conditions field by field."""
    _, state = driver.create("AccountToken", token)
    diff = driver.diff("AccountToken", state, token | change)
    assert (diff.diffs, diff.replaces) == (diffs, [])


def test_the_order_of_groups_matters_only_in_the_program(driver: Driver, token: State) -> None:
    """The API sorts groups by id, which is no difference; the program's own other order is one."""
    assert READ > WRITE
    resource_id, state = driver.create("AccountToken", token)
    assert driver.diff("AccountToken", state, token).changes is False
    read = driver.read("AccountToken", resource_id, state, token)
    assert driver.diff("AccountToken", plain_map(read.properties), token).changes is False
    turned = {**token["policies"][0], "permissionGroups": [{"id": WRITE}, {"id": READ}]}
    assert driver.diff("AccountToken", state, token | {"policies": [turned]}).diffs == ["policies"]


def test_resources_with_spaces_change_in_every_up(driver: Driver, token: State) -> None:
    """The JSON text is compared byte for byte with the API's, which is compact and sorted."""
    spaced = {
        **token["policies"][0],
        "resources": json.dumps(json.loads(token["policies"][0]["resources"]), indent=1),
    }
    inputs = token | {"policies": [spaced]}
    resource_id, state = driver.create("AccountToken", inputs)
    for _ in range(2):
        assert driver.diff("AccountToken", state, inputs).diffs == ["policies"]
        state = driver.update("AccountToken", resource_id, state, inputs)


def test_the_bytes_of_an_answer_are_kept() -> None:
    """An API that wrote a blank after the colon would be a change in every `up`, as with the real plugin."""
    text = '{"result":{"name":"a \\"resources\\": {}","policies":[{"resources": {"b": "*"}},{"resources":{"a":"*"}}]}}'
    answer = Answer(json.loads(text)["result"] | {"status": "active"})
    for policy in answer["policies"]:
        policy |= {"effect": "allow", "permission_groups": [{"id": READ}]}
    answer.text = text
    state = state_of_token(answer, {"accountId": "a"})
    assert [policy["resources"] for policy in state["policies"]] == ['{"b": "*"}', '{"a":"*"}']


def test_a_disabled_token_stays_disabled(driver: Driver, token: State, cloudflare: LocalCloudflare) -> None:
    """A PUT carries no status that the program did not set: who disabled a token in the dashboard meant it."""
    resource_id, _ = driver.create("AccountToken", token)
    stored = cloudflare.account.token(resource_id)
    assert stored is not None
    cloudflare.account.update(resource_id, stored.document.model_copy(update={"status": "disabled"}))
    state = plain_map(driver.read("AccountToken", resource_id, token, token).properties)
    assert (state["status"], driver.diff("AccountToken", state, token).changes) == ("disabled", False)
    state = driver.update("AccountToken", resource_id, state, token | {"name": "renamed"})
    assert state["status"] == "disabled"
    state = driver.update("AccountToken", resource_id, state, token | {"status": "active"})
    assert state["status"] == "active"


def test_a_token_is_imported_without_its_value(
    driver: Driver, token: State, cloudflare: LocalCloudflare
) -> None:
    """`<account>/<token id>` gives the token; the value cannot be had again."""
    resource_id, state = driver.create("AccountToken", token)
    read = driver.read("AccountToken", f"{cloudflare.account_id}/{resource_id}", {}, {})
    found = plain_map(read.properties)
    assert (read.resource_id, "value" in found, found["name"]) == (resource_id, False, state["name"])
    assert plain_map(read.inputs)["condition"] == token["condition"]
