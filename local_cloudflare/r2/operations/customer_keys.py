"""Encryption with keys that the customer provides with each request (SSE-C; CFD r2/examples/ssec.mdx).

The order of the checks and their first texts follow WSDK .../s3/operations.worker.ts, which was probed against R2.
What R2 says of a wrong key, or of none where one is needed, is not documented; those answers are S3's.

The local R2 keeps the MD5 of the key and refuses to give the bytes without the key. It does not encrypt them:
they lie in the store's folder like all others.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping

from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error

__all__ = ["OF_SOURCE", "check_for_upload", "check_stored", "etag_of", "given_key", "key_headers"]

OF_SOURCE = "x-amz-copy-source-"
"""How the headers begin that give the key of a copy's source."""

_NAME = "server-side-encryption-customer-"
_MISSING: Mapping[str, str] = {
    "key": "an appropriate secret key.",
    "key-md5": "the client calculated MD5 of the secret key.",
    "algorithm": "a valid encryption algorithm.",
}
_KEY_BYTES = 32


def given_key(context: Context, prefix: str = "x-amz-") -> str:
    """The MD5 (base64) of the key that a request gives; "" if it gives none.

    Raises:
        S3Error: InvalidArgument if one of the three headers is missing or the key is none of 256 bits or does not
            have that MD5, InvalidEncryptionAlgorithmError.
    """
    given = {part: context.header(f"{prefix}{_NAME}{part}") for part in _MISSING}
    if all(value is None for value in given.values()):
        return ""
    for part, what in _MISSING.items():
        if given[part] is None:
            raise S3Error(
                ErrorKind.INVALID_ARGUMENT,
                f"Requests specifying Server Side Encryption with Customer provided keys must provide {what}",
            )
    if given["algorithm"] != "AES256":
        raise S3Error(ErrorKind.INVALID_ENCRYPTION_ALGORITHM)
    key = _decode(given["key"] or "")
    if len(key) != _KEY_BYTES:
        raise S3Error(ErrorKind.INVALID_ARGUMENT, "The secret key was invalid for the specified algorithm.")
    digest = hashlib.md5(key, usedforsecurity=False).digest()
    if _decode(given["key-md5"] or "") != digest:
        raise S3Error(
            ErrorKind.INVALID_ARGUMENT,
            "The calculated MD5 hash of the key did not match the hash that was provided.",
        )
    return base64.b64encode(digest).decode()


def check_stored(context: Context, stored: str, prefix: str = "x-amz-") -> None:
    """Whether a request gives the key of the object that it reads or copies.

    Args:
        context: The request.
        stored: The MD5 of the object's key; "" if it has none.
        prefix: How the headers begin that are about this object.

    Raises:
        S3Error: InvalidRequest for a key of an object that has none and for no key, AccessDenied for another key.
    """
    given = given_key(context, prefix)
    if given == stored:
        return
    if not stored:
        raise S3Error(
            ErrorKind.INVALID_REQUEST, "The encryption parameters are not applicable to this object."
        )
    if not given:
        raise S3Error(
            ErrorKind.INVALID_REQUEST,
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided "
            "to retrieve the object.",
        )
    raise S3Error(ErrorKind.ACCESS_DENIED, reason="another key than the object's (SSE-C)")


def check_for_upload(context: Context, stored: str) -> None:
    """Whether a part is sent with the key that its upload began with.

    Raises:
        S3Error: InvalidRequest.
    """
    given = given_key(context)
    if given == stored:
        return
    if not stored:
        text = "The encryption parameters are not applicable to this object."
    elif not given:
        text = (
            "The multipart upload initiate requested encryption. Subsequent part requests must include the "
            "appropriate encryption parameters."
        )
    else:
        text = "The provided encryption parameters did not match the ones used originally."
    raise S3Error(ErrorKind.INVALID_REQUEST, text)


def key_headers(stored: str) -> dict[str, str]:
    """What an answer says of the key of an object or an upload."""
    if not stored:
        return {}
    return {f"x-amz-{_NAME}algorithm": "AES256", f"x-amz-{_NAME}key-MD5": stored}


def etag_of(md5: bytes, stored: str) -> str:
    """The ETag of bytes with that MD5.

    With a customer's key it is another value, as on S3; R2's documents do not say, and nobody may rely on it.
    """
    if stored:
        md5 = hashlib.md5(stored.encode() + md5, usedforsecurity=False).digest()
    return md5.hex()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
