"""A running local R2 with a store of its own, and clients for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.handlers import add_expect_header

from infra.local.clock import Clock
from infra.local.r2.access import Credential, Grant, Permission
from infra.local.r2.server import R2Server
from infra.local.r2.store import Store

ACCOUNT = "0123456789abcdef0123456789abcdef"
BUCKET = "files"


@dataclass
class LocalR2:
    """A server, its store, and the credentials that it knows."""

    server: R2Server
    store: Store
    clock: Clock
    credentials: dict[str, Credential] = field(default_factory=dict)

    def credential(
        self, permission: Permission = Permission.ADMIN_READ_WRITE, bucket: str = "*", **changes: Any
    ) -> Credential:
        """A new credential of an account token."""
        number = len(self.credentials) + 1
        new = Credential(f"{number:032x}", f"{number:064x}", (Grant(bucket, "*", permission),))
        new = replace(new, **changes)
        self.credentials[new.access_key_id] = new
        return new

    def client(self, credential: Credential | None = None, **changes: Any) -> Any:
        """A boto3 client."""
        used = credential or self.credential()
        arguments: dict[str, Any] = {
            "endpoint_url": self.server.endpoint,
            "region_name": "auto",
            "aws_access_key_id": used.access_key_id,
            "aws_secret_access_key": used.secret_access_key,
        }
        config = Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"total_max_attempts": 1},
            max_pool_connections=80,
        )
        client = boto3.session.Session().client("s3", **({"config": config} | arguments | changes))
        # R2 sends no "100 Continue", so the header would only cost a second for each upload.
        client.meta.events.unregister("before-call.s3", add_expect_header)
        return client


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalR2]:
    """One server for all tests that leave it as it was."""
    yield from _running(tmp_path_factory.mktemp("r2"))


@pytest.fixture
def r2(tmp_path: Path) -> Iterator[LocalR2]:
    """A server of its own, with the bucket `files`."""
    yield from _running(tmp_path / "r2")


def _running(folder: Path, **options: Any) -> Iterator[LocalR2]:
    clock = Clock()
    store = Store(folder, clock)
    credentials: dict[str, Credential] = {}
    server = R2Server(store, account_id=ACCOUNT, credentials=credentials.get, clock=clock, **options)
    store.create_bucket(BUCKET)
    with server:
        yield LocalR2(server, store, clock, credentials)
    store.close()


@pytest.fixture
def s3(r2: LocalR2) -> Any:
    """A boto3 client with an admin credential."""
    return r2.client()
