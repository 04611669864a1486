"""The provider as Pulumi sees it: configuration, checks, data sources, and gRPC as the engine speaks it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
import pytest
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]  # nor does protobuf
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.permissions import GROUPS
from local_cloudflare.provider.api import ProviderError
from local_cloudflare.provider.property_values import UNKNOWN
from tests.local_cloudflare.provider.conftest import Driver


@pytest.mark.parametrize(
    ("kind", "inputs", "failures"),
    [
        (
            "R2Bucket",
            {"accountId": "a"},
            [("name", "this field is required")],
        ),
        (
            "R2Bucket",
            {"accountId": "a", "name": "b", "color": "red", "storageClass": "Cold"},
            [
                ("color", "this field does not exist"),
                ("storageClass", "value must be one of Standard, InfrequentAccess, got 'Cold'"),
            ],
        ),
        ("R2Bucket", {"accountId": "a", "name": "b", "jurisdiction": "EU", "location": "WEUR"}, []),
        ("R2Bucket", {"accountId": UNKNOWN, "name": UNKNOWN, "storageClass": UNKNOWN}, []),
        ("AccountToken", {"accountId": "a", "name": "t"}, [("policies", "this field is required")]),
    ],
)
def test_inputs_are_checked_before_any_request(
    driver: Driver, kind: str, inputs: dict[str, Any], failures: list[tuple[str, str]]
) -> None:
    """Missing and unknown fields and wrong choices are named; what is not known yet passes."""
    assert driver.check(kind, inputs) == failures
    assert driver.sent == []


def test_an_unknown_input_counts_as_a_change(driver: Driver, cloudflare: LocalCloudflare) -> None:
    """A value that a preview cannot know yet may differ, so it is shown."""
    inputs = {"accountId": cloudflare.account_id, "bucketName": "b", "rules": []}
    assert driver.diff("R2BucketLifecycle", inputs | {"jurisdiction": "default"}, inputs).changes is False
    unknown = inputs | {"bucketName": UNKNOWN}
    assert driver.diff("R2BucketLifecycle", inputs, unknown).replaces == ["bucketName"]


@pytest.mark.parametrize(
    "address", ["", "https://api.cloudflare.com/client/v4", "http://127.0.0.1.evil.example/"]
)
def test_only_this_machine_is_served(
    unconfigured: Driver, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in never speaks to a real account, whatever the environment says."""
    monkeypatch.delenv("CLOUDFLARE_BASE_URL", raising=False)
    with pytest.raises(ProviderError) as caught:
        unconfigured.configure(baseUrl=address, apiToken="x" * 40)
    assert str(caught.value) == (
        "this stand-in for the Cloudflare provider serves a Cloudflare on this machine only, "
        f"and the base URL is {address!r}: set CLOUDFLARE_BASE_URL as `python -m local_cloudflare env` prints it"
    )


def test_the_environment_configures(
    unconfigured: Driver, cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CLOUDFLARE_BASE_URL and CLOUDFLARE_API_TOKEN are enough, so a program needs no local case."""
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", cloudflare.api_url)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", cloudflare.api_token)
    unconfigured.configure()
    found = unconfigured.invoke("getR2Bucket", {"accountId": cloudflare.account_id, "bucketName": bucket})
    assert {name: found[name] for name in ("id", "name", "storageClass", "jurisdiction", "location")} == {
        "id": bucket,
        "name": bucket,
        "storageClass": "Standard",
        "jurisdiction": "default",
        "location": "WEUR",
    }


@pytest.mark.parametrize(
    ("token", "status", "code"), [("", "400 Bad Request", 9106), ("too short", "400 Bad Request", 6003)]
)
def test_a_token_of_the_environment_is_sent_as_it_is(
    unconfigured: Driver,
    cloudflare: LocalCloudflare,
    monkeypatch: pytest.MonkeyPatch,
    token: str,
    status: str,
    code: int,
) -> None:
    """The real plugin checks a configured token only: none, and one of a wrong form, are the API's to refuse."""
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", cloudflare.api_url)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", token)
    assert unconfigured.check_config() == []
    unconfigured.configure()
    with pytest.raises(ProviderError) as caught:
        unconfigured.invoke("getR2Bucket", {"accountId": cloudflare.account_id, "bucketName": "b"})
    text, brace, envelope = str(caught.value).partition("{")
    url = f"{cloudflare.api_url}/accounts/{cloudflare.account_id}/r2/buckets/b"
    assert text == f'failed to make http request: GET "{url}": {status} '
    assert json.loads(brace + envelope)["errors"][0]["code"] == code


def test_lifecycle_rules_can_be_looked_up(driver: Driver, cloudflare: LocalCloudflare, bucket: str) -> None:
    """The data source gives the rules in Pulumi's spelling, which is the API's."""
    found = driver.invoke("getR2BucketLifecycle", {"accountId": cloudflare.account_id, "bucketName": bucket})
    assert found["rules"] == cloudflare.store.lifecycle(bucket)


