"""The admin endpoint: clock, logs and faults, behind a secret of its own."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client

from local_cloudflare.cloudflare import LocalCloudflare

Send = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloudflare]:
    """A local Cloudflare whose clock and faults disturb nobody else."""
    with LocalCloudflare(tmp_path_factory.mktemp("own")) as running:
        yield running


@pytest.fixture
def send(own: LocalCloudflare, http: httpx.Client) -> Send:
    """`send(method, path, json=...)` with the secret."""

    def request(method: str, path: str, **rest: Any) -> httpx.Response:
        url = own.endpoints()["admin_url"] + path
        return http.request(method, url, headers={"authorization": f"Bearer {own.admin_secret}"}, **rest)

    return request


def client(running: LocalCloudflare) -> S3Client:
    """A boto3 client with every right, which does not retry."""
    keys = running.s3_keys("Workers R2 Storage Write")
    return boto3.client(
        "s3",
        endpoint_url=running.s3_endpoint,
        region_name="auto",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


@pytest.mark.parametrize("value", [None, "Bearer wrong", "Bearer é"])
def test_the_secret_is_needed(own: LocalCloudflare, http: httpx.Client, value: str | None) -> None:
    """Without it, and with an API token, nothing is told."""
    for header in (value, f"Bearer {own.api_token}"):
        headers = {} if header is None else {b"authorization": header.encode("latin-1")}
        answer = http.get(f"{own.endpoints()['admin_url']}/requests", headers=headers)
        assert (answer.status_code, answer.json()["errors"]) == (
            401,
            [{"code": 10000, "message": "Authentication error"}],
        )


def test_the_s3_endpoint_knows_nothing_of_it(own: LocalCloudflare, http: httpx.Client) -> None:
    """`/local` at the S3 endpoint is a bucket like any other, and the secret opens nothing there."""
    answer = http.get(
        f"{own.s3_endpoint}/local/clock", headers={"authorization": f"Bearer {own.admin_secret}"}
    )
    assert answer.status_code in {400, 401}
    assert "ahead_seconds" not in answer.text


def test_the_clock_advances(own: LocalCloudflare, send: Send) -> None:
    """A step moves the clock of everything: what lifecycle rules remove is gone with the answer."""
    own.store.create_bucket("aging")
    bucket = own.store.bucket("aging")
    assert bucket is not None
    own.store.set_lifecycle(
        "aging",
        "default",
        [
            {
                "id": "day",
                "enabled": True,
                "conditions": {"prefix": "dev/temp/"},
                "deleteObjectsTransition": {"condition": {"type": "Age", "maxAge": 86400}},
            }
        ],
    )
    own.store.declare_object(bucket, "dev/temp/a", 10)
    own.store.declare_object(bucket, "dev/kept", 10)
    before = send("GET", "/clock").json()["result"]["ahead_seconds"]
    after = send("POST", "/clock", json={"advance_seconds": 2 * 86400}).json()["result"]["ahead_seconds"]
    assert timedelta(seconds=after - before) == timedelta(days=2)
    assert [each.key for each in own.store.all_objects(bucket.id)] == [b"dev/kept"]


def test_answers_are_dated_by_the_clock(own: LocalCloudflare, send: Send) -> None:
    """Also those of the control API."""
    send("POST", "/clock", json={"advance_seconds": 86400})
    dated = parsedate_to_datetime(send("GET", "/clock").headers["date"])
    assert abs(own.clock.now() - dated) < timedelta(minutes=1)


def test_clients_stay_in_real_time(own: LocalCloudflare, send: Send) -> None:
    """After a step, what clients of this machine sign is neither skewed nor expired."""
    if own.store.bucket("later") is None:
        own.store.create_bucket("later")
    s3 = client(own)
    url = s3.generate_presigned_url("head_object", Params={"Bucket": "later", "Key": "a"}, ExpiresIn=60)
    send("POST", "/clock", json={"advance_seconds": 86400})
    s3.put_object(Bucket="later", Key="a", Body=b"x")
    assert httpx.head(url, trust_env=False).status_code == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"advance_seconds": -1}, "advance_seconds: Input should be greater than or equal to 0"),
        ({"advance_seconds": 1e12}, "advance_seconds: Input should be less than or equal to 315360000"),
        ({}, "advance_seconds: Field required"),
    ],
)
def test_the_clock_goes_forward_only(send: Send, body: dict[str, float], message: str) -> None:
    """Steps back, and steps out of any calendar, are refused."""
    answer = send("POST", "/clock", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (
        400,
        f"The JSON you provided was not well formed. {message}",
    )


def test_the_clock_stays_in_the_calendar(tmp_path: Path, http: httpx.Client) -> None:
    """Many steps together end before the year 2200."""
    with LocalCloudflare(tmp_path) as running:
        headers = {"authorization": f"Bearer {running.admin_secret}"}
        url = f"{running.endpoints()['admin_url']}/clock"
        seen = [http.post(url, json={"advance_seconds": 315360000}, headers=headers) for _ in range(20)]
    assert {answer.status_code for answer in seen} == {200, 400}
    assert seen[-1].json()["errors"][0]["message"] == "The clock does not go beyond the year 2199."


def test_requests_can_be_read_and_forgotten(own: LocalCloudflare, send: Send, http: httpx.Client) -> None:
    """Each request of the S3 endpoint appears once; `after` gives the newer ones."""
    http.get(f"{own.s3_endpoint}/films/a")
    http.get(f"{own.s3_endpoint}/films/b")
    records = send("GET", "/requests").json()["result"]
    assert [(record["key"], record["status"]) for record in records[-2:]] == [("a", 400), ("b", 400)]
    newer = send("GET", f"/requests?after={records[-2]['number']}").json()["result"]
    assert [record["key"] for record in newer] == ["b"]
    send("DELETE", "/requests")
    assert send("GET", "/requests").json()["result"] == []


def test_faults_are_added_listed_and_ended(own: LocalCloudflare, send: Send) -> None:
    """A rule acts as often as it says."""
    made = send("POST", "/faults", json={"action": "error-before", "status": 503, "times": 1, "name": "busy"})
    assert send("GET", "/faults").json()["result"] == [made.json()["result"]]
    assert made.json()["result"]["operation"] == "*"
    s3 = client(own)
    statuses = []
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            s3.head_object(Bucket="absent", Key="a")
        statuses.append(caught.value.response["ResponseMetadata"]["HTTPStatusCode"])
    assert statuses == [503, 404]
    assert [record["fault"] for record in send("GET", "/requests").json()["result"][-2:]] == ["busy", ""]
    send("DELETE", "/faults")
    assert send("GET", "/faults").json()["result"] == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"action": "explode"}, None),
        (
            {"action": "error-before", "status": 404},
            "Invalid fault: a fault answers [429, 500, 503], not 404: choose one of those",
        ),
        (
            {"action": "delay", "seconds": -1},
            "The JSON you provided was not well formed. seconds: Input should be greater than or equal to 0",
        ),
    ],
)
def test_wrong_faults_are_refused(send: Send, body: dict[str, Any], message: str | None) -> None:
    """An unknown action, a status that is no fault, and a delay into the past are 400."""
    answer = send("POST", "/faults", json=body)
    assert answer.status_code == 400
    assert message in {None, answer.json()["errors"][0]["message"]}


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/clock", 405)])
def test_other_paths_and_methods_are_refused(send: Send, method: str, path: str, status: int) -> None:
    """What the endpoint does not have is 404, another method 405."""
    assert send(method, path).status_code == status
