"""Minting: from a scope of `layout.access` and a lifetime to a temporary credential, in two ways.

Signing on this machine needs the parent's secret and no request. Cloudflare's API needs an API token with
the permission Workers R2 Storage Write and the parent's id: for whoever must not hold a parent's secret.
"""

import base64
import json
import os
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from layout.access import MAX_LIFETIME_SECONDS, CredentialScope
from layout.account import LOOPBACK, split_address
from layout.errors import CredentialsError
from layout.foreign_words import quoted
from layout.storage.credentials.session_token import expiry
from layout.storage.credentials.signing import Parent, sign
from layout.storage.credentials.storage_credentials import StorageCredentials
from layout.storage.printable import unprintable
from layout.storage.settings import StorageSettings
from layout.times import current_time

__all__ = ["API_URL", "Minter", "api_minter", "environment_api_minter", "local_minter"]

Minter = Callable[[CredentialScope, timedelta], StorageCredentials]
"""Makes one credential of a scope that lives that long.

Raises:
    CredentialsError: The lifetime is outside 1 minute to 7 days (an hour for a whole bucket), or it failed.
"""

API_URL = "https://api.cloudflare.com/client/v4"
API_SECONDS = 20
BACKDATED_SECONDS = 900
"""How far before its minting a signed credential begins. R2 refuses one from the future, and allows a client's clock
15 minutes in signatures (Cloudflare's R2 docs, `api/s3/api`): a clock that may sign may mint."""


def local_minter(settings: StorageSettings, *, now: Callable[[], datetime] = current_time) -> Minter:
    """Signs with the token in the settings, which is the parent.

    Args:
        settings: Must hold a token, not a temporary credential, and the account's id.
        now: The clock of the claims. They begin 15 minutes earlier, since R2 refuses a token from the future.

    Raises:
        CredentialsError: The settings cannot sign.
    """
    parent = _parent(settings)

    def mint(scope: CredentialScope, lifetime: timedelta) -> StorageCredentials:
        _check_bucket(scope, settings)
        seconds = scope.check_lifetime(_whole_seconds(lifetime))
        minted_at = int(now().timestamp())
        expires_at = minted_at + seconds
        return sign(
            parent,
            scope.bucket,
            # From its beginning to its end no credential may live longer than that.
            issued_at=max(minted_at - BACKDATED_SECONDS, expires_at - MAX_LIFETIME_SECONDS),
            expires_at=expires_at,
            scope=scope.permission.value,
            prefixes=scope.prefixes,
        )

    return mint


def api_minter(settings: StorageSettings, api_token: SecretStr, *, api_url: str = API_URL) -> Minter:
    """Asks Cloudflare to mint from the token whose id is in the settings; its secret is not used.

    Args:
        settings: Must hold the account's id.
        api_token: With the permission Workers R2 Storage Write. Cloudflare allows 1,200 requests in
            5 minutes.
        api_url: Another address for tests.

    Raises:
        CredentialsError: The settings name no account, or the token or the address cannot be sent.
    """
    if problem := unprintable(api_token.get_secret_value()):
        raise CredentialsError(
            f"The API token holds {problem}.",
            hint="Set CLOUDFLARE_API_TOKEN again, to the token without anything around it.",
            bucket=settings.bucket,
        )
    url = f"{_api_address(api_url)}/accounts/{_account(settings)}/r2/temp-access-credentials"

    def mint(scope: CredentialScope, lifetime: timedelta) -> StorageCredentials:
        _check_bucket(scope, settings)
        request: dict[str, Any] = {
            "bucket": scope.bucket,
            "parentAccessKeyId": settings.access_key_id,
            "permission": scope.permission.value,
            "ttlSeconds": scope.check_lifetime(_whole_seconds(lifetime)),
        }
        if scope.prefixes:
            request["prefixes"] = list(scope.prefixes)
        return _credential(_post(url, request, api_token, settings))

    return mint


def environment_api_minter(settings: StorageSettings, environ: Mapping[str, str] = os.environ) -> Minter:
    """`api_minter` with the token in `CLOUDFLARE_API_TOKEN`, at the address in `CLOUDFLARE_BASE_URL` if set.

    Raises:
        CredentialsError: There is no API token.
    """
    api_token = environ.get("CLOUDFLARE_API_TOKEN", "").strip()
    if not api_token:
        raise CredentialsError(
            "CLOUDFLARE_API_TOKEN is not set, which minting by Cloudflare's API needs.",
            hint="Set it to a token with the permission Workers R2 Storage Write, or sign on this machine.",
            bucket=settings.bucket,
        )
    api_url = environ.get("CLOUDFLARE_BASE_URL", "").strip() or API_URL
    return api_minter(settings, SecretStr(api_token), api_url=api_url)


def _api_address(api_url: str) -> str:
    """The token goes there, so only encrypted, or to this machine; a user name would be part of every message."""
    parts = split_address(api_url)
    if parts is None or parts.username is not None or {"?", "#"} & set(api_url):
        problem = "is not an address"
    elif parts.scheme != "https" and parts.hostname not in LOOPBACK:
        problem = f"is not encrypted: {parts.scheme}://{parts.hostname}"
    else:
        return api_url.rstrip("/")
    raise CredentialsError(
        f"The address of Cloudflare's API {problem}.",
        hint="Leave CLOUDFLARE_BASE_URL out, or set it to an https address; http is for 127.0.0.1 only.",
    )


