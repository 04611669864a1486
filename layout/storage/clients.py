"""The one place where boto3 and obstore are configured for R2.

Each setting answers something R2 does differently from AWS, or a default that hurts there:

- Path style and region `auto`: R2's endpoint has one certificate per account, and one region.
- Checksums only when required: boto3's default trailer form has been refused by R2 as `Unauthorized`.
- No `Expect: 100-continue`: R2 documents no answer to it, and botocore would wait a second before each body.
- More attempts than the default three: R2 answers 429 to more than one write a second on one key.
- `Retry-After`, which botocore does not read, is translated to the header that it reads.
- Only the settings say where a request goes, what opens the bucket and how it is sent: neither client follows
  `AWS_*`, `~/.aws` or a proxy variable. What no argument undoes is refused by its name.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.handlers import add_expect_header, add_recursion_detection_header

from layout.errors import SettingsError
from layout.storage.credentials.storage_credentials import CredentialSource, StorageCredentials
from layout.storage.isolated_session import isolated_session, without_plugins
from layout.storage.listing_parser import parse_listings_once
from layout.storage.process_bound import ProcessBoundStore, bind_to_process, note_use_of_obstore
from layout.storage.redaction import redact_session_tokens
from layout.storage.retries import BOTO3_RETRIES, NO_RETRIES, OBSTORE_RETRIES, translate_retry_after
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from obstore.store import ClientConfig, S3Credential

__all__ = ["object_store", "s3_client"]

REGION = "auto"
USER_AGENT = "r2-layout"
# What obstore reads from the environment and no argument takes back (obstore 0.12.1, each tried alone).
_STUBBORN = (
    "AWS_CHECKSUM_ALGORITHM",
    "AWS_SERVER_SIDE_ENCRYPTION",
    "AWS_SSE_BUCKET_KEY_ENABLED",
    "AWS_SSE_CUSTOMER_KEY_BASE64",
    "AWS_SSE_KMS_KEY_ID",
)
CONNECT_SECONDS = 5
READ_SECONDS = 120
# One transfer of an object through obstore, body included: 5 GiB at 10 MB/s.
TRANSFER_SECONDS = 540


def s3_client(
    settings: StorageSettings,
    *,
    credentials: CredentialSource | None = None,
    timestamps_as_text: bool = False,
    max_pool_connections: int = 64,
    repeats: bool = True,
) -> "S3Client":
    """A boto3 client for the account's S3 endpoint. Safe to share between threads.

    Each request in a process that was forked after the client's first one raises `StorageError`: the two would take
    each other's answers.

    Args:
        settings: Endpoint and, unless `credentials` is given, the credential.
        credentials: Asked before each request, so that temporary credentials renew themselves.
        timestamps_as_text: Leave `LastModified` as R2 writes it: the values are `str`, not `datetime`, and pages of
            `list_objects_v2` are parsed by `layout.storage.listing_parser`, in a fraction of boto3's time.
        max_pool_connections: Connections kept open; at least the number of threads that share the client.
        repeats: Whether boto3 repeats by itself what was refused or not answered, without telling.
    """
    redact_session_tokens()
    session = isolated_session(credentials or settings_credentials(settings))
    if timestamps_as_text:
        session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
    with without_plugins():
        client = boto3.Session(botocore_session=session).client(
            # `verify` by name: without it a variable of the library requests would replace the certificates.
            "s3",
            endpoint_url=settings.endpoint,
            verify=True,
            config=_config(settings, max_pool_connections, repeats=repeats),
        )
    client.meta.events.unregister("before-call.s3", add_expect_header)
    # It would send a header made of variables of AWS Lambda.
    client.meta.events.unregister("before-call", add_recursion_detection_header)
    client.meta.events.register_first("needs-retry.s3", translate_retry_after)
    bind_to_process(client)
    if timestamps_as_text:
        parse_listings_once(client)
    return client


def object_store(
    settings: StorageSettings, *, credentials: CredentialSource | None = None, repeats: bool = True
) -> ProcessBoundStore:
    """An obstore store of the bucket, for sync and async use; the same credentials as `s3_client`.

    Without `repeats` a request that was refused or not answered raises at once: the caller repeats it.

    Hand it keys of the layout only: obstore silently turns a leading or trailing `/` into another key.
    A copy with `overwrite=False` is atomic (R2's own header `cf-copy-destination-if-none-match`).

    Each use in a process that was forked after the first use raises `StorageError`: obstore would hang.

    Raises:
        SettingsError: A variable is set that obstore follows whatever it is told.
    """
    _refuse_stubborn_variables()
    source = credentials or settings_credentials(settings)
    return ProcessBoundStore(
        settings.bucket,
        config={
            "endpoint": settings.endpoint,
            # A name of its own in obstore, which wins over `endpoint`: AWS_ENDPOINT_URL_S3 would fill it.
            "aws_endpoint_url_s3": settings.endpoint,
            "region": REGION,
            "s3_express": False,
            "unsigned_payload": False,
            "request_payer": False,
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
            "user_agent": USER_AGENT,
            **_obstore_proxy(settings),
        },
        retry_config=OBSTORE_RETRIES if repeats else NO_RETRIES,
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


def _refuse_stubborn_variables() -> None:
    found = [name for name in _STUBBORN if name in os.environ]
    if found:
        raise SettingsError(
            f"{', '.join(found)} {'is' if len(found) == 1 else 'are'} set for another tool: obstore would send every"
            " object with it, and R2 would refuse or change them.",
            hint="Unset it for this process: env -u " + " -u ".join(found) + " COMMAND",
        )


def _config(settings: StorageSettings, max_pool_connections: int, *, repeats: bool) -> Config:
    proxy = _proxy(settings)
    return Config(
        user_agent=USER_AGENT,
        # Empty, not None, which would mean the variables.
        proxies={"http": proxy, "https": proxy} if proxy else {},
        region_name=REGION,
        signature_version="s3v4",
        s3={"addressing_style": "path", "use_accelerate_endpoint": False},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries=BOTO3_RETRIES if repeats else {"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=max_pool_connections,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
    )


def _proxy(settings: StorageSettings) -> str | None:
    return settings.proxy.get_secret_value() if settings.proxy else None


def _obstore_proxy(settings: StorageSettings) -> "ClientConfig":
    """Given no proxy, obstore follows the variables; given one that the endpoint is excepted from, it uses none."""
    proxy = _proxy(settings)
    if proxy:
        return {"proxy_url": proxy}
    return {"proxy_url": "http://127.0.0.1:9", "proxy_excludes": urlsplit(settings.endpoint).hostname or ""}


def _obstore_provider(source: CredentialSource) -> Callable[[], "S3Credential"]:
    """The same source in obstore's form. obstore keeps an answer until five minutes before `expires_at`."""

    def provide() -> "S3Credential":
        note_use_of_obstore()
        now = source()
        return {
            "access_key_id": now.access_key_id,
            "secret_access_key": now.secret_access_key.get_secret_value(),
            "token": now.session_token.get_secret_value() if now.session_token else None,
            "expires_at": now.expires_at,
        }

    return provide
