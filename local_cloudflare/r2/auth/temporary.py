"""Temporary credentials: a JWT signed with the parent's secret, minted here and checked here.

Form: CFD r2/api/s3/temporary-credentials.mdx and r2/examples/authenticate-r2-temp-credentials.mdx.
The session token is base64("jwt/" + JWT), the secret access key is the
lower-case hex SHA-256 of the JWT, the access key id is the parent's.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local_cloudflare.r2.auth.access import Permission
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error

__all__ = ["ACTIONS", "MAX_LIFETIME", "Claims", "TemporaryCredential", "decode", "mint", "verify"]

MAX_LIFETIME = timedelta(days=7)
ACTIONS = frozenset(
    {
        *("HeadObject", "GetObject", "GetBucketLocation", "ListObjectsV1", "ListObjectsV2"),
        *("ListMultipartUploads", "ListParts"),
        *("PutObject", "DeleteObject", "DeleteObjects", "CopyObject"),
        *("CreateMultipartUpload", "UploadPart", "UploadPartCopy"),
        *("AbortMultipartUpload", "CompleteMultipartUpload"),
    }
)
"""What `actions` may name."""
_CLAIMS = frozenset({"bucket", "scope", "actions", "paths", "sub", "iss", "aud", "iat", "exp", "jti"})
_PATHS = frozenset({"prefixPaths", "objectPaths"})
_HEADER = {"alg": "HS256", "typ": "JWT"}


@dataclass(frozen=True)
class Claims:
    """What a session token says. `permission` or `actions` is None, never both."""

    bucket: str
    permission: Permission | None
    actions: frozenset[str] | None
    prefixes: tuple[str, ...]
    objects: tuple[str, ...]
    account_id: str
    parent_access_key_id: str
    audience: str
    issued_at: int
    expires_at: int
    jwt: str = field(repr=False)

    @property
    def secret_access_key(self) -> str:
        """The secret with which requests are signed."""
        return _secret_of(self.jwt)

    @property
    def whole_bucket(self) -> bool:
        """No paths are named, so every key is open (an empty list counts as none)."""
        return not self.prefixes and not self.objects

    def describe(self) -> str:
        """One line for the request log, without secrets."""
        what = ",".join(sorted(self.actions)) if self.actions is not None else str(self.permission)
        where = "*" if self.whole_bucket else " ".join([*self.prefixes, *self.objects])
        return f"temporary {what} on {self.bucket}: {where}"


@dataclass(frozen=True)
class TemporaryCredential:
    """The three values that a client needs, and when they end."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires: datetime


def mint(
    *, account_id: str, parent_access_key_id: str, parent_secret_access_key: str, audience: str, bucket: str,
    lifetime: timedelta, now: datetime, permission: Permission | None = None, actions: Sequence[str] = (),
    prefixes: Sequence[str] = (), objects: Sequence[str] = (),
) -> TemporaryCredential:  # fmt: skip
    """Signs a temporary credential the way a client that holds the parent's secret does.

    Args:
        account_id: Becomes `sub`.
        parent_access_key_id: Becomes `iss`, and is the access key id of the result.
        parent_secret_access_key: Its characters, not the bytes they stand for, are the HMAC key.
        audience: Host of the endpoint, with the port if it has one.
        bucket: The one bucket it opens.
        lifetime: Until it expires.
        now: Becomes `iat`.
        permission: Becomes `scope`; give this or `actions`.
        actions: S3 operations that are allowed.
        prefixes: Key prefixes that are open. Without these and `objects`: the whole bucket.
        objects: Exact keys that are open.

    Raises:
        ValueError: Both or neither of `permission` and `actions`.
    """
    if (permission is None) == (not actions):
        raise ValueError(f"give either permission or actions, not permission={permission!r} with {actions!r}")
    claims: dict[str, Any] = {"bucket": bucket}
    claims |= {"actions": list(actions)} if permission is None else {"scope": str(permission)}
    if prefixes or objects:
        claims["paths"] = {"prefixPaths": list(prefixes), "objectPaths": list(objects)}
    issued_at = int(now.timestamp())
    expires_at = issued_at + int(lifetime.total_seconds())
    claims |= {"sub": account_id, "iss": parent_access_key_id, "aud": audience}
    claims |= {"iat": issued_at, "exp": expires_at}
    signed = f"{_segment(_HEADER)}.{_segment(claims)}"
    jwt = f"{signed}.{_encode(_sign(signed, parent_secret_access_key))}"
    token = base64.b64encode(f"jwt/{jwt}".encode()).decode()
    expires = datetime.fromtimestamp(expires_at, UTC)
    return TemporaryCredential(parent_access_key_id, _secret_of(jwt), token, expires)


