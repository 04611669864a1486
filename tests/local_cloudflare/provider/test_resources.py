"""What the stand-in provider sends and remembers, resource by resource, as the real one was seen to do."""

import json
import uuid
from typing import Any

import pytest

from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.provider.api import ProviderError
from local_cloudflare.provider.property_values import UNKNOWN, plain_map
from tests.local_cloudflare.provider.conftest import Driver, State

RULES: list[dict[str, Any]] = [
    {
        "id": "temp",
        "enabled": True,
        "conditions": {"prefix": "dev/temp/"},
        "deleteObjectsTransition": {"condition": {"type": "Age", "maxAge": 86400}},
    },
    {
        "id": "abort",
        "enabled": True,
        "conditions": {"prefix": ""},
        "abortMultipartUploadsTransition": {"condition": {"type": "Age", "maxAge": 604800}},
    },
]


@pytest.fixture
def named(cloudflare: LocalCloudflare) -> State:
    """Inputs of a bucket that does not exist yet."""
    return {"accountId": cloudflare.account_id, "name": f"made-{uuid.uuid4().hex[:12]}"}


@pytest.fixture
def rules(cloudflare: LocalCloudflare, bucket: str) -> State:
    """Inputs of lifecycle rules for an existing bucket."""
    return {"accountId": cloudflare.account_id, "bucketName": bucket, "rules": RULES}


def test_a_preview_sends_nothing(driver: Driver, named: State) -> None:
    """A preview of a creation knows the defaults, and not what only the API gives."""
    resource_id, state = driver.create("R2Bucket", named, preview=True)
    assert (resource_id, driver.sent) == ("", [])
    assert state == named | {
        "jurisdiction": "default",
        "storageClass": "Standard",
        "location": UNKNOWN,
        "creationDate": UNKNOWN,
    }


def test_a_bucket_is_made_and_read_back_the_same(driver: Driver, named: State) -> None:
    """Create sends one POST; refresh finds no difference, and the program neither."""
    resource_id, state = driver.create("R2Bucket", named)
    assert resource_id == named["name"]
    read = driver.read("R2Bucket", resource_id, state, named)
    assert (read.resource_id, plain_map(read.properties), plain_map(read.inputs)) == (
        resource_id,
        state,
        named,
    )
    assert driver.diff("R2Bucket", state, named).changes is False
    assert driver.sent == [("POST", "/r2/buckets"), ("GET", f"/r2/buckets/{named['name']}")]


def test_a_location_is_compared_without_case(driver: Driver, named: State) -> None:
    """The API answers WEUR for weur: no difference; another location replaces the bucket."""
    named["location"] = "weur"
    resource_id, _ = driver.create("R2Bucket", named)
    read = driver.read("R2Bucket", resource_id, named, named)
    state = plain_map(read.properties)
    assert state["location"] == "WEUR"
    assert driver.diff("R2Bucket", state, named).changes is False
    assert driver.diff("R2Bucket", state, named | {"location": "apac"}).replaces == ["location"]


@pytest.mark.parametrize("field", ["name", "accountId"])
def test_some_changes_replace_a_bucket(driver: Driver, named: State, field: str) -> None:
    """Another name or account is another bucket."""
    _, state = driver.create("R2Bucket", named)
    assert driver.diff("R2Bucket", state, named | {field: "other"}).replaces == [field]


def test_the_storage_class_changes_in_place(
    driver: Driver, named: State, cloudflare: LocalCloudflare
) -> None:
    """A changed class is one PATCH; leaving it out means Standard again."""
    resource_id, state = driver.create("R2Bucket", named)
    cold = named | {"storageClass": "InfrequentAccess"}
    assert driver.diff("R2Bucket", state, cold).replaces == []
    state = driver.update("R2Bucket", resource_id, state, cold)
    assert driver.sent[-1] == ("PATCH", f"/r2/buckets/{resource_id}")
    found = cloudflare.store.bucket(resource_id)
    assert found is not None
    assert found.storage_class == state["storageClass"] == "InfrequentAccess"
    assert driver.diff("R2Bucket", state, named).diffs == ["storageClass"]


