"""Each answer of a bucket becomes one error, the same for both clients."""

from __future__ import annotations

from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Protocol

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError
from obstore.store import S3Store

from layout.errors import (
    AccessDeniedError,
    ConditionFailedError,
    CredentialsError,
    LayoutError,
    LockedObjectError,
    ObjectMissingError,
    StorageError,
    StorageUnavailableError,
)
from layout.storage.clients import object_store, s3_client
from layout.storage.credentials.storage_credentials import CredentialSource, StorageCredentials
from layout.storage.error_translation import storage_errors, translate
from layout.storage.presence import Presence
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from tests.layout.conftest import FixedAnswer


class Read(Protocol):
    """Reads an object with one of the clients."""

    def __call__(self, settings: StorageSettings, credentials: CredentialSource | None = None) -> None:
        """With the settings' own credentials, or with these."""


def _with_boto3(settings: StorageSettings, credentials: CredentialSource | None = None) -> None:
    with storage_errors("films", "dev/a"):
        s3_client(settings, credentials=credentials).get_object(Bucket="films", Key="dev/a")


def _with_obstore(settings: StorageSettings, credentials: CredentialSource | None = None) -> None:
    with storage_errors("films", "dev/a"):
        object_store(settings, credentials=credentials).get("dev/a")


READS = pytest.mark.parametrize("read", [_with_boto3, _with_obstore], ids=["boto3", "obstore"])


@READS
@pytest.mark.parametrize(
    ("status", "code", "kind", "message"),
    [
        (404, "NoSuchKey", ObjectMissingError, "There is no object 'dev/a' in bucket 'films'."),
        (404, "NoSuchBucket", StorageError, "There is no bucket 'films' at this endpoint."),
        (403, "AccessDenied", AccessDeniedError,
         "The credential does not open object 'dev/a' in bucket 'films': 403 AccessDenied."),
        (401, "Unauthorized", AccessDeniedError,
         "The credential does not open object 'dev/a' in bucket 'films': 401 Unauthorized."),
        (400, "ExpiredToken", AccessDeniedError,
         "The credential does not open object 'dev/a' in bucket 'films': 400 ExpiredToken."),
        (409, "ObjectLockedByBucketPolicy", LockedObjectError,
         "The object 'dev/a' in bucket 'films' is locked by a rule of its bucket: 409 ObjectLockedByBucketPolicy."),
        (403, "ObjectLockedByBucketPolicy", LockedObjectError,
         "The object 'dev/a' in bucket 'films' is locked by a rule of its bucket: 403 ObjectLockedByBucketPolicy."),
        (400, "InvalidArgument", StorageError,
         "R2 refuses the request for object 'dev/a' in bucket 'films': 400 InvalidArgument."),
    ],
)  # fmt: skip
def test_a_refusal_has_one_meaning(
    fixed_answer: FixedAnswer, settings: StorageSettings, read: Read, status: int, code: str,
    kind: type[LayoutError], message: str,
) -> None:  # fmt: skip
    """Status and code decide, not the client; bucket and key are on the error."""
    fixed_answer.refuse(status, code)
    with pytest.raises(LayoutError) as caught:
        read(settings.model_copy(update={"endpoint": fixed_answer.endpoint}))
    assert type(caught.value) is kind
    assert str(caught.value) == message
    assert (caught.value.bucket, caught.value.key) == ("films", "dev/a")


@READS
@pytest.mark.parametrize("code", ["Unauthorized", ""], ids=["by its code", "by its status alone"])
def test_an_unauthorized_credential_may_be_a_clock(
    fixed_answer: FixedAnswer, settings: StorageSettings, read: Read, code: str
) -> None:
    """R2 says the same of a wrong key, a deleted token, and one that has ended or not begun; a HEAD gets no code."""
    fixed_answer.refuse(401, code)
    with pytest.raises(AccessDeniedError) as caught:
        read(settings.model_copy(update={"endpoint": fixed_answer.endpoint}))
    assert caught.value.hint == (
        "Check R2_ACCESS_KEY_ID, R2_ENDPOINT and the clock of this machine. A new token takes up to a minute to work; "
        "a deleted one, and a temporary credential that has ended or begins in the future, are refused in the same way."
    )


