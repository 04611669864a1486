"""Which operation a request asks for, and what R2 says of those that it does not have.

The routing, its order and its texts follow WSDK packages/miniflare/src/workers/r2/s3/detect.worker.ts,
which mirrors a real bucket.
"""

import re
from collections.abc import Mapping

from local_cloudflare.r2.auth.access import Permission
from local_cloudflare.r2.operations import (
    buckets,
    cors_configuration,
    delete_objects,
    lifecycle_configuration,
    listing,
    multipart,
    reading,
    upload_listing,
    writing,
)
from local_cloudflare.r2.operations.context import Operation
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error, not_implemented
from local_cloudflare.r2.protocol.request import Request

__all__ = ["OPERATIONS", "detect"]

_READ, _WRITE = Permission.OBJECT_READ_ONLY, Permission.OBJECT_READ_WRITE
_ADMIN_READ, _ADMIN_WRITE = Permission.ADMIN_READ_ONLY, Permission.ADMIN_READ_WRITE

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("GetObject", _READ, reading.get_object, on_key=True),
        Operation("HeadObject", _READ, reading.head_object, on_key=True),
        Operation("PutObject", _WRITE, writing.put_object, on_key=True),
        Operation("CopyObject", _WRITE, writing.copy_object, on_key=True),
        Operation("DeleteObject", _WRITE, writing.delete_object, on_key=True),
        Operation("CreateMultipartUpload", _WRITE, multipart.create_multipart_upload, on_key=True),
        Operation("UploadPart", _WRITE, multipart.upload_part, on_key=True),
        Operation("UploadPartCopy", _WRITE, multipart.upload_part_copy, on_key=True),
        Operation("CompleteMultipartUpload", _WRITE, multipart.complete_multipart_upload, on_key=True),
        Operation("AbortMultipartUpload", _WRITE, multipart.abort_multipart_upload, on_key=True),
        Operation("ListParts", _READ, upload_listing.list_parts, on_key=True),
        Operation("DeleteObjects", _WRITE, delete_objects.delete_objects),
        Operation("ListObjects", _READ, listing.list_objects, action="ListObjectsV1"),
        Operation("ListObjectsV2", _READ, listing.list_objects_v2),
        Operation("ListMultipartUploads", _READ, upload_listing.list_multipart_uploads),
        Operation("GetBucketLocation", _READ, buckets.get_bucket_location),
        Operation("ListBuckets", _ADMIN_READ, buckets.list_buckets),
        Operation("HeadBucket", _ADMIN_READ, buckets.head_bucket),
        Operation("CreateBucket", _ADMIN_WRITE, buckets.create_bucket),
        Operation("DeleteBucket", _ADMIN_WRITE, buckets.delete_bucket),
        Operation("PostBucket", _ADMIN_READ, buckets.nothing),
        Operation("GetBucketVersioning", _ADMIN_READ, buckets.get_bucket_versioning),
        Operation("GetBucketEncryption", _ADMIN_READ, buckets.get_bucket_encryption),
        Operation("PutBucketEncryption", _ADMIN_WRITE, buckets.put_bucket_encryption),
        Operation("DeleteBucketEncryption", _ADMIN_WRITE, buckets.delete_bucket_encryption),
        Operation("PutBucketVersioning", _ADMIN_WRITE, buckets.put_bucket_versioning),
        Operation("GetBucketAcl", _ADMIN_READ, buckets.get_bucket_acl),
        Operation("GetBucketTagging", _ADMIN_READ, buckets.refusal(ErrorKind.NO_SUCH_TAG_SET)),
        Operation("GetObjectLockConfiguration", _ADMIN_READ, buckets.refusal(ErrorKind.NO_OBJECT_LOCK)),
        Operation("GetBucketReplication", _ADMIN_READ, buckets.refusal(ErrorKind.NO_REPLICATION)),
        Operation("GetBucketLifecycleConfiguration", _ADMIN_READ, lifecycle_configuration.get_lifecycle),
        Operation("PutBucketLifecycleConfiguration", _ADMIN_WRITE, lifecycle_configuration.put_lifecycle),
        Operation("DeleteBucketLifecycle", _ADMIN_WRITE, lifecycle_configuration.delete_lifecycle),
        Operation("GetBucketCors", _ADMIN_READ, cors_configuration.get_cors),
        Operation("PutBucketCors", _ADMIN_WRITE, cors_configuration.put_cors),
        Operation("DeleteBucketCors", _ADMIN_WRITE, cors_configuration.delete_cors),
    )
}