def test_a_changed_jurisdiction_finds_no_bucket(
    driver: Driver, named: State, cloudflare: LocalCloudflare
) -> None:
    """It is an update that asks with the new header: the raw 404 reaches the user."""
    resource_id, state = driver.create("R2Bucket", named)
    moved = named | {"jurisdiction": "eu"}
    diff = driver.diff("R2Bucket", state, moved)
    assert (diff.diffs, diff.replaces) == (["jurisdiction"], [])
    with pytest.raises(ProviderError) as caught:
        driver.update("R2Bucket", resource_id, state, moved)
    url = f"{cloudflare.api_url}/accounts/{cloudflare.account_id}/r2/buckets/{resource_id}"
    text, _, envelope = str(caught.value).partition("{")
    assert text == f'failed to make http request: PATCH "{url}": 404 Not Found '
    assert json.loads("{" + envelope)["errors"] == [
        {"code": 10006, "message": "The specified bucket does not exist."}
    ]


def test_a_bucket_is_imported_by_three_parts(
    driver: Driver, named: State, cloudflare: LocalCloudflare
) -> None:
    """`<account>/<bucket>/<jurisdiction>` gives the state, and inputs that differ from it nowhere."""
    _, state = driver.create("R2Bucket", named)
    read = driver.read("R2Bucket", f"{cloudflare.account_id}/{named['name']}/default", {}, {})
    assert read.resource_id == named["name"]
    assert plain_map(read.properties) == state
    assert driver.diff("R2Bucket", state, plain_map(read.inputs)).changes is False


@pytest.mark.parametrize(
    ("kind", "import_id", "message"),
    [
        ("R2Bucket", "bucket", "invalid ID: expected <accountId>/<name>/<jurisdiction>, got 'bucket'"),
        ("AccountToken", "a/b/c", "invalid ID: expected <accountId>/<id>, got 'a/b/c'"),
        (
            "R2BucketLifecycle",
            "a/b/default",
            "cloudflare:index/r2BucketLifecycle:R2BucketLifecycle does not currently support pulumi import",
        ),
        (
            "R2BucketLock",
            "a/b/default",
            "cloudflare:index/r2BucketLock:R2BucketLock does not currently support pulumi import",
        ),
        (
            "R2BucketCors",
            "a/b/default",
            "cloudflare:index/r2BucketCors:R2BucketCors does not currently support pulumi import",
        ),
    ],
)
def test_wrong_imports_are_refused(driver: Driver, kind: str, import_id: str, message: str) -> None:
    """An id of another form, and a resource that cannot be imported, are errors without a request."""
    with pytest.raises(ProviderError) as caught:
        driver.read(kind, import_id, {}, {})
    assert (str(caught.value), driver.sent) == (message, [])


def test_what_is_gone_leaves_the_state_at_refresh(
    driver: Driver, named: State, cloudflare: LocalCloudflare
) -> None:
    """A 404 drops a known bucket; the same 404 fails an import; deleting it again is an error."""
    resource_id, state = driver.create("R2Bucket", named)
    driver.delete("R2Bucket", resource_id, state)
    assert driver.read("R2Bucket", resource_id, state, named).resource_id is None
    assert driver.lines.written == [
        (
            "urn:pulumi:dev::project::cloudflare:index/r2Bucket:R2Bucket: [WARNING] The resource was not found on the "
            "server and will be removed from state.: Resource not found"
        )
    ]
    with pytest.raises(ProviderError, match="404 Not Found"):
        driver.read("R2Bucket", f"{cloudflare.account_id}/{named['name']}/default", {}, {})
    with pytest.raises(ProviderError, match="404 Not Found"):
        driver.delete("R2Bucket", resource_id, state)


def test_lifecycle_rules_stay_when_the_resource_goes(
    driver: Driver, rules: State, cloudflare: LocalCloudflare, bucket: str
) -> None:
    """Create is one PUT of the whole set; delete sends nothing; the id is the account's."""
    resource_id, state = driver.create("R2BucketLifecycle", rules)
    assert resource_id == cloudflare.account_id
    assert driver.diff("R2BucketLifecycle", state, rules).changes is False
    driver.delete("R2BucketLifecycle", resource_id, state)
    assert driver.sent == [("PUT", f"/r2/buckets/{bucket}/lifecycle")]
    assert cloudflare.store.lifecycle(bucket) == RULES