@READS
def test_a_failed_condition_is_not_a_missing_object(
    fixed_answer: FixedAnswer, settings: StorageSettings, read: Read
) -> None:
    """412 says that something is there, or not there, against what was asked for."""
    fixed_answer.refuse(412, "PreconditionFailed")
    with pytest.raises(ConditionFailedError) as caught:
        read(settings.model_copy(update={"endpoint": fixed_answer.endpoint}))
    assert str(caught.value) == (
        "The object 'dev/a' in bucket 'films' is not in the state that the request asked for: "
        "412 PreconditionFailed."
    )
    assert caught.value.hint == "Read it again and decide from what is there now."


@READS
def test_a_head_without_a_code_is_understood(
    fixed_answer: FixedAnswer, settings: StorageSettings, read: Read
) -> None:
    """An answer to HEAD has no body, so 404 alone means missing; boto3 then makes '404' the code."""
    fixed_answer.status = 404
    with pytest.raises(ObjectMissingError) as caught:
        read(settings.model_copy(update={"endpoint": fixed_answer.endpoint}))
    assert str(caught.value) == "There is no object 'dev/a' in bucket 'films'."


@pytest.fixture
def closed_port() -> str:
    """An endpoint at which nothing listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), object) as server:  # type: ignore[arg-type]
        return f"http://127.0.0.1:{server.server_port}"


def test_no_connection_of_obstore_is_an_unknown_answer(closed_port: str) -> None:
    """Nothing about the object follows from it. Without the retries, which take seconds."""
    store = S3Store(
        "films",
        endpoint=closed_port,
        access_key_id="id",
        secret_access_key="s",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    with pytest.raises(StorageUnavailableError) as caught, storage_errors("films", "dev/a"):
        store.get("dev/a")
    assert str(caught.value) == "No answer about object 'dev/a' in bucket 'films': GenericError."


def test_no_connection_of_boto3_is_an_unknown_answer(closed_port: str, settings: StorageSettings) -> None:
    """The hint says what follows: nothing, yet."""
    with pytest.raises(StorageUnavailableError) as caught:
        _with_boto3(settings.model_copy(update={"endpoint": closed_port}))
    assert str(caught.value) == "No answer about object 'dev/a' in bucket 'films': EndpointConnectionError."
    assert caught.value.hint == (
        "Try again later; whether a write took effect is unknown until it is read back."
    )


@pytest.mark.parametrize(("status", "code"), [(429, "TooManyRequests"), (500, "InternalError"), (503, "x")])
def test_a_busy_bucket_is_an_unknown_answer(status: int, code: str) -> None:
    """After all attempts of the clients; in boto3's form, whose attempts would take long here."""
    error = ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "GetObject",
    )
    found = translate(error, "films", "dev/a")
    assert type(found) is StorageUnavailableError
    assert str(found) == f"No answer about object 'dev/a' in bucket 'films': {status} {code}."


def test_not_implemented_is_final() -> None:
    """501 is a refusal that no repetition changes."""
    error = ClientError(
        {"Error": {"Code": "NotImplemented"}, "ResponseMetadata": {"HTTPStatusCode": 501}},  # type: ignore[typeddict-item]
        "GetObjectTagging",
    )
    assert type(translate(error, "films")) is StorageError
    assert str(translate(error, "films")) == "R2 refuses the request for bucket 'films': 501 NotImplemented."


def test_a_request_that_boto3_cannot_make_says_why() -> None:
    """A parameter of a wrong type, for example."""
    found = translate(ParamValidationError(report="Invalid length for parameter Key"), "films", "")
    assert str(found) == (
        "The request for object '' in bucket 'films' cannot be sent by boto3: Parameter validation failed: "
        "Invalid length for parameter Key."
    )


def test_a_lost_connection_is_named_by_its_kind() -> None:
    """The address is left out: with a presigned URL it would be a credential."""
    found = translate(EndpointConnectionError(endpoint_url="http://x/?X-Amz-Signature=s"), "films")
    assert str(found) == "No answer about bucket 'films': EndpointConnectionError."


def _no_credentials() -> StorageCredentials:
    raise CredentialsError("The cause.")


@READS
def test_credentials_that_cannot_be_renewed_say_so_through_both_clients(
    settings: StorageSettings, read: Read
) -> None:
    """Obstore wraps what a provider raises; the cause still arrives as the whole message."""
    with pytest.raises(CredentialsError) as caught:
        read(settings, _no_credentials)
    assert str(caught.value) == "The cause."


def test_a_presence_is_not_a_truth_value() -> None:
    """`if storage.exists(key)` would treat unknown as present."""
    with pytest.raises(TypeError) as caught:
        bool(Presence.UNKNOWN)
    assert str(caught.value) == (
        "Presence.UNKNOWN is one of three answers; compare it with Presence.PRESENT or Presence.ABSENT."
    )