def _parent(settings: StorageSettings) -> Parent:
    if settings.session_token is not None:
        raise CredentialsError(
            "The credential in the settings is a temporary one, which cannot mint others.",
            hint="Unset R2_SESSION_TOKEN and set R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY to a token's.",
            bucket=settings.bucket,
        )
    return Parent(
        account_id=_account(settings),
        access_key_id=settings.access_key_id,
        secret_access_key=settings.secret_access_key,
        host=urlsplit(settings.endpoint).netloc,
    )


def _account(settings: StorageSettings) -> str:
    if settings.account_id is None:
        raise CredentialsError(
            "The settings name no account, which minting needs.",
            hint="Set CLOUDFLARE_ACCOUNT_ID.",
            bucket=settings.bucket,
        )
    return settings.account_id


def _check_bucket(scope: CredentialScope, settings: StorageSettings) -> None:
    if scope.bucket != settings.bucket:
        raise CredentialsError(
            f"The scope is of the bucket {scope.bucket!r}, but R2_BUCKET is {settings.bucket!r}.",
            hint="Make the scope for the bucket of the settings.",
            bucket=settings.bucket,
        )


def _whole_seconds(lifetime: timedelta) -> int:
    return int(lifetime.total_seconds())


def _post(
    url: str, content: dict[str, Any], api_token: SecretStr, settings: StorageSettings
) -> dict[str, Any]:
    """The `result` of Cloudflare's envelope. Neither the token nor the answer is in any message."""
    request = urllib.request.Request(  # noqa: S310 - the address is Cloudflare's, or a test's
        url,
        data=json.dumps(content).encode(),
        headers={
            "Authorization": f"Bearer {api_token.get_secret_value()}",
            "Content-Type": "application/json",
            "cf-r2-jurisdiction": settings.jurisdiction,
        },
    )
    if settings.proxy:
        _send_through(request, settings.proxy.get_secret_value())
    try:
        with _OPENER.open(request, timeout=API_SECONDS) as response:
            status, body = response.status, response.read()
    except (OSError, HTTPException, ValueError) as error:
        raise CredentialsError(
            "Cloudflare's API gives no answer to the request for a temporary credential:"
            f" {_kind(getattr(error, 'reason', error))}.",
            hint="Try again, or sign on this machine, which needs no request.",
        ) from None
    answer = _read(body)
    if status != HTTPStatus.OK:
        raise _refused(status, answer, api_token)
    result = answer.get("result")
    return result if isinstance(result, dict) else {}


def _read(body: bytes) -> dict[str, Any]:
    """The object that the body is; an empty one if it is something else."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


class _AsAnswered(urllib.request.HTTPErrorProcessor):
    """Every status is an answer. A redirect that is followed would carry the API token to another address."""

    def http_response(self, _request: urllib.request.Request, response: HTTPResponse) -> HTTPResponse:
        return response

    def https_response(self, _request: urllib.request.Request, response: HTTPResponse) -> HTTPResponse:
        return response


# Neither a proxy of the environment nor its list of exceptions counts.
_OPENER = urllib.request.build_opener(_AsAnswered, urllib.request.ProxyHandler({}))


def _send_through(request: urllib.request.Request, proxy: str) -> None:
    """The proxy of the settings, as for the bucket. Not by urllib's handler, which goes by `NO_PROXY` all the same."""
    parts = urlsplit(proxy)
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_header("Proxy-Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    request.set_proxy(parts.netloc.rpartition("@")[2], parts.scheme)


def _kind(error: object) -> str:
    """What happened, without the library's own words: they may quote what was sent."""
    if isinstance(error, OSError) and error.strerror and error.errno:
        return error.strerror
    return type(error).__name__ if isinstance(error, Exception) else "no reason given"


def _refused(status: int, answer: dict[str, Any], api_token: SecretStr) -> CredentialsError:
    """Cloudflare's own words: each error of the envelope has a code and a message."""
    errors = answer.get("errors")
    problems = "; ".join(
        f"{item['message']} ({item.get('code')})"
        for item in (errors if isinstance(errors, list) else ())
        if isinstance(item, dict) and isinstance(item.get("message"), str)
    )
    words = quoted(problems, [api_token.get_secret_value()]) or "without a reason"
    return CredentialsError(
        f"Cloudflare's API refuses the temporary credential: {status}, {words}.",
        hint="Give the API token the permission Workers R2 Storage Write, and check R2_ACCESS_KEY_ID.",
    )


def _credential(result: dict[str, Any]) -> StorageCredentials:
    """The answer has no time of expiry; the session token has it."""
    session_token = _text(result, "sessionToken")
    return StorageCredentials(
        access_key_id=_text(result, "accessKeyId"),
        secret_access_key=SecretStr(_text(result, "secretAccessKey")),
        session_token=SecretStr(session_token),
        expires_at=expiry(session_token),
    )


def _text(result: dict[str, Any], name: str) -> str:
    value = result.get(name)
    if isinstance(value, str) and value:
        return value
    raise CredentialsError(
        f"Cloudflare's API answers without {name!r}.",
        hint="Check that CLOUDFLARE_BASE_URL is the address of Cloudflare's API, or leave it out.",
    )
