"""Faults on purpose."""

import http.client
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from botocore.config import Config

from local_cloudflare.r2.faults import FaultAction, FaultRule, Faults

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2


@pytest.fixture
def name(own: "LocalR2") -> str:
    """A bucket of the server of its own."""
    return own.bucket().name


def test_an_error_before_the_effect_does_nothing(own: "LocalR2", name: str) -> None:
    """The client may try again."""
    own.server.faults.add(FaultRule(FaultAction.ERROR_BEFORE, operation="PutObject", status=503))
    reply = own.send("PUT", f"/{name}/key", body=b"x")
    assert (reply.status, b"<Code>ServiceUnavailable</Code>" in reply.body) == (503, True)
    assert own.send("HEAD", f"/{name}/key").status == 404
    assert own.send("PUT", f"/{name}/key", body=b"x").status == 200


def test_an_error_after_the_effect_hides_it(own: "LocalR2", name: str) -> None:
    """The answer is lost, the object is there."""
    own.server.faults.add(FaultRule(FaultAction.ERROR_AFTER, operation="PutObject"))
    reply = own.send("PUT", f"/{name}/key", body=b"x")
    assert (reply.status, b"<Code>InternalError</Code>" in reply.body) == (500, True)
    assert own.send("GET", f"/{name}/key").body == b"x"


def test_the_answer_to_a_head_cannot_be_cut(own: "LocalR2", name: str) -> None:
    """It has no body: the object's length stays in its headers."""
    own.send("PUT", f"/{name}/key", body=b"x" * 100)
    own.server.faults.add(FaultRule(FaultAction.TRUNCATE, operation="HeadObject"))
    assert own.send("HEAD", f"/{name}/key").headers["Content-Length"] == "100"


def test_every_third_request_can_fail(own: "LocalR2", name: str) -> None:
    """From the second one on, twice: a network that loses one request in so many."""
    own.server.faults.add(
        FaultRule(FaultAction.ERROR_BEFORE, operation="PutObject", first=2, every=3, times=2)
    )
    statuses = [own.send("PUT", f"/{name}/key-{number}", body=b"x").status for number in range(1, 10)]
    assert statuses == [200, 500, 200, 200, 500, 200, 200, 200, 200]


def test_a_busy_bucket_lets_some_requests_through_each_second(own: "LocalR2", name: str) -> None:
    """Two of the first three; the others are refused for as long as the rule is in force."""
    own.server.faults.add(FaultRule(FaultAction.ERROR_BEFORE, status=429, spared=2, times=None))
    statuses = [own.send("PUT", f"/{name}/key-{number}", body=b"x").status for number in range(3)]
    assert statuses == [200, 200, 429]


@pytest.mark.parametrize(("action", "there"), [(FaultAction.RESET, 404), (FaultAction.RESET_AFTER, 200)])
def test_a_reset_leaves_no_answer(own: "LocalR2", name: str, action: FaultAction, there: int) -> None:
    """Before the effect or after it."""
    own.server.faults.add(FaultRule(action, name="cut"))
    with pytest.raises((ConnectionError, http.client.BadStatusLine)):
        own.send("PUT", f"/{name}/key", body=b"x")
    assert own.send("HEAD", f"/{name}/key").status == there
    record = next(iter(own.server.requests))
    assert (record.status, record.fault, record.bytes_out) == (0, "cut", 0)


@pytest.mark.parametrize("size", [1000, 1_000_000])
def test_a_body_can_be_cut(own: "LocalR2", name: str, size: int) -> None:
    """Its Content-Length tells the whole."""
    own.send("PUT", f"/{name}/key", body=b"x" * size)
    own.server.faults.add(FaultRule(FaultAction.TRUNCATE, operation="GetObject", keep_bytes=10))
    with pytest.raises(http.client.IncompleteRead) as caught:
        own.send("GET", f"/{name}/key")
    assert (caught.value.partial, caught.value.expected) == (b"x" * 10, size - 10)
    assert len(own.send("GET", f"/{name}/key").body) == size


def test_an_answer_can_come_late(own: "LocalR2", name: str) -> None:
    """But it comes."""
    own.server.faults.add(FaultRule(FaultAction.DELAY, seconds=0.2))
    begin = time.perf_counter()
    assert own.send("PUT", f"/{name}/key", body=b"x").status == 200
    assert time.perf_counter() - begin >= 0.2


def test_a_burst_of_429_ends(own: "LocalR2", name: str) -> None:
    """`times` requests from the `first` one on, with Retry-After."""
    own.server.faults.add(FaultRule(FaultAction.ERROR_BEFORE, first=2, times=2, status=429, retry_after=3))
    replies = [own.send("HEAD", f"/{name}") for _ in range(5)]
    assert [reply.status for reply in replies] == [200, 429, 429, 200, 200]
    assert replies[1].headers["Retry-After"] == "3"


def test_a_retrying_client_gets_through(own: "LocalR2", name: str) -> None:
    """boto3 with three attempts and two failures."""
    own.server.faults.add(FaultRule(FaultAction.ERROR_BEFORE, operation="PutObject", times=2, status=503))
    client = own.client(config=Config(retries={"total_max_attempts": 3, "mode": "standard"}))
    client.put_object(Bucket=name, Key="key", Body="")
    assert own.server.requests.count()["PutObject"] == 3


def test_rules_match_operations_and_keys() -> None:
    """By patterns as of a shell; each rule counts on its own."""
    faults = Faults()
    dev = FaultRule(FaultAction.DELAY, operation="*Object", key="dev/*", times=None)
    third = FaultRule(FaultAction.RESET, first=3)
    for rule in (dev, third):
        faults.add(rule)
    assert faults.take("GetObject", "dev/a") is dev
    assert faults.take("GetObject", "prod/a") is None
    assert faults.take("ListObjectsV2", "") is third
    assert faults.take("PutObject", "dev/b/c") is dev
    assert list(faults) == [dev, third]
    faults.clear()
    assert faults.take("GetObject", "dev/a") is None


def test_a_rule_that_cannot_be_is_refused() -> None:
    """Other statuses, and counting from zero."""
    with pytest.raises(ValueError, match="a fault answers") as caught:
        FaultRule(FaultAction.ERROR_BEFORE, status=404)
    assert str(caught.value) == "a fault answers [429, 500, 503], not 404: choose one of those"
    with pytest.raises(ValueError, match="counted from 1") as caught:
        FaultRule(FaultAction.RESET, first=0)
    assert str(caught.value) == "requests are counted from 1, not from 0"
    with pytest.raises(ValueError, match="every request is 1") as caught:
        FaultRule(FaultAction.RESET, every=0)
    assert str(caught.value) == "every request is 1, every twentieth 20, not 0"
    with pytest.raises(ValueError, match="a second is spared") as caught:
        FaultRule(FaultAction.RESET, spared=0)
    assert str(caught.value) == "1 request or more a second is spared, not 0"


def test_requests_that_are_refused_anyway_do_not_count(own: "LocalR2", name: str) -> None:
    """A fault hits what would have been done."""
    own.server.faults.add(FaultRule(FaultAction.ERROR_BEFORE))
    stranger = replace(own.admin, access_key_id="none")
    assert own.send("GET", f"/{name}", credential=stranger).status == 401
    assert own.send("GET", f"/{name}").status == 500
