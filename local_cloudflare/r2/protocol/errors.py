"""R2's errors: the S3 code a client sees, the HTTP status, and R2's own number.

Source of the rows: CFD r2/api/error-codes.mdx, and for codes that the page lacks, the local
endpoint of Cloudflare's own simulator, whose answers were copied from a real bucket
(WSDK packages/miniflare/src/workers/r2/s3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

__all__ = ["ErrorKind", "S3Error", "not_implemented", "not_implemented_header"]


@dataclass(frozen=True)
class _Row:
    code: str
    status: int
    number: int | None
    message: str


class ErrorKind(Enum):
    """One row for each error that this endpoint can answer."""

    UNAUTHORIZED = _Row("Unauthorized", 401, 10002, "Unauthorized")
    ACCESS_DENIED = _Row("AccessDenied", 403, 10003, "Access Denied")
    # The table of the documents says 400; 403 was seen for presigned URLs.
    EXPIRED_REQUEST = _Row("ExpiredRequest", 403, 10018, "Request has expired")
    SIGNATURE_DOES_NOT_MATCH = _Row(
        "SignatureDoesNotMatch",
        403,
        10035,
        "The request signature we calculated does not match the signature you provided. "
        "Check your secret access key and signing method.",
    )
    REQUEST_TIME_TOO_SKEWED = _Row(
        "RequestTimeTooSkewed",
        403,
        None,
        "The difference between the request time and the server's time is too large.",
    )
    CONTENT_SHA256_MISMATCH = _Row(
        "XAmzContentSHA256Mismatch",
        400,
        None,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
    INVALID_ARGUMENT = _Row("InvalidArgument", 400, None, "Invalid Argument")
    # Seen by users of R2 with a wrong region; not in the table of the documents.
    INVALID_REGION_NAME = _Row("InvalidRegionName", 400, None, "The region name is not valid.")
    INVALID_REQUEST = _Row("InvalidRequest", 400, None, "Invalid Request")
    INVALID_URI = _Row("InvalidURI", 400, None, "Couldn't parse the specified URI.")
    MALFORMED_XML = _Row(
        "MalformedXML",
        400,
        10040,
        "The XML you provided was not well formed or did not validate against our published schema.",
    )
    ROUTE_NOT_FOUND = _Row("RouteNotFound", 404, None, "No route matches this url.")
    METHOD_NOT_ALLOWED = _Row("MethodNotAllowed", 405, None, "The method is not allowed on this resource.")
    NOT_IMPLEMENTED = _Row("NotImplemented", 501, None, "Not implemented")

    INVALID_BUCKET_NAME = _Row("InvalidBucketName", 400, 10005, "The specified bucket name is not valid.")
    NO_SUCH_BUCKET = _Row("NoSuchBucket", 404, 10006, "The specified bucket does not exist.")
    BUCKET_NOT_EMPTY = _Row("BucketNotEmpty", 409, 10008, "The bucket you tried to delete is not empty.")
    BUCKET_CONFLICT = _Row("BucketConflict", 409, 10073, "The bucket you tried to create already exists.")
    INVALID_LOCATION = _Row(
        "InvalidLocationConstraint", 400, 10061, "The specified location constraint is not valid."
    )

    NO_SUCH_KEY = _Row("NoSuchKey", 404, 10007, "The specified key does not exist.")
    INVALID_OBJECT_NAME = _Row("InvalidObjectName", 400, 10020, "The specified object name is not valid.")
    ENTITY_TOO_LARGE = _Row(
        "EntityTooLarge", 400, 100100, "Your proposed upload exceeds the maximum allowed object size."
    )
    METADATA_TOO_LARGE = _Row(
        "MetadataTooLarge",
        400,
        10012,
        "Your metadata headers exceed the maximum allowed metadata size.",
    )
    # The table of the documents says 403; 409 with this text is what users of bucket locks show.
    OBJECT_LOCKED = _Row(
        "ObjectLockedByBucketPolicy", 409, 10069, "The object is locked by the bucket policy."
    )
    INVALID_STORAGE_CLASS = _Row(
        "InvalidStorageClass", 400, None, "The storage class specified is not valid."
    )

    MISSING_CONTENT_LENGTH = _Row(
        "MissingContentLength", 411, 10033, "You must provide the Content-Length HTTP header."
    )
    INCOMPLETE_BODY = _Row(
        "IncompleteBody",
        400,
        10013,
        "You did not provide the number of bytes specified by the Content-Length HTTP header.",
    )
    INVALID_DIGEST = _Row(
        "InvalidDigest", 400, 10014, "The checksum or Content-MD5 you specified is not valid."
    )
    BAD_DIGEST = _Row("BadDigest", 400, 10037, "The checksum you specified did not match what we received.")
    INVALID_RANGE = _Row("InvalidRange", 416, 10039, "The requested range is not satisfiable")
    PRECONDITION_FAILED = _Row(
        "PreconditionFailed",
        412,
        10031,
        "At least one of the pre-conditions you specified did not hold.",
    )
    INVALID_MAX_KEYS = _Row("InvalidMaxKeys", 400, None, "MaxKeys params must be positive integer <= 1000.")

    ENTITY_TOO_SMALL = _Row(
        "EntityTooSmall",
        400,
        10011,
        "Your proposed upload is smaller than the minimum allowed object size.",
    )
    NO_SUCH_UPLOAD = _Row("NoSuchUpload", 404, 10024, "The specified multipart upload does not exist.")
    INVALID_PART = _Row("InvalidPart", 400, 10025, "One or more of the specified parts could not be found.")
    UNEQUAL_PARTS = _Row("InvalidPart", 400, 10048, "All non-trailing parts must have the same length.")
    REPEATED_PART = _Row("InvalidPart", 400, None, "There was a problem with the multipart upload.")
    INVALID_ENCRYPTION_ALGORITHM = _Row(
        "InvalidEncryptionAlgorithmError",
        400,
        None,
        "The encryption request that you specified is not valid. The valid value is AES256.",
    )

    INTERNAL_ERROR = _Row("InternalError", 500, 10001, "We encountered an internal error. Please try again.")
    SERVICE_UNAVAILABLE = _Row("ServiceUnavailable", 503, 10043, "Please reduce your request rate.")
    TOO_MANY_REQUESTS = _Row(
        "TooManyRequests",
        429,
        10058,
        "Reduce your concurrent request rate for the same object.",
    )

    NO_SUCH_CORS = _Row("NoSuchCORSConfiguration", 404, 10059, "The CORS configuration does not exist.")
    NO_SUCH_LIFECYCLE = _Row(
        "NoSuchLifecycleConfiguration", 404, None, "The lifecycle configuration does not exist."
    )
    NO_SUCH_TAG_SET = _Row("NoSuchTagSet", 404, None, "The TagSet does not exist.")
    NO_OBJECT_LOCK = _Row(
        "ObjectLockConfigurationNotFoundError",
        404,
        None,
        "Object Lock configuration does not exist for this bucket.",
    )
    NO_REPLICATION = _Row(
        "ReplicationConfigurationNotFoundError", 404, None, "The replication configuration was not found."
    )


class S3Error(Exception):
    """A refusal, as it is sent to the client.

    Attributes:
        code: The S3 code, such as `NoSuchKey`.
        status: The HTTP status.
        number: R2's own number, where its documents name one.
        message: The text in `<Message>`.
        fields: Further elements of the XML document.
        headers: Further response headers.
        reason: What the request log says beside the code; never sent.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        reason: str = "",
        status: int | None = None,
    ) -> None:
        row = kind.value
        self.kind = kind
        self.code = row.code
        self.status = row.status if status is None else status
        self.number = row.number
        self.message = row.message if message is None else message
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})
        self.reason = reason
        super().__init__(f"{self.status} {self.code}: {self.message}")


def not_implemented(name: str) -> S3Error:
    """R2's templated answer for an operation or parameter that it does not have."""
    return S3Error(ErrorKind.NOT_IMPLEMENTED, f"{name} not implemented")


def not_implemented_header(name: str, value: str) -> S3Error:
    """R2's templated answer for a header that it recognises and refuses."""
    return not_implemented(f"Header '{name}' with value '{value}'")