_OBJECT_SUBRESOURCES: Mapping[str, Mapping[str, str]] = {
    "GET": {
        "tagging": "GetObjectTagging",
        "acl": "GetObjectAcl",
        "attributes": "GetObjectAttributes",
        "torrent": "GetObjectTorrent",
        "retention": "GetObjectRetention",
        "legal-hold": "GetObjectLegalHold",
    },
    "PUT": {
        "tagging": "PutObjectTagging",
        "acl": "PutObjectAcl",
        "retention": "PutObjectRetention",
        "legal-hold": "PutObjectLegalHold",
    },
}
_BUCKET_SUBRESOURCES: Mapping[str, Mapping[str, str]] = {
    "GET": {
        "encryption": "GetBucketEncryption",
        "versioning": "GetBucketVersioning",
        "tagging": "GetBucketTagging",
        "object-lock": "GetObjectLockConfiguration",
        "replication": "GetBucketReplication",
        "cors": "GetBucketCors",
        "lifecycle": "GetBucketLifecycleConfiguration",
        "versions": "ListObjectVersions",
        "policy": "GetBucketPolicy",
        "website": "GetBucketWebsite",
        "notification": "GetBucketNotificationConfiguration",
        "requestPayment": "GetBucketRequestPayment",
        "logging": "GetBucketLogging",
        "accelerate": "GetBucketAccelerateConfiguration",
        "publicAccessBlock": "GetPublicAccessBlock",
        "ownershipControls": "GetBucketOwnershipControls",
        "intelligent-tiering": "GetBucketIntelligentTieringConfiguration",
        "inventory": "GetBucketInventoryConfiguration",
        "metrics": "GetBucketMetricsConfiguration",
        "analytics": "GetBucketAnalyticsConfiguration",
        "policyStatus": "GetGetBucketPolicyStatus",  # R2 spells it so
        "acl": "GetBucketAcl",
    },
    "PUT": {
        "cors": "PutBucketCors",
        "lifecycle": "PutBucketLifecycleConfiguration",
        "accelerate": "PutBucketAccelerateConfiguration",
        "acl": "PutBucketAcl",
        "analytics": "PutBucketAnalyticsConfiguration",
        "encryption": "PutBucketEncryption",
        "intelligent-tiering": "PutBucketIntelligentTieringConfiguration",
        "inventory": "PutBucketInventoryConfiguration",
        "logging": "PutBucketLogging",
        "metrics": "PutBucketMetricsConfiguration",
        "notification": "PutBucketNotificationConfiguration",
        "object-lock": "PutObjectLockConfiguration",
        "ownershipControls": "PutBucketOwnershipControls",
        "policy": "PutBucketPolicy",
        "publicAccessBlock": "PutPublicAccessBlock",
        "replication": "PutBucketReplication",
        "requestPayment": "PutBucketRequestPayment",
        "tagging": "PutBucketTagging",
        "versioning": "PutBucketVersioning",
        "website": "PutBucketWebsite",
    },
    "DELETE": {
        "cors": "DeleteBucketCors",
        "lifecycle": "DeleteBucketLifecycle",
        "analytics": "DeleteBucketAnalyticsConfiguration",
        "encryption": "DeleteBucketEncryption",
        "intelligent-tiering": "DeleteBucketIntelligentTieringConfiguration",
        "inventory": "DeleteBucketInventoryConfiguration",
        "metrics": "DeleteBucketMetricsConfiguration",
        "ownershipControls": "DeleteBucketOwnershipControls",
        "policy": "DeleteBucketPolicy",
        "replication": "DeleteBucketReplication",
        "tagging": "DeleteBucketTagging",
        "website": "DeleteBucketWebsite",
    },
}
_LIST_BUCKETS_PARAMETERS = frozenset({"prefix", "start-after", "continuation-token", "max-keys"})
_LIST_UPLOADS_PARAMETERS = frozenset(
    {
        *("uploads", "prefix", "delimiter", "encoding-type"),
        *("key-marker", "upload-id-marker", "max-uploads"),
    }
)
_LIST_PARTS_PARAMETERS = frozenset({"uploadId", "max-parts", "part-number-marker", "partNumber"})
# An integer, perhaps after spaces; whether it is in range is the operation's business.
_PART_NUMBER = re.compile(r" *-?\d*", re.ASCII)
_IGNORED_PARAMETERS = frozenset({"x-id", "x-purpose"})  # CFD release-notes/r2.yaml, 2023-12-11, 2024-06-06
_LIST_PARAMETERS = frozenset({"prefix", "delimiter", "marker", "max-keys", "encoding-type"})
_LIST_V2_PARAMETERS = frozenset(
    {
        *("list-type", "prefix", "delimiter", "continuation-token"),
        *("start-after", "max-keys", "encoding-type", "fetch-owner"),
    }
)


def detect(request: Request) -> Operation:
    """The operation of a request.

    Raises:
        S3Error: RouteNotFound, NotImplemented or InvalidArgument.
    """
    if request.is_on_account:
        if request.method == "GET":
            return _screened(request, "ListBuckets", _LIST_BUCKETS_PARAMETERS)
        raise S3Error(ErrorKind.ROUTE_NOT_FOUND)
    return _on_object(request) if request.raw_key else _on_bucket(request)