def test_lifecycle_rules_change_in_place(
    driver: Driver, rules: State, cloudflare: LocalCloudflare, bucket: str
) -> None:
    """Another order is a change; no rules at all are sent as null and clear the bucket's."""
    resource_id, state = driver.create("R2BucketLifecycle", rules)
    turned = driver.diff("R2BucketLifecycle", state, rules | {"rules": RULES[::-1]})
    assert (turned.diffs, turned.replaces) == (["rules"], [])
    without = {name: value for name, value in rules.items() if name != "rules"}
    assert driver.diff("R2BucketLifecycle", state, without).diffs == ["rules"]
    state = driver.update("R2BucketLifecycle", resource_id, state, without)
    assert ("rules" in state, cloudflare.store.lifecycle(bucket)) == (False, [])


def test_refresh_sees_rules_that_others_wrote(
    driver: Driver, rules: State, cloudflare: LocalCloudflare, bucket: str
) -> None:
    """Rules that somebody replaced show as a difference after a refresh."""
    resource_id, state = driver.create("R2BucketLifecycle", rules)
    cloudflare.store.set_lifecycle(bucket, "default", RULES[:1])
    read = driver.read("R2BucketLifecycle", resource_id, state, rules)
    assert driver.diff("R2BucketLifecycle", plain_map(read.properties), rules).diffs == ["rules"]


@pytest.mark.parametrize("kind", ["R2BucketLifecycle", "R2BucketLock"])
def test_rules_that_remain_are_warned_of(
    driver: Driver, cloudflare: LocalCloudflare, bucket: str, kind: str
) -> None:
    """The preview and the creation say that destroying them will send nothing."""
    inputs = {"accountId": cloudflare.account_id, "bucketName": bucket, "rules": []}
    driver.create(kind, inputs, preview=True)
    driver.create(kind, inputs)
    token = f"cloudflare:index/{kind[0].lower()}{kind[1:]}:{kind}"
    assert driver.lines.written == 2 * [
        (
            f"urn:pulumi:dev::project::{token}: [WARNING] This resource cannot be destroyed from Terraform. "
            "If you create this resource, it will be present in the API until manually deleted.: "
            "Resource Destruction Considerations"
        )
    ]


def test_locks_are_put_whole_and_stay_when_their_resource_goes(
    driver: Driver, cloudflare: LocalCloudflare, bucket: str
) -> None:
    """One PUT of the set, found the same by a refresh; another age is a change in place; delete sends nothing."""
    condition = {"type": "Age", "maxAgeSeconds": 2592000}
    lock = {"id": "keep", "enabled": True, "prefix": "dev/backups/", "condition": condition}
    inputs = {"accountId": cloudflare.account_id, "bucketName": bucket, "rules": [lock]}
    resource_id, state = driver.create("R2BucketLock", inputs)
    read = driver.read("R2BucketLock", resource_id, state, inputs)
    assert driver.diff("R2BucketLock", plain_map(read.properties), inputs).changes is False
    assert cloudflare.store.lock_rules(bucket) == [lock]
    longer = inputs | {"rules": [{**lock, "condition": {"type": "Age", "maxAgeSeconds": 1}}]}
    changed = driver.diff("R2BucketLock", state, longer)
    assert (changed.diffs, changed.replaces) == (["rules"], [])
    driver.delete("R2BucketLock", resource_id, state)
    assert driver.sent == [("PUT", f"/r2/buckets/{bucket}/lock"), ("GET", f"/r2/buckets/{bucket}/lock")]
    assert cloudflare.store.lock_rules(bucket) == [lock]


def test_cors_goes_with_its_resource(driver: Driver, cloudflare: LocalCloudflare, bucket: str) -> None:
    """CORS rules are put and, unlike lifecycle rules, deleted."""
    allowed = {"methods": ["GET"], "origins": ["https://example.com"], "headers": ["content-type"]}
    inputs = {
        "accountId": cloudflare.account_id,
        "bucketName": bucket,
        "rules": [{"id": "web", "allowed": allowed, "exposeHeaders": ["ETag"], "maxAgeSeconds": 3600}],
    }
    resource_id, state = driver.create("R2BucketCors", inputs)
    read = driver.read("R2BucketCors", resource_id, state, inputs)
    assert driver.diff("R2BucketCors", plain_map(read.properties), inputs).changes is False
    driver.delete("R2BucketCors", resource_id, state)
    assert cloudflare.store.cors(bucket) is None
    assert [method for method, _ in driver.sent] == ["PUT", "GET", "DELETE"]
