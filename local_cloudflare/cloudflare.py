"""A Cloudflare account on this machine: the S3 endpoint, the control API, and what they share."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shlex
import threading
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local_cloudflare.account import Account, token_document
from local_cloudflare.clock import Clock
from local_cloudflare.control.admin import Admin
from local_cloudflare.control.buckets import is_bucket_name
from local_cloudflare.control.http import ControlServer, Handler, port_error
from local_cloudflare.control.log import ApiLog
from local_cloudflare.control.routes import dispatch, longest_body
from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.lock import holder, locked
from local_cloudflare.permissions import group_named
from local_cloudflare.r2.server import R2Server
from local_cloudflare.r2.store.store import Store
from local_cloudflare.s3_keys import S3Keys
from local_cloudflare.tokens import TokenDocument

__all__ = ["ENDPOINTS", "LocalCloudflare", "read_endpoints"]

ENDPOINTS = "endpoints.json"
"""The file that says where a running local Cloudflare is; mode 0600, since it holds a token."""

_BOOTSTRAP = "local bootstrap"
_PARENT_GROUP = "Workers R2 Storage Bucket Item Write"


class LocalCloudflare:
    """One account with its servers, in threads of this process. A context manager.

    Args:
        folder: Where everything is kept; made if missing, survives a restart, used by one process at a time.
        account_id: 32 hex characters; None takes the folder's, or a new one.
        s3_port: Port of the S3 endpoint; 0 takes a free one.
        api_port: Port of the control API; 0 takes a free one.
        activation_delay: How long new tokens are unknown (R2 may take a minute).
        rate_limit: Whether a second upload or copy to a key within a second is refused with 429, as R2 does.
        answers_continue: Whether a client that sends `Expect: 100-continue` is asked for its body.
        buckets: Names of buckets that exist from the start on.

    Attributes:
        account: The tokens.
        store: Buckets, their rules, and what is in them.
        clock: Its time, which may be advanced; how far is remembered in the folder.
        s3: The S3 endpoint, with its log (`s3.requests`) and its faults (`s3.faults`).
        api_requests: What was asked of the control API.
        api_token: A token with `Workers R2 Storage Write` and `Account API Tokens Write`, new at each start.
        admin_secret: Opens the admin endpoint, new at each start.

    Raises:
        LocalCloudflareError: The folder is in use, belongs to another account, a port is taken, or a bucket
            cannot have that name.
    """

    def __init__(
        self,
        folder: Path,
        *,
        account_id: str | None = None,
        s3_port: int = 0,
        api_port: int = 0,
        activation_delay: timedelta = timedelta(0),
        rate_limit: bool = False,
        answers_continue: bool = True,
        buckets: Iterable[str] = (),
    ) -> None:
        self.folder = folder.absolute()
        self.clock = Clock()
        self.api_requests = ApiLog()
        self.admin_secret = secrets.token_hex(32)
        self._one_parent = threading.Lock()
        self._closing = contextlib.ExitStack()
        with contextlib.ExitStack() as opened:
            opened.enter_context(locked(self.folder))
            self.account = Account(
                self.folder, self.clock, account_id=account_id, activation_delay=activation_delay
            )
            opened.callback(self.account.close)
            self.store = Store(self.folder / "r2", self.clock)
            opened.callback(self.store.close)
            self._remember_clock()
            self.s3 = self._s3_server(s3_port, rate_limit=rate_limit, answers_continue=answers_continue)
            opened.callback(self.s3.stop)
            self._api = ControlServer(
                self._handlers(), self.clock, self.api_requests, longest_body=longest_body, port=api_port
            )
            opened.callback(self._api.stop)
            self._create_buckets(buckets)
            self.api_token = self._bootstrap_token()
            self._closing = opened.pop_all()

    @property
    def account_id(self) -> str:
        """32 hex characters."""
        return self.account.id

    @property
    def s3_endpoint(self) -> str:
        """`http://127.0.0.1:{port}`, for S3 clients with path-style addresses."""
        return self.s3.endpoint

    @property
    def api_url(self) -> str:
        """`http://127.0.0.1:{port}/client/v4`, for the SDK and for CLOUDFLARE_BASE_URL."""
        return f"http://127.0.0.1:{self._api.port}/client/v4"

    @property
    def endpoints_file(self) -> Path:
        """Where the endpoints stand while this runs."""
        return self.folder / ENDPOINTS

    def endpoints(self) -> dict[str, Any]:
        """What the endpoints file holds."""
        return {
            "account_id": self.account_id,
            "api_token": self.api_token,
            "s3_endpoint": self.s3_endpoint,
            "api_url": self.api_url,
            "admin_url": f"http://127.0.0.1:{self._api.port}/local",
            "admin_secret": self.admin_secret,
            "pid": os.getpid(),
        }

    def start(self) -> Self:
        """Answers requests from now on, and writes the endpoints file."""
        self.s3.start()
        self._api.start()
        _write_private(self.endpoints_file, json.dumps(self.endpoints(), indent=2) + "\n")
        self._closing.callback(self.endpoints_file.unlink, missing_ok=True)
        return self

    def stop(self) -> None:
        """Closes the ports and the files. What was stored stays in the folder."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def s3_keys(
        self, permission_group: str, *, bucket: str | None = None, jurisdiction: str = "default"
    ) -> S3Keys:
        """S3 keys of a new token, for tests and tools inside this process.

        Args:
            permission_group: One of the four R2 groups, such as `Workers R2 Storage Bucket Item Read`.
            bucket: The one bucket it opens; None: all of the account.
            jurisdiction: Of that bucket.
        """
        document = self._document(f"s3 keys: {permission_group}", permission_group, bucket, jurisdiction)
        token, _ = self.account.create(document)
        return S3Keys(token.id, token.secret)

    def parent_keys(self, bucket: str) -> S3Keys | None:
        """S3 keys of a token that reads and writes one bucket, for whoever mints temporary credentials in a shell.

        Made when they are asked for the first time, and the same from then on. None: there is no such bucket.
        """
        if self.store.bucket(bucket) is None:
            return None
        document = self._document(f"parent for shells: {bucket}", _PARENT_GROUP, bucket)
        with self._one_parent:
            same = (token for token in self.account.tokens() if token.document == document)
            token = next(same, None) or self.account.create(document)[0]
        return S3Keys(token.id, token.secret)

    def _document(
        self, name: str, permission_group: str, bucket: str | None, jurisdiction: str = "default"
    ) -> TokenDocument:
        group = group_named(permission_group)
        resource: dict[str, Any] | None = None
        if bucket is not None:
            resource = {f"com.cloudflare.edge.r2.bucket.{self.account_id}_{jurisdiction}_{bucket}": "*"}
        elif group.scope.endswith("r2.bucket"):
            resource = {f"com.cloudflare.api.account.{self.account_id}": {f"{group.scope}.*": "*"}}
        return token_document(name, self.account_id, [group.id], resources=resource)

    def _s3_server(self, port: int, *, rate_limit: bool, answers_continue: bool) -> R2Server:
        try:
            return R2Server(
                self.store,
                account_id=self.account.id,
                credentials=self.account.credential,
                clock=self.clock,
                port=port,
                write_interval_seconds=1.0 if rate_limit else 0.0,
                answers_continue=answers_continue,
            )
        except (OSError, OverflowError) as error:
            raise port_error(error, port, "--s3-port") from None

    def _handlers(self) -> dict[str, Handler]:
        admin = Admin(self.admin_secret, self.clock, self.s3, self.api_requests, self.parent_keys)
        api = partial(dispatch, self.account, self.store, self.s3.direct, self.s3.host)
        return {"/client/v4": api, "/local": admin}

    def _create_buckets(self, names: Iterable[str]) -> None:
        for name in names:
            if not is_bucket_name(name):
                raise LocalCloudflareError(
                    f"No bucket can be called {name!r}.",
                    hint="Use 3 to 63 lower-case letters, digits and inner hyphens.",
                )
            if self.store.bucket(name) is None:
                self.store.create_bucket(name)

    def _remember_clock(self) -> None:
        """Takes up the clock where the last run left it: what was stored then is not from the future."""
        file = self.folder / "clock"
        with contextlib.suppress(FileNotFoundError):
            ahead = timedelta(seconds=float(file.read_text(encoding="ascii")))
            self.clock.advance(ahead, clients_follow=False)
        self.clock.subscribe(
            lambda _: file.write_text(str(self.clock.offset.total_seconds()), encoding="ascii")
        )

    def _bootstrap_token(self) -> str:
        """A token for the first requests, new at each start: the one of the last run ends."""
        for token in self.account.tokens():
            if token.document.name == _BOOTSTRAP:
                self.account.delete(token.id)
        names = ("Workers R2 Storage Write", "Account API Tokens Write")
        groups = [group_named(name).id for name in names]
        _, value = self.account.create(
            token_document(_BOOTSTRAP, self.account_id, groups), delay=timedelta(0)
        )
        return value


def _write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, whole or not at all."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)


def read_endpoints(folder: Path) -> dict[str, Any]:
    """The endpoints of the local Cloudflare that runs in a folder.

    Raises:
        LocalCloudflareError: None runs there.
    """
    if holder(folder) is not None:
        with contextlib.suppress(FileNotFoundError):
            endpoints: dict[str, Any] = json.loads((folder / ENDPOINTS).read_text(encoding="utf-8"))
            return endpoints
    raise LocalCloudflareError(
        f"No local Cloudflare runs in {str(folder)!r}.",
        hint=f"Start it: python -m local_cloudflare up --folder {shlex.quote(str(folder))}",
    )