def _on_bucket(request: Request) -> Operation:
    method, query = request.method, request.query
    if method == "HEAD":
        return OPERATIONS["HeadBucket"]
    if method == "POST":
        return OPERATIONS["DeleteObjects" if "delete" in query else "PostBucket"]
    if method not in _BUCKET_SUBRESOURCES:
        raise S3Error(ErrorKind.ROUTE_NOT_FOUND)
    if method == "GET" and "uploads" in query:
        return _screened(request, "ListMultipartUploads", _LIST_UPLOADS_PARAMETERS)
    if method == "GET" and "location" in query:
        return _location(request)
    for name in query:
        if (operation := _BUCKET_SUBRESOURCES[method].get(name)) is not None:
            return _known(operation)
    return _list(request) if method == "GET" else _bare(request)


def _location(request: Request) -> Operation:
    for name in _relevant(request):
        if name != "location":
            raise S3Error(
                ErrorKind.INVALID_ARGUMENT, f"Search param {name} is unsupported for bucket location"
            )
    return OPERATIONS["GetBucketLocation"]


def _bare(request: Request) -> Operation:
    unsupported = list(dict.fromkeys(_relevant(request)))
    if unsupported:
        names = ", ".join(f'"{name}"' for name in unsupported)
        raise S3Error(
            ErrorKind.INVALID_ARGUMENT,
            f"Unsupported search param(s) {names} on a {request.method} bucket route",
        )
    return OPERATIONS["CreateBucket" if request.method == "PUT" else "DeleteBucket"]


def _list(request: Request) -> Operation:
    version = request.query.get("list-type")
    if version not in {None, "2"}:
        raise not_implemented(f"ListObjectsV{version}")
    if version is None and "continuation-token" in request.query:
        raise S3Error(ErrorKind.INVALID_ARGUMENT, "continuation-token not supported in ListObjects")
    if version:
        return _screened(request, "ListObjectsV2", _LIST_V2_PARAMETERS)
    return _screened(request, "ListObjects", _LIST_PARAMETERS, shown="ListObjectsV1")


def _screened(request: Request, name: str, allowed: frozenset[str], *, shown: str | None = None) -> Operation:
    """A listing, if it is asked for with parameters that it has. R2 names the first other one."""
    for parameter in _relevant(request):
        if parameter not in allowed:
            raise not_implemented(f"{shown or name} search parameter {parameter}")
    return OPERATIONS[name]


def _on_object(request: Request) -> Operation:
    method, query = request.method, request.query
    if "uploadId" in query and not _PART_NUMBER.fullmatch(query.get("partNumber", "")):
        raise S3Error(ErrorKind.ROUTE_NOT_FOUND)
    if method == "GET" and "uploadId" in query:
        return _screened(request, "ListParts", _LIST_PARTS_PARAMETERS)
    if method == "GET" and "uploads" in query:
        # Of the bucket, even on the path of an object.
        return _screened(request, "ListMultipartUploads", _LIST_UPLOADS_PARAMETERS)
    for name in query:
        if (operation := _OBJECT_SUBRESOURCES.get(method, {}).get(name)) is not None:
            raise not_implemented(operation)
    if "versionId" in query:
        raise not_implemented("versionId")
    if method in {"GET", "HEAD"}:
        return OPERATIONS["GetObject" if method == "GET" else "HeadObject"]
    if method == "DELETE":
        return OPERATIONS["AbortMultipartUpload" if "uploadId" in query else "DeleteObject"]
    if method == "POST":
        return OPERATIONS[_post(query)]
    if method == "PUT":
        return OPERATIONS[_put(request)]
    raise S3Error(ErrorKind.ROUTE_NOT_FOUND)


def _post(query: Mapping[str, str]) -> str:
    if "uploads" in query:
        return "CreateMultipartUpload"
    # Without an upload, R2 takes a POST for a PutObject whatever else is in the query, and does
    # not look at x-amz-copy-source.
    return "CompleteMultipartUpload" if "uploadId" in query else "PutObject"


def _put(request: Request) -> str:
    copy = "x-amz-copy-source" in request.headers
    if "uploadId" in request.query and "partNumber" in request.query:
        return "UploadPartCopy" if copy else "UploadPart"
    return "CopyObject" if copy else "PutObject"


def _known(name: str) -> Operation:
    if name not in OPERATIONS:
        raise not_implemented(name)
    return OPERATIONS[name]


def _relevant(request: Request) -> list[str]:
    """The query's names without those that every operation ignores."""
    return [
        name
        for name, _ in request.parameters
        if not (name.startswith("X-Amz-") or name in _IGNORED_PARAMETERS)
    ]