def decode(session_token: str) -> Claims:
    """Reads a session token, without trusting it yet.

    Raises:
        S3Error: InvalidArgument with R2's message `X-Amz-Security-Token` if it is not one, or if
            it has both `scope` and `actions` (sources contradict each other) or neither.
    """
    try:
        return _claims(_jwt(session_token))
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise S3Error(
            ErrorKind.INVALID_ARGUMENT, "X-Amz-Security-Token", reason=f"session token: {error}"
        ) from error


def verify(
    claims: Claims,
    parent_secret_access_key: str,
    *,
    account_id: str,
    audiences: frozenset[str],
    now: datetime,
) -> None:
    """Checks signature, account, audience and times of a decoded token.

    Raises:
        S3Error: Unauthorized: credentials that are invalid or have expired
            (CFD r2/api/error-codes.mdx, 10002).
    """
    signed, _, signature = claims.jwt.rpartition(".")
    seconds = now.timestamp()
    if not hmac.compare_digest(_encode(_sign(signed, parent_secret_access_key)), signature):
        raise _unauthorized("the session token is not signed with the parent's secret")
    if claims.account_id != account_id:
        raise _unauthorized(f"the session token is of the account {claims.account_id!r}")
    if claims.audience not in audiences:
        raise _unauthorized(f"the session token is meant for the host {claims.audience!r}")
    if claims.issued_at > seconds:
        raise _unauthorized("the session token is from the future")
    if claims.expires_at <= seconds:
        raise _unauthorized(f"the session token expired at {claims.expires_at}")
    if claims.expires_at - claims.issued_at > MAX_LIFETIME.total_seconds():
        raise _unauthorized("the session token lives longer than 7 days")


def _jwt(session_token: str) -> str:
    marker, _, jwt = base64.b64decode(session_token, validate=True).decode("ascii").partition("/")
    header = json.loads(_decode(jwt.partition(".")[0]))
    if marker != "jwt" or header.get("alg") != "HS256":
        raise ValueError("not a JWT signed with HS256")
    return jwt


def _claims(jwt: str) -> Claims:
    _header, claims, _signature = jwt.split(".")
    payload = _known(json.loads(_decode(claims)), _CLAIMS)
    scope, actions = payload.get("scope"), payload.get("actions")
    if (scope is None) == (actions is None):
        raise ValueError("exactly one of scope and actions must be given")
    if actions is not None and not ACTIONS.issuperset(actions):
        raise ValueError(f"unknown actions {sorted(set(actions) - ACTIONS)}")
    # A misspelt name would open the whole bucket to a credential that was meant for a part of it.
    paths = {} if payload.get("paths") is None else _known(payload["paths"], _PATHS)
    return Claims(
        bucket=_text(payload["bucket"]),
        permission=None if scope is None else Permission(scope),
        actions=None if actions is None else frozenset(actions),
        prefixes=_texts(paths.get("prefixPaths")),
        objects=_texts(paths.get("objectPaths")),
        account_id=_text(payload["sub"]),
        parent_access_key_id=_text(payload["iss"]),
        audience=_text(payload["aud"]),
        issued_at=int(payload["iat"]),
        expires_at=int(payload["exp"]),
        jwt=jwt,
    )


def _known(value: Any, names: frozenset[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or not names.issuperset(value):
        raise TypeError(f"{value!r} is no object with nothing but {sorted(names)}")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    return () if values is None else tuple(_text(value) for value in _list(values))


def _list(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r} is not a list")
    return values


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _unauthorized(reason: str) -> S3Error:
    return S3Error(ErrorKind.UNAUTHORIZED, reason=reason)


def _secret_of(jwt: str) -> str:
    return hashlib.sha256(jwt.encode()).hexdigest()


def _sign(signed: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), signed.encode(), "sha256")


def _segment(value: dict[str, Any]) -> str:
    return _encode(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
