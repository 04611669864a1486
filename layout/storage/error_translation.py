"""The one translation of both clients' errors into those of `layout.errors`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ParamValidationError,
    ResponseStreamingError,
)
from botocore.exceptions import (
    ConnectionError as BotocoreConnectionError,
)
from botocore.parsers import ResponseParserError
from obstore.exceptions import BaseError as ObstoreError
from obstore.exceptions import PreconditionError

from layout.errors import (
    AccessDeniedError,
    ConditionFailedError,
    CredentialsError,
    LayoutError,
    LockedObjectError,
    NotModifiedError,
    ObjectMissingError,
    RangeError,
    StorageError,
    StorageUnavailableError,
)

__all__ = ["changed_object", "storage_errors", "translate", "translate_code"]

# Codes whose status alone would not say what they mean (Cloudflare R2, error codes).
_BUSY = {"TooManyRequests", "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout"}
_REFUSED = {
    "AccessDenied": "Use one that is for this bucket and prefix, and may write if this was a write.",
    "Unauthorized": "Check R2_ACCESS_KEY_ID, R2_ENDPOINT and the clock of this machine. A new token takes up to a "
    "minute to work; a deleted one, and a temporary credential that has ended or begins in the future, are refused in "
    "the same way.",
    "SignatureDoesNotMatch": "Check R2_SECRET_ACCESS_KEY.",
    "RequestTimeTooSkewed": "Set the clock of this machine; R2 allows 15 minutes of difference.",
    "ExpiredToken": "Mint a new temporary credential; this one has ended.",
    "ExpiredRequest": "Sign a new URL; this one has ended.",
    "InvalidToken": "Check R2_SESSION_TOKEN; it must be minted from the same R2_ACCESS_KEY_ID.",
    "NotEntitled": "Enable R2 for the account.",
}
# 409 as users of bucket locks show it, 403 in R2's table of errors.
_LOCKED = "ObjectLockedByBucketPolicy"
_CONFLICT = {"PreconditionFailed", "ConditionalRequestConflict"}
_UNANSWERED = (
    BotocoreConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
    ResponseParserError,
)
_CODE = re.compile(r"<Code>(\w+)</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_PROVIDER = re.compile(r"External AWS credential provider: \w+: (.*?)\n\nDebug source", re.DOTALL)


@contextmanager
def storage_errors(bucket: str, key: str | None = None) -> Iterator[None]:
    """Turn what boto3 and obstore raise inside the block into the errors of `layout.errors`.

    Raises:
        ObjectMissingError: The bucket says that there is no such object.
        AccessDeniedError: The credential is unknown, ended, or does not reach that far.
        NotModifiedError: The object still has the ETag that the request named.
        RangeError: The object has no byte in the range of the request.
        ConditionFailedError: A condition of the request did not hold.
        StorageUnavailableError: No answer, or too busy: whether the request took effect is unknown.
        CredentialsError: Temporary credentials could not be renewed.
        StorageError: Anything else that the bucket refuses, a missing bucket among it.
    """
    try:
        yield
    except (ClientError, BotoCoreError, ResponseParserError, ObstoreError, FileNotFoundError) as error:
        raise translate(error, bucket, key) from error


def translate(error: Exception, bucket: str, key: str | None = None) -> LayoutError:
    """The error of this project for one of boto3's or obstore's."""
    if isinstance(error, ClientError):
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        return _refusal(status, str(error.response.get("Error", {}).get("Code", "")), bucket, key)
    if isinstance(error, (ObstoreError, FileNotFoundError)):
        return _obstore_refusal(error, bucket, key)
    if isinstance(error, _UNANSWERED):
        return _unknown(type(error).__name__, bucket, key)
    # Only of arguments the library's own words: others may quote a header, and with it a secret.
    reason = " ".join(str(error).split()) if isinstance(error, ParamValidationError) else type(error).__name__
    return StorageError(
        f"The request for {_what(bucket, key)} cannot be sent by boto3: {reason}.", bucket=bucket, key=key
    )


def translate_code(code: str, bucket: str, key: str) -> LayoutError:
    """The error of this project for an S3 code that stands in an answer, as for one key of a batch."""
    return _refusal(0, code, bucket, key)


def changed_object(bucket: str, key: str) -> ConditionFailedError:
    """The error for a version that was to be replaced and is gone."""
    return _condition_failed("412", bucket, key)


def _condition_failed(answer: str, bucket: str, key: str | None) -> ConditionFailedError:
    return ConditionFailedError(
        f"The {_what(bucket, key)} is not in the state that the request asked for: {answer}.",
        hint="Read it again and decide from what is there now.",
        bucket=bucket,
        key=key,
    )


def _obstore_refusal(error: Exception, bucket: str, key: str | None) -> LayoutError:
    """Obstore tells status and code in its text only."""
    text = str(error)
    if provider := _PROVIDER.search(text):
        return CredentialsError(provider[1], bucket=bucket, key=key)
    status, code = _STATUS.search(text), _CODE.search(text)
    if status is None:
        return _unknown(type(error).__name__, bucket, key)
    if isinstance(error, PreconditionError):
        # A conditional replace of an object that is gone arrives as 404; the condition is what failed.
        return _refusal(412, code[1] if code else "", bucket, key)
    return _refusal(int(status[1]), code[1] if code else "", bucket, key)


def _refusal(status: int, code: str, bucket: str, key: str | None) -> LayoutError:
    """The meaning of a status and an S3 code; a HEAD answers without a code, so boto3 repeats the status."""
    what = _what(bucket, key)
    answer = " ".join(dict.fromkeys(str(told) for told in (status, code) if told))
    if code == "NoSuchBucket":
        return StorageError(
            f"There is no bucket {bucket!r} at this endpoint.",
            hint="Check R2_BUCKET and R2_ENDPOINT; a bucket shows only at the endpoint of its jurisdiction.",
            bucket=bucket,
            key=key,
        )
    if code == _LOCKED:
        # Whatever the request asked for, something is there already, which is what a create-only write has to hear.
        return LockedObjectError(
            f"The {what} is locked by a rule of its bucket: {answer}.",
            hint="It can be neither overwritten nor deleted before its lock ends; write to another key.",
            bucket=bucket,
            key=key,
        )
    if code in _REFUSED or status in {401, 403}:
        hint = _REFUSED.get(code, _REFUSED["Unauthorized" if status == 401 else "AccessDenied"])
        return AccessDeniedError(
            f"The credential does not open {what}: {answer}.", hint=hint, bucket=bucket, key=key
        )
    if code == "NotModified" or status == 304:
        return NotModifiedError(f"The {what} is still the version that was named.", bucket=bucket, key=key)
    if code == "InvalidRange" or status == 416:
        return RangeError(
            f"No byte of the {what} lies in the range that was asked for.",
            hint="Ask for its size, then for bytes before its end.",
            bucket=bucket,
            key=key,
        )
    if code in _CONFLICT or status in {409, 412}:
        return _condition_failed(answer, bucket, key)
    if status == 404:
        return ObjectMissingError(f"There is no {what}.", bucket=bucket, key=key)
    if code in _BUSY or status in {408, 429} or (status >= 500 and status != 501):
        return _unknown(answer, bucket, key)
    return StorageError(f"R2 refuses the request for {what}: {answer}.", bucket=bucket, key=key)


def _unknown(reason: str, bucket: str, key: str | None) -> StorageUnavailableError:
    return StorageUnavailableError(
        f"No answer about {_what(bucket, key)}: {reason}.",
        hint="Try again later; whether a write took effect is unknown until it is read back.",
        bucket=bucket,
        key=key,
    )


def _what(bucket: str, key: str | None) -> str:
    return f"bucket {bucket!r}" if key is None else f"object {str(key)!r} in bucket {bucket!r}"
