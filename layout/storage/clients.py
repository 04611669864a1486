"""The one place where boto3 and obstore are configured for R2.

Each setting answers something R2 does differently from AWS, or a default that hurts there:

- Path style and region `auto`: R2's endpoint has one certificate per account, and one region.
- Checksums only when required: boto3's default trailer form has been refused by R2 as `Unauthorized`.
- No `Expect: 100-continue`: Cloudflare never answers it, so botocore would wait a second before each body.
- More attempts than the default three: R2 answers 429 to more than one write a second on one key.
- `Retry-After`, which botocore does not read, is translated to the header that it reads.
- Neither client reads `~/.aws` or `AWS_*` credentials: only the settings say what opens the bucket.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, ReadOnlyCredentials
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.handlers import add_expect_header
from botocore.loaders import create_loader
from obstore.store import S3Store

from layout.storage.credentials.storage_credentials import CredentialSource, StorageCredentials
from layout.storage.redaction import redact_session_tokens
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from mypy_boto3_s3 import S3Client
    from obstore.store import S3Credential

__all__ = ["RETRY_SECONDS", "object_store", "s3_client"]

REGION = "auto"
BOTO3_ATTEMPTS = 6
OBSTORE_RETRIES = 10
CONNECT_SECONDS = 5
READ_SECONDS = 120
# obstore repeats a request with the credential it began with: less than a minute, the shortest life of one.
RETRY_SECONDS = 45
# One transfer of an object through obstore, body included: 5 GiB at 10 MB/s.
TRANSFER_SECONDS = 540


def s3_client(
    settings: StorageSettings,
    *,
    credentials: CredentialSource | None = None,
    timestamps_as_text: bool = False,
    max_pool_connections: int = 64,
) -> "S3Client":
    """A boto3 client for the account's S3 endpoint. Safe to share between threads.

    Args:
        settings: Endpoint and, unless `credentials` is given, the credential.
        credentials: Asked before each request, so that temporary credentials renew themselves.
        timestamps_as_text: Leave `LastModified` as R2 writes it. Listing then costs 33 microseconds a key
            instead of 77 (measured with boto3 1.44.5), but the values are `str`, not `datetime`.
        max_pool_connections: Connections kept open; at least the number of threads that share the client.
    """
    redact_session_tokens()
    session = _session(credentials or settings_credentials(settings))
    if timestamps_as_text:
        session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
    client = boto3.Session(botocore_session=session).client(
        "s3", endpoint_url=settings.endpoint, config=_config(max_pool_connections)
    )
    client.meta.events.unregister("before-call.s3", add_expect_header)
    client.meta.events.register_first("needs-retry.s3", _translate_retry_after)
    return client


def object_store(settings: StorageSettings, *, credentials: CredentialSource | None = None) -> S3Store:
    """An obstore store of the bucket, for sync and async use; the same credentials as `s3_client`.

    Hand it keys of the layout only: obstore silently turns a leading or trailing `/` into another key.
    A copy with `overwrite=False` is atomic (R2's own header `cf-copy-destination-if-none-match`).
    """
    source = credentials or settings_credentials(settings)
    return S3Store(
        settings.bucket,
        config={
            "endpoint": settings.endpoint,
            "region": REGION,
            "virtual_hosted_style_request": False,
            "skip_signature": False,
            "disable_tagging": True,
            # One DELETE a key: its refusal then says which key, and R2 charges for neither form.
            "disable_bulk_delete": True,
            "conditional_put": "etag",
            "copy_if_not_exists": "header: cf-copy-destination-if-none-match: *",
        },
        client_options={
            "allow_http": not settings.is_encrypted,
            "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
            "read_timeout": timedelta(seconds=READ_SECONDS),
            "timeout": timedelta(seconds=TRANSFER_SECONDS),
        },
        retry_config={
            "max_retries": OBSTORE_RETRIES,
            "retry_timeout": timedelta(seconds=RETRY_SECONDS),
            "backoff": {
                "init_backoff": timedelta(milliseconds=200),
                "max_backoff": timedelta(seconds=10),
                "base": 2,
            },
        },
        credential_provider=_obstore_provider(source),
    )


def settings_credentials(settings: StorageSettings) -> CredentialSource:
    """The credential that the settings hold, as a source that always answers the same."""
    fixed = StorageCredentials(
        access_key_id=settings.access_key_id,
        secret_access_key=settings.secret_access_key,
        session_token=settings.session_token,
    )
    return lambda: fixed


def _config(max_pool_connections: int) -> Config:
    return Config(
        region_name=REGION,
        signature_version="s3v4",
        s3={"addressing_style": "path", "use_accelerate_endpoint": False},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "total_max_attempts": BOTO3_ATTEMPTS},
        max_pool_connections=max_pool_connections,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
    )


@cache
def _service_descriptions() -> "Loader":
    """The parsed service files of botocore: shared, later clients are made in a tenth of the time."""
    return create_loader()


def _session(credentials: CredentialSource) -> botocore.session.Session:
    """A session without files and profiles, whose only credential is the given one."""
    session = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    session.register_component("data_loader", _service_descriptions())
    resolver = CredentialResolver([_SourceProvider(credentials)])
    session.register_component("credential_provider", resolver)
    return session


class _SourceProvider(CredentialProvider):
    """How botocore asks a session for credentials."""

    METHOD = "layout"

    def __init__(self, source: CredentialSource) -> None:
        super().__init__()
        self._source = source

    def load(self) -> BotocoreCredentials:
        return _SourceCredentials(self._source)


class _SourceCredentials(BotocoreCredentials):
    """Credentials that ask the source each time botocore signs a request, retries included."""

    def __init__(self, source: CredentialSource) -> None:
        self._source = source
        super().__init__(access_key="", secret_key="", method=_SourceProvider.METHOD)

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        now = self._source()
        return ReadOnlyCredentials(
            now.access_key_id,
            now.secret_access_key.get_secret_value(),
            now.session_token.get_secret_value() if now.session_token else None,
        )


def _obstore_provider(source: CredentialSource) -> Callable[[], "S3Credential"]:
    """The same source in obstore's form. obstore keeps an answer until five minutes before `expires_at`."""

    def provide() -> "S3Credential":
        now = source()
        return {
            "access_key_id": now.access_key_id,
            "secret_access_key": now.secret_access_key.get_secret_value(),
            "token": now.session_token.get_secret_value() if now.session_token else None,
            "expires_at": now.expires_at,
        }

    return provide


def _translate_retry_after(response: tuple[Any, Any] | None, **_: Any) -> None:
    """Copy `Retry-After` in seconds to the header in milliseconds that botocore's standard mode honours."""
    if response is None:
        return
    headers = response[0].headers
    seconds = headers.get("Retry-After", "")
    if seconds.isdecimal() and "x-amz-retry-after" not in headers:
        headers["x-amz-retry-after"] = str(int(seconds) * 1000)
