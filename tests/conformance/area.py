"""A statement's own corner of the bucket, and the words in which it asks."""

import concurrent.futures
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Any, NamedTuple, cast

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client

from tests.conformance.stores import Store


@dataclass(frozen=True)
class Area:
    """A prefix of one bucket that no other statement writes to."""

    s3: S3Client
    bucket: str
    prefix: str

    def key(self, name: str) -> str:
        """The full key of a name in this area."""
        return self.prefix + name

    def put(
        self, name: str, body: bytes = b"body", headers: Mapping[str, str] | None = None, **parameters: Any
    ) -> str:
        """Put an object and return its ETag, with its quotes. Extra headers are signed and sent as they are."""
        with extra_headers(self.s3, "PutObject", headers or {}):
            return self.s3.put_object(Bucket=self.bucket, Key=self.key(name), Body=body, **parameters)["ETag"]

    def fill(self, names: list[str]) -> None:
        """Put empty objects, many at a time."""
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda name: self.put(name, b""), names))

    def get(self, name: str, **parameters: Any) -> bytes:
        """The bytes of an object."""
        return self.s3.get_object(Bucket=self.bucket, Key=self.key(name), **parameters)["Body"].read()

    def head(self, name: str, **parameters: Any) -> Mapping[str, Any]:
        """What HEAD says of an object."""
        return self.s3.head_object(Bucket=self.bucket, Key=self.key(name), **parameters)

    def copy(
        self, source: str, destination: str, headers: Mapping[str, str] | None = None, **parameters: Any
    ) -> Mapping[str, Any]:
        """Copy an object inside the area."""
        with extra_headers(self.s3, "CopyObject", headers or {}):
            return self.s3.copy_object(
                Bucket=self.bucket,
                Key=self.key(destination),
                CopySource={"Bucket": self.bucket, "Key": self.key(source)},
                **parameters,
            )["CopyObjectResult"]

    def names(self, **parameters: Any) -> list[str]:
        """Every name in the area, in the order of the listing, over all pages."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            **{"Bucket": self.bucket, "Prefix": self.prefix} | parameters
        )
        return [
            entry["Key"].removeprefix(self.prefix) for page in pages for entry in page.get("Contents", [])
        ]

    def clear(self) -> None:
        """Remove every object of the area, a thousand at a time."""
        names = self.names()
        for first in range(0, len(names), 1_000):
            keys: Any = [{"Key": self.key(name)} for name in names[first : first + 1_000]]
            self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": keys})

    def start_upload(self, name: str, **parameters: Any) -> "Upload":
        """Start a multipart upload."""
        answer = self.s3.create_multipart_upload(Bucket=self.bucket, Key=self.key(name), **parameters)
        return Upload(self, self.key(name), answer["UploadId"])


class Reply(NamedTuple):
    """An answer, read to its end."""

    status: int
    body: bytes
    headers: Message


@dataclass(frozen=True)
class Upload:
    """An open multipart upload."""

    area: Area
    key: str
    upload_id: str

    @property
    def address(self) -> dict[str, Any]:
        """The parameters that name this upload in every call about it."""
        return {"Bucket": self.area.bucket, "Key": self.key, "UploadId": self.upload_id}

    def part(self, number: int, body: bytes) -> dict[str, Any]:
        """Upload one part; returns its entry for the completion."""
        answer = self.area.s3.upload_part(PartNumber=number, Body=body, **self.address)
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def complete(self, parts: list[dict[str, Any]], **parameters: Any) -> Mapping[str, Any]:
        """Complete the upload."""
        return self.area.s3.complete_multipart_upload(
            MultipartUpload=cast("Any", {"Parts": parts}), **self.address, **parameters
        )


def presigned(area: Area, store: Store, method: str, path: str, body: bytes | None = None) -> Reply:
    """A presigned request for a path of the bucket, with its query, which is sent as it is written."""
    settings = store.settings
    keys = Credentials(settings.access_key_id, settings.secret_access_key.get_secret_value())
    request = AWSRequest(method, f"{settings.endpoint}/{area.bucket}/{path}")
    S3SigV4QueryAuth(keys, "s3", "auto", expires=60).add_auth(request)
    return fetch(str(request.url), method, body)


class _WithPayload(S3SigV4Auth):
    """botocore's signer with a given `x-amz-content-sha256`."""

    def __init__(self, keys: Credentials, payload: str) -> None:
        super().__init__(keys, "s3", "auto")
        self._payload = payload

    def payload(self, request: Any) -> str:  # noqa: ARG002 - what is signed in place of the body
        return self._payload


def send_payload(area: Area, store: Store, name: str, body: bytes, payload: str) -> Reply:
    """A PUT that says of its body what no client of this project would say."""
    settings = store.settings
    keys = Credentials(settings.access_key_id, settings.secret_access_key.get_secret_value())
    url = f"{settings.endpoint}/{area.bucket}/{area.key(name)}"
    headers = {"Content-Type": "text/plain", "X-Amz-Decoded-Content-Length": str(len(body))}
    request = AWSRequest("PUT", url, headers=headers, data=body)
    _WithPayload(keys, payload).add_auth(request)
    return fetch(url, "PUT", body, dict(request.headers.items()))


def fetch(
    url: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """A request with nothing but this."""
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers or {}))  # noqa: S310 - a store's URL
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            return Reply(answer.status, answer.read(), answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.read(), error.headers)


class extra_headers:  # noqa: N801 - reads as a statement: with extra_headers(...)
    """Adds headers to one operation before it is signed: boto3 has no parameter for R2's own."""

    def __init__(self, s3: S3Client, operation: str, headers: Mapping[str, str]) -> None:
        self._events, self._event, self._headers = s3.meta.events, f"before-call.s3.{operation}", headers

    def _add(self, params: dict[str, Any], **_: object) -> None:
        params["headers"].update(self._headers)

    def __enter__(self) -> None:
        self._events.register(self._event, self._add)

    def __exit__(self, *_: object) -> None:
        self._events.unregister(self._event, self._add)


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    """The status and the code of a call that must be refused. Raises AssertionError if it is not."""
    try:
        call()
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    raise AssertionError("the call was accepted")


def status(call: Callable[[], object]) -> int:
    """The HTTP status of a call that must be refused: for HEAD, whose answer has no body to hold a code."""
    return refusal(call)[0]


def winners(calls: Sequence[Callable[[], object]]) -> int:
    """How many of the calls succeed when all are made at once; the others must be refused with 412."""

    def attempt(call: Callable[[], object]) -> int:
        try:
            call()
        except ClientError as error:
            refused = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if refused != 412:
                raise
            return 0
        return 1

    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return sum(pool.map(attempt, calls))
