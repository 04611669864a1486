"""Temporary credentials signed on this machine, without a request to Cloudflare.

The form is that of Cloudflare's R2 docs (`r2/examples/authenticate-r2-temp-credentials`, which signs with the
npm package jose), byte for byte, with one difference: the example sends `scope` and `actions`, and R2 is
reported to refuse a token that carries both, so exactly one of them is sent.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from layout.errors import CredentialsError
from layout.storage.credentials.storage_credentials import StorageCredentials

__all__ = ["ACTIONS", "Parent", "sign"]

ACTIONS = (
    "HeadObject",
    "GetObject",
    "GetBucketLocation",
    "ListObjectsV1",
    "ListObjectsV2",
    "ListMultipartUploads",
    "ListParts",
    "PutObject",
    "DeleteObject",
    "DeleteObjects",
    "CopyObject",
    "CreateMultipartUpload",
    "UploadPart",
    "UploadPartCopy",
    "AbortMultipartUpload",
    "CompleteMultipartUpload",
)
"""Operations that a credential can be limited to (Cloudflare's R2 docs, `api/s3/temporary-credentials`)."""


@dataclass(frozen=True)
class Parent:
    """The token that temporary credentials descend from; they end with it, and never exceed it.

    Attributes:
        account_id: 32 hexadecimal digits.
        access_key_id: Id of the token; temporary credentials carry it too.
        secret_access_key: The 64 hexadecimal characters themselves are the signing key, not their bytes.
        host: Host of the S3 endpoint, with its port if it names one.
    """

    account_id: str
    access_key_id: str
    secret_access_key: SecretStr
    host: str


def sign(
    parent: Parent,
    bucket: str,
    *,
    issued_at: int,
    expires_at: int,
    scope: str | None = None,
    actions: Sequence[str] = (),
    prefixes: Sequence[str] = (),
    objects: Sequence[str] = (),
) -> StorageCredentials:
    """Sign one credential. Limits of scope and lifetime are the caller's: see `layout.storage.credentials.minting`.

    Args:
        parent: Whose secret signs.
        bucket: The one bucket that it opens.
        issued_at: Seconds since 1970.
        expires_at: Seconds since 1970.
        scope: A preset such as `object-read-only`.
        actions: Instead of `scope`, the operations that are allowed.
        prefixes: Keys that begin with one of these.
        objects: Exact keys. Without these and `prefixes`, every key of the bucket.

    Raises:
        CredentialsError: Both or neither of `scope` and `actions` are given, or an action is unknown.
    """
    claims: dict[str, Any] = {"bucket": bucket} | _permitted(scope, actions)
    if prefixes or objects:
        claims["paths"] = {"prefixPaths": list(prefixes), "objectPaths": list(objects)}
    claims |= {
        "sub": parent.account_id,
        "iss": parent.access_key_id,
        "aud": parent.host,
        "iat": issued_at,
        "exp": expires_at,
    }
    jwt = _jwt(claims, parent.secret_access_key)
    return StorageCredentials(
        access_key_id=parent.access_key_id,
        secret_access_key=SecretStr(hashlib.sha256(jwt.encode()).hexdigest()),
        session_token=SecretStr(base64.b64encode(f"jwt/{jwt}".encode()).decode()),
        expires_at=datetime.fromtimestamp(expires_at, UTC),
    )


def _permitted(scope: str | None, actions: Sequence[str]) -> dict[str, Any]:
    if (scope is None) == (not actions):
        raise CredentialsError(
            f"A credential is limited by a scope or by actions, not by {scope!r} and {list(actions)!r}.",
            hint="Give exactly one of them; R2 refuses a session token that carries both.",
        )
    unknown = sorted(set(actions) - set(ACTIONS))
    if unknown:
        raise CredentialsError(
            f"A credential cannot be limited to {', '.join(map(repr, unknown))}.",
            hint=f"R2 knows these actions: {', '.join(ACTIONS)}.",
        )
    return {"scope": scope} if scope is not None else {"actions": list(actions)}


def _jwt(claims: dict[str, Any], secret: SecretStr) -> str:
    """HS256, with the members in the order and the spelling of `JSON.stringify`."""
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    signature = hmac.digest(secret.get_secret_value().encode(), signed.encode(), "sha256")
    return f"{signed}.{_base64url(signature)}"


def _part(content: dict[str, Any]) -> str:
    return _base64url(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
