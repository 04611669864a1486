"""How both clients speak, seen from the other end of a real connection."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from layout.storage.clients import object_store, s3_client
from layout.storage.credentials.storage_credentials import StorageCredentials
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from tests.layout.conftest import FixedAnswer

LISTING = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>films</Name><Prefix></Prefix>
<KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Contents><Key>dev/a</Key>
<LastModified>2026-05-04T03:02:01.000Z</LastModified><ETag>"e"</ETag><Size>1</Size>
<StorageClass>STANDARD</StorageClass></Contents></ListBucketResult>"""


@pytest.fixture
def answered(settings: StorageSettings, fixed_answer: FixedAnswer) -> StorageSettings:
    """Settings whose endpoint is the fixed answer."""
    fixed_answer.headers = {"ETag": '"e"'}
    return settings.model_copy(update={"endpoint": fixed_answer.endpoint})


def _sent(fixed_answer: FixedAnswer) -> dict[str, str]:
    """Headers of the only request, by lower-case names."""
    assert len(fixed_answer.requests) == 1
    return {name.lower(): value for name, value in fixed_answer.requests[0][2].items()}


def test_boto3_puts_as_r2_needs_it(answered: StorageSettings, fixed_answer: FixedAnswer) -> None:
    """Path style, region auto, no `Expect`, no checksum of its own, body in one piece."""
    s3_client(answered).put_object(Bucket="films", Key="dev/ä b", Body=b"body")
    method, path, _, body = fixed_answer.requests[0]
    sent = _sent(fixed_answer)
    assert (method, path, body) == ("PUT", "/films/dev/%C3%A4%20b", b"body")
    assert "/auto/s3/aws4_request" in sent["authorization"]
    assert "expect" not in sent
    assert not [
        name for name in sent if name.startswith(("x-amz-checksum", "x-amz-sdk-checksum", "x-amz-trailer"))
    ]
    assert "x-amz-security-token" not in sent


def test_obstore_puts_as_r2_needs_it(answered: StorageSettings, fixed_answer: FixedAnswer) -> None:
    """The same path, region and absence of extras."""
    object_store(answered).put("dev/ä b", b"body")
    method, path, _, body = fixed_answer.requests[0]
    sent = _sent(fixed_answer)
    assert (method, path, body) == ("PUT", "/films/dev/%C3%A4%20b", b"body")
    assert "/auto/s3/aws4_request" in sent["authorization"]
    assert not {"expect", "x-amz-tagging", "x-amz-security-token"} & sent.keys()
    assert not [name for name in sent if name.startswith("x-amz-checksum")]


def test_obstore_serves_async_code(answered: StorageSettings, fixed_answer: FixedAnswer) -> None:
    """One store for both kinds of callers."""
    asyncio.run(object_store(answered).put_async("dev/a", b"body"))
    assert fixed_answer.requests[0][3] == b"body"


def test_a_copy_without_overwriting_sends_r2s_header(
    answered: StorageSettings, fixed_answer: FixedAnswer
) -> None:
    """That header makes it atomic on R2."""
    fixed_answer.body = b"<CopyObjectResult><ETag>&quot;e&quot;</ETag></CopyObjectResult>"
    object_store(answered).copy("dev/a", "dev/b", overwrite=False)
    assert _sent(fixed_answer)["cf-copy-destination-if-none-match"] == "*"


def test_a_delete_is_one_delete(answered: StorageSettings, fixed_answer: FixedAnswer) -> None:
    """Not a batch of one, whose refusal would not say which key."""
    fixed_answer.status = 204
    object_store(answered).delete("dev/a")
    assert [request[:2] for request in fixed_answer.requests] == [("DELETE", "/films/dev/a")]


@pytest.mark.parametrize("client", ["boto3", "obstore"])
def test_ambient_aws_settings_change_nothing(
    answered: StorageSettings, fixed_answer: FixedAnswer, monkeypatch: pytest.MonkeyPatch, client: str
) -> None:
    """What opens the bucket is in the settings, not in whatever else the machine is used for."""
    for name, value in {
        "AWS_PROFILE": "missing",
        "AWS_ACCESS_KEY_ID": "other",
        "AWS_SECRET_ACCESS_KEY": "other",
        "AWS_SESSION_TOKEN": "other",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_SKIP_SIGNATURE": "true",
    }.items():
        monkeypatch.setenv(name, value)
    if client == "boto3":
        s3_client(answered).get_object(Bucket="films", Key="dev/a")
    else:
        fixed_answer.headers["Last-Modified"] = "Mon, 04 May 2026 03:02:01 GMT"
        object_store(answered).get("dev/a")
    sent = _sent(fixed_answer)
    assert f"Credential={answered.access_key_id}/" in sent["authorization"]
    assert "/auto/s3/" in sent["authorization"]
    assert "x-amz-security-token" not in sent


@pytest.mark.parametrize("client", ["boto3", "obstore"])
def test_a_session_token_is_sent(answered: StorageSettings, fixed_answer: FixedAnswer, client: str) -> None:
    """From the settings, as a header that is signed."""
    temporary = answered.model_copy(update={"session_token": SecretStr("a-token")})
    if client == "boto3":
        s3_client(temporary).put_object(Bucket="films", Key="dev/a", Body=b"")
    else:
        object_store(temporary).put("dev/a", b"")
    sent = _sent(fixed_answer)
    assert sent["x-amz-security-token"] == "a-token"
    assert "x-amz-security-token" in sent["authorization"]


def test_boto3_asks_the_source_for_every_request(
    answered: StorageSettings, fixed_answer: FixedAnswer
) -> None:
    """So a credential that renews itself is never used after its end."""
    numbers = iter(range(100))

    def source() -> StorageCredentials:
        return StorageCredentials(f"id-{next(numbers)}", SecretStr("s"))

    client = s3_client(answered, credentials=source)
    for _ in range(3):
        client.put_object(Bucket="films", Key="dev/a", Body=b"")
    used = [request[2]["Authorization"].split("/")[0].split("=")[1] for request in fixed_answer.requests]
    assert used == ["id-0", "id-1", "id-2"]


def test_retry_after_is_honoured(answered: StorageSettings, fixed_answer: FixedAnswer) -> None:
    """R2 says in seconds how long to wait after a 429."""
    fixed_answer.refuse(429, "TooManyRequests")
    fixed_answer.headers = {"Retry-After": "1"}
    client = s3_client(answered)

    def recover(**_: object) -> None:
        if len(fixed_answer.requests) == 2:
            fixed_answer.status, fixed_answer.body = 200, b""

    client.meta.events.register("before-send.s3", recover)
    start = time.monotonic()
    client.put_object(Bucket="films", Key="dev/a", Body=b"")
    assert len(fixed_answer.requests) == 3
    assert time.monotonic() - start >= 2.0


def test_timestamps_are_text_only_if_asked_for(answered: StorageSettings, fixed_answer: FixedAnswer) -> None:
    """Parsing them costs more than half of a listing."""
    fixed_answer.body = LISTING
    parsed = s3_client(answered).list_objects_v2(Bucket="films")["Contents"][0]["LastModified"]
    text = s3_client(answered, timestamps_as_text=True).list_objects_v2(Bucket="films")["Contents"][0][
        "LastModified"
    ]
    assert parsed == datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    assert text == "2026-05-04T03:02:01.000Z"
