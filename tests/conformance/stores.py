"""The stores that the suite runs on, each started on a free port of 127.0.0.1 and stopped by its own handle."""

import contextlib
import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mypy_boto3_s3 import S3Client
from pydantic import SecretStr

from layout.errors import SettingsError
from layout.storage.clients import s3_client
from layout.storage.settings import StorageSettings, load_settings
from local_cloudflare.cloudflare import LocalCloudflare
from tests.conformance.servers import install

BUCKET = "conformance"
LOCKED_PREFIX = "conformance-locked/"


@dataclass(frozen=True)
class Store:
    """A running store: where it listens and who may use it."""

    name: str
    settings: StorageSettings

    def client(self) -> S3Client:
        """A boto3 client with the project's own configuration for R2."""
        return s3_client(self.settings)


def _settings(
    endpoint: str, access_key_id: str, secret_access_key: str, account_id: str = "0" * 32
) -> StorageSettings:
    return StorageSettings(
        account_id=account_id,
        endpoint=endpoint,
        bucket=BUCKET,
        access_key_id=access_key_id,
        secret_access_key=SecretStr(secret_access_key),
    )


@contextlib.contextmanager
def local_r2(folder: Path) -> Iterator[Store]:
    """The strict local R2, opened with the access key of a read-write token for one bucket."""
    with LocalCloudflare(folder, buckets=[BUCKET]) as cloudflare:
        lock = {
            "id": "locked",
            "enabled": True,
            "prefix": LOCKED_PREFIX,
            "condition": {"type": "Indefinite"},
        }
        cloudflare.store.set_lock_rules(BUCKET, rules=[lock])
        keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=BUCKET)
        settings = _settings(
            cloudflare.s3_endpoint, keys.access_key_id, keys.secret_access_key, cloudflare.account_id
        )
        yield Store("local R2", settings)


@contextlib.contextmanager
def miniflare(folder: Path) -> Iterator[Store]:
    """Cloudflare's own simulator."""
    access_key_id, secret = secrets.token_hex(16), secrets.token_hex(32)
    command = [str(install.node()), str(install.miniflare_script()), BUCKET, access_key_id, secret]
    with _process(command, folder):
        endpoint = _first_line(folder)
        # Settings refuse an endpoint with a path, which R2's never has; the simulator's has one.
        settings = _settings("http://127.0.0.1", access_key_id, secret).model_copy(
            update={"endpoint": endpoint}
        )
        yield Store("miniflare", settings)


@contextlib.contextmanager
def versitygw(folder: Path) -> Iterator[Store]:
    """A plain S3 server over a folder: what a client may expect of S3 itself, without R2's own rules."""
    access_key_id, secret = secrets.token_hex(16), secrets.token_hex(32)
    data, port = folder / "data", install.free_port()
    (data / BUCKET).mkdir(parents=True)
    environment = os.environ | {"ROOT_ACCESS_KEY": access_key_id, "ROOT_SECRET_KEY": secret}
    command = [
        str(install.versitygw_binary()),
        "--port",
        f"127.0.0.1:{port}",
        "--region",
        "auto",
        "posix",
        str(data),
    ]
    with _process(command, folder, environment):
        install.wait_for_port(port)
        yield Store("versitygw", _settings(f"http://127.0.0.1:{port}", access_key_id, secret))


@contextlib.contextmanager
def live(folder: Path) -> Iterator[Store]:  # noqa: ARG001 - every store is started with a folder
    """The bucket that R2_ENDPOINT, R2_BUCKET and the token in the environment open.

    Temporary credentials are minted from that token, which needs CLOUDFLARE_ACCOUNT_ID too.
    """
    settings = load_settings()
    if not settings.bucket:
        raise SettingsError("R2_BUCKET is not set", hint="name the bucket that the suite may write to")
    yield Store("live", settings)


@contextlib.contextmanager
def _process(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> Iterator[None]:
    # Both outputs go to files: a server that logs into a pipe which nobody reads stands still when it is full.
    with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=stdout, stderr=stderr, env=environment
        )
        try:
            yield
        finally:
            process.terminate()
            process.communicate(timeout=10)


def _first_line(folder: Path, *, seconds: float = 60.0) -> str:
    """The first line that the process printed; AssertionError with its errors if none comes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        line, end, _ = (folder / "stdout").read_text().partition("\n")
        if end:
            return line
        time.sleep(0.05)
    raise AssertionError(f"the server did not start in {seconds} s: {(folder / 'stderr').read_text()}")


STORES: dict[str, Callable[[Path], contextlib.AbstractContextManager[Store]]] = {
    "local R2": local_r2,
    "miniflare": miniflare,
    "versitygw": versitygw,
    "live": live,
}
__all__ = ["BUCKET", "LOCKED_PREFIX", "STORES", "Store"]
