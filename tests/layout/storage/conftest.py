"""Settings without a bucket behind them, and a fixed answer in place of a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from layout.storage.r2_storage import R2Storage
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

ACCOUNT = "0123456789abcdef0123456789abcdef"
PARENT_ID = "fedcba9876543210fedcba9876543210"
PARENT_SECRET = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def _no_ambient_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test depends on the variables or the .env of whoever runs it."""
    for name in [
        *(str(item.validation_alias) for item in StorageSettings.model_fields.values()),
        "AWS_PROFILE",
    ]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def settings() -> StorageSettings:
    """A parent token in the settings; nothing listens at the endpoint."""
    return StorageSettings(
        account_id=ACCOUNT,
        bucket="films",
        access_key_id=PARENT_ID,
        secret_access_key=PARENT_SECRET,
    )


@pytest.fixture
def local(cloudflare: LocalCloudflare, bucket: str) -> StorageSettings:
    """A backend token of a fresh bucket in the local Cloudflare; APP_ENV is dev."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    return StorageSettings(
        account_id=cloudflare.account_id,
        endpoint=cloudflare.s3_endpoint,
        bucket=bucket,
        access_key_id=keys.access_key_id,
        secret_access_key=keys.secret_access_key,
    )


@pytest.fixture
def storage(local: StorageSettings) -> R2Storage:
    """The storage of dev in that bucket, with the token itself."""
    return R2Storage(local)


@dataclass
class FixedAnswer:
    """A server that gives every request the same answer, after the bodies `before` in turn, and remembers the requests.

    Real clients meet a real connection: this is how answers are tested that the local R2 never gives. Of the body
    that it announces, `unsent` bytes never come.
    """

    endpoint: str
    status: int = 200
    body: bytes = b""
    unsent: int = 0
    before: list[bytes] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def refuse(self, status: int, code: str) -> None:
        """Answer with an S3 error."""
        self.status = status
        self.body = f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode()


@pytest.fixture
def fixed_answer() -> Iterator[FixedAnswer]:
    """The server, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fixed.requests.append((self.command, self.path, dict(self.headers), body))
            answered = fixed.before.pop(0) if fixed.before else fixed.body
            self.send_response(fixed.status)
            for name, value in fixed.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answered) + fixed.unsent))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answered)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer  # noqa: N815 - names of the base class

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fixed = FixedAnswer(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield fixed
    server.shutdown()
    server.server_close()
    thread.join()
