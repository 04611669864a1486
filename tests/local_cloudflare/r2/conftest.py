"""A running local R2 and clients for it.

`r2` is shared by all tests, each with a `bucket` of its own; `own` is for tests that change the
clock, the faults or the pace.
"""

import http.client
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.handlers import add_expect_header

from local_cloudflare.clock import Clock
from local_cloudflare.r2.auth.access import Credential, Grant, Permission
from local_cloudflare.r2.auth.temporary import TemporaryCredential, mint
from local_cloudflare.r2.server import R2Server
from local_cloudflare.r2.store.models import Bucket
from local_cloudflare.r2.store.store import Store

# One for all clients: each session reads botocore's service files anew.
SESSION = boto3.session.Session()
ACCOUNT = "0123456789abcdef0123456789abcdef"


class PayloadSigner(S3SigV4Auth):
    """botocore's signer with a given `x-amz-content-sha256`."""

    def __init__(self, keys: Credentials, payload: str | None) -> None:
        super().__init__(keys, "s3", "auto")
        self._payload = payload

    def payload(self, request: Any) -> str:
        """What is signed in place of the body."""
        return self._payload or str(super().payload(request))


@dataclass
class Reply:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class LocalR2:
    """A server, its store, and the credentials that it knows."""

    server: R2Server
    store: Store
    clock: Clock
    credentials: dict[str, Credential]
    admin: Credential = field(init=False)
    names: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.admin = self.credential()

    def bucket(self) -> Bucket:
        """A new bucket."""
        return self.store.create_bucket(f"bucket-{next(self.names)}")

    def credential(
        self, permission: Permission = Permission.ADMIN_READ_WRITE, bucket: str = "*", **changes: Any
    ) -> Credential:
        """A new credential of an account token."""
        number = len(self.credentials) + 1
        new = replace(
            Credential(f"{number:032x}", f"{number:064x}", (Grant(bucket, "*", permission),)), **changes
        )
        self.credentials[new.access_key_id] = new
        return new

    def temporary(self, bucket: str, parent: Credential | None = None, **changes: Any) -> TemporaryCredential:
        """A temporary credential of `parent`, by default read and write for a quarter of an hour."""
        used = parent or self.admin
        arguments: dict[str, Any] = {
            "account_id": ACCOUNT,
            "parent_access_key_id": used.access_key_id,
            "parent_secret_access_key": used.secret_access_key,
            "audience": self.server.host,
            "bucket": bucket,
            "lifetime": timedelta(minutes=15),
            "now": self.clock.now(),
        }
        if "actions" not in changes:
            arguments["permission"] = Permission.OBJECT_READ_WRITE
        return mint(**(arguments | changes))

    def client(self, credential: Credential | TemporaryCredential | None = None, **changes: Any) -> Any:
        """A boto3 client, with one attempt, which sends its bodies without asking first."""
        used = credential or self.admin
        arguments: dict[str, Any] = {
            "endpoint_url": self.server.endpoint,
            "region_name": "auto",
            "aws_access_key_id": used.access_key_id,
            "aws_secret_access_key": used.secret_access_key,
            "aws_session_token": getattr(used, "session_token", None),
        }
        config = Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"total_max_attempts": 1},
            max_pool_connections=80,
        )
        client = SESSION.client("s3", **({"config": config} | arguments | changes))
        client.meta.events.unregister("before-call.s3", add_expect_header)
        return client

    def sign(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None,
        credential: Credential | TemporaryCredential | None = None, expires: int | None = None,
        payload: str | None = None,
    ) -> tuple[str, dict[str, str]]:  # fmt: skip
        """What botocore sends: the path with its query, and the headers.

        Args:
            method: HTTP method.
            path: Path and query, as they go over the wire.
            body: Sent after the head.
            headers: Signed.
            credential: The admin's by default.
            expires: Presign for so many seconds instead of signing in headers.
            payload: Signed as `x-amz-content-sha256` instead of the body's hash.
        """
        used = credential or self.admin
        keys = Credentials(used.access_key_id, used.secret_access_key, getattr(used, "session_token", None))
        # A presigned URL does not cover the body, and botocore would read it as form fields.
        data = body if expires is None else b""
        request = AWSRequest(method, self.server.endpoint + path, headers=dict(headers or {}), data=data)
        if expires is None:
            PayloadSigner(keys, payload).add_auth(request)
        else:
            S3SigV4QueryAuth(keys, "s3", "auto", expires=expires).add_auth(request)
        sent = {"Content-Length": str(len(body))} | dict(request.headers.items())
        return str(request.url).removeprefix(self.server.endpoint), sent

    def send(self, method: str, path: str, *, body: bytes = b"", **signing: Any) -> Reply:
        """A request signed by botocore and sent as it is, for what no client would send."""
        target, headers = self.sign(method, path, body=body, **signing)
        return self.send_raw(method, target, body, headers)

    def send_raw(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """A request with exactly these headers; Host is added if it is not among them."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            has_host = "host" in {name.lower() for name in headers}
            connection.putrequest(method, target, skip_host=has_host, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()


def running(folder: Path, **options: Any) -> Iterator[LocalR2]:
    """A server with an empty store in `folder`."""
    clock = Clock()
    store = Store(folder, clock)
    credentials: dict[str, Credential] = {}
    server = R2Server(store, account_id=ACCOUNT, credentials=credentials.get, clock=clock, **options)
    with server:
        yield LocalR2(server, store, clock, credentials)
    store.close()


@pytest.fixture(scope="session")
def r2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalR2]:
    """One server for all tests that leave it as it was."""
    yield from running(tmp_path_factory.mktemp("r2"))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalR2]:
    """A server for one test."""
    yield from running(tmp_path / "r2")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., LocalR2]]:
    """Starts servers with options; they end with the test."""
    started: list[Iterator[LocalR2]] = []

    def begin(**options: Any) -> LocalR2:
        started.append(running(tmp_path / f"r2-{len(started)}", **options))
        return next(started[-1])

    yield begin
    for one in started:
        next(one, None)


@pytest.fixture(scope="session")
def s3(r2: LocalR2) -> Any:
    """A boto3 client of the shared server, with an admin credential."""
    return r2.client()


@pytest.fixture
def bucket(r2: LocalR2) -> str:
    """The name of a new bucket of the shared server."""
    return r2.bucket().name


@pytest.fixture(scope="session")
def refused() -> Callable[..., tuple[int, str, str]]:
    """Calls something that must be refused, and gives status, code and message."""

    def call(action: Callable[..., Any], **arguments: Any) -> tuple[int, str, str]:
        with pytest.raises(ClientError) as caught:
            action(**arguments)
        response: Any = caught.value.response
        error = response["Error"]
        return response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error.get("Message", "")

    return call