def test_lock_rules_can_be_looked_up(driver: Driver, cloudflare: LocalCloudflare, bucket: str) -> None:
    """Each kind of condition comes with its own fields only."""
    rules = [
        {"id": "a", "enabled": True, "prefix": "a/", "condition": {"type": "Age", "maxAgeSeconds": 60}},
        {"id": "b", "enabled": False, "condition": {"type": "Indefinite"}},
    ]
    cloudflare.store.set_lock_rules(bucket, rules=rules)
    found = driver.invoke("getR2BucketLock", {"accountId": cloudflare.account_id, "bucketName": bucket})
    assert found["rules"] == rules


def test_permission_groups_can_be_looked_up(driver: Driver, cloudflare: LocalCloudflare) -> None:
    """All groups, or those of a name and scope, as pulumi_cloudflare spells them."""
    function = "getAccountApiTokenPermissionGroupsList"
    everything = driver.invoke(function, {"accountId": cloudflare.account_id})
    assert [group["name"] for group in everything["results"]] == [group.name for group in GROUPS]
    filters = {
        "name": "Workers%20R2%20Storage%20Bucket%20Item%20Read",
        "scope": "com.cloudflare.edge.r2.bucket",
    }
    one = driver.invoke(function, {"accountId": cloudflare.account_id, **filters})
    assert one["results"] == [
        {
            "id": "6a018a9f2fc74eb6b293b0c548f38b39",
            "name": "Workers R2 Storage Bucket Item Read",
            "scopes": ["com.cloudflare.edge.r2.bucket"],
            "category": "developer_platform",
            "isSelectable": True,
        }
    ]


def test_what_the_stand_in_does_not_have_is_named(driver: Driver) -> None:
    """Another resource or function of the provider is refused with the list of those it has."""
    with pytest.raises(ProviderError, match="has no resource 'cloudflare:index/zone:Zone'"):
        driver.create("Zone", {})
    with pytest.raises(ProviderError, match="has no function 'cloudflare:index/getZone:getZone'"):
        driver.invoke("getZone", {})


def struct(**fields: Any) -> Struct:
    """Plain values as the engine sends them."""
    message = Struct()
    message.update(fields)
    return message


class Engine(engine_pb2_grpc.EngineServicer):
    """An engine of which only the log is there."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str, str]] = []

    def Log(self, request: Any, _context: Any) -> Empty:  # noqa: N802 - gRPC's name
        """Keeps a line."""
        self.lines.append((request.severity, request.urn, request.message))
        return Empty()


@pytest.fixture
def served() -> Iterator[tuple[Engine, str]]:
    """That engine, and its address."""
    engine, server = Engine(), grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield engine, f"127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.fixture
def plugin(
    cloudflare: LocalCloudflare, served: tuple[Engine, str]
) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The provider as a process, as the engine starts it."""
    variables = {"CLOUDFLARE_BASE_URL": cloudflare.api_url, "CLOUDFLARE_API_TOKEN": cloudflare.api_token}
    process = subprocess.Popen(
        [sys.executable, "-m", "local_cloudflare.provider", served[1], "--logtostderr"],
        stdout=subprocess.PIPE,
        env=os.environ | variables,
    )
    assert process.stdout is not None
    try:
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


def test_the_process_serves_grpc(
    plugin: Any, served: tuple[Engine, str], cloudflare: LocalCloudflare, bucket: str
) -> None:
    """It prints its port, refuses a bad token, creates, shows errors of the API as they are, and logs them before."""
    bad = plugin.CheckConfig(provider_pb2.CheckRequest(urn="urn:x", news=struct(apiToken="too short")))
    assert [(failure.property, failure.reason) for failure in bad.failures] == [
        (
            "apiToken",
            (
                "API tokens must be 40 to 80 characters long and only contain characters a-z, A-Z, 0-9, "
                "hyphens and underscores"
            ),
        )
    ]
    plugin.Configure(provider_pb2.ConfigureRequest(args=struct(), acceptSecrets=True, acceptResources=True))
    urn = "urn:pulumi:dev::project::cloudflare:index/r2Bucket:R2Bucket::b"
    inputs = struct(accountId=cloudflare.account_id, name=f"{bucket}-2")
    made = plugin.Create(provider_pb2.CreateRequest(urn=urn, properties=inputs))
    assert (made.id, made.properties["storageClass"]) == (f"{bucket}-2", "Standard")
    wrong = struct(accountId=cloudflare.account_id, name="B")
    with pytest.raises(grpc.RpcError) as caught:
        plugin.Create(provider_pb2.CreateRequest(urn=urn, properties=wrong))
    text, brace, envelope = str(caught.value.details()).partition("{")
    url = f"{cloudflare.api_url}/accounts/{cloudflare.account_id}/r2/buckets"
    assert text == f'failed to make http request: POST "{url}": 400 Bad Request '
    logged = f'[ERROR] POST "{url}": 400 Bad Request {brace}{envelope}: failed to make http request'
    assert served[0].lines == [(engine_pb2.ERROR, urn, logged)]
    assert json.loads("{" + envelope)["errors"] == [
        {"code": 10005, "message": "The specified bucket name is not valid."}
    ]
