"""PutObject, CopyObject and DeleteObject."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from local_cloudflare.r2.auth.access import Permission
from local_cloudflare.r2.operations.conditions import Conditions, required_time
from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.customer_keys import (
    OF_SOURCE,
    check_stored,
    etag_of,
    given_key,
    key_headers,
)
from local_cloudflare.r2.operations.expiry import expiration_headers
from local_cloudflare.r2.operations.limits import check_metadata_size, check_single_size
from local_cloudflare.r2.operations.metadata import (
    checksum_headers,
    custom_metadata,
    kept_headers,
    storage_class,
    stored_checksums,
    version_id,
)
from local_cloudflare.r2.operations.payload import declared_checksums, receive
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error, not_implemented
from local_cloudflare.r2.protocol.request import decode_key
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.protocol.xml import document
from local_cloudflare.r2.store.keys import normal_form
from local_cloudflare.r2.store.models import Bucket, ObjectMetadata, StoredObject, from_milliseconds

__all__ = [
    "CopySource",
    "copy_object",
    "delete_object",
    "iso_time",
    "metadata_of",
    "put_object",
    "read_copy_source",
    "written_headers",
]

_COMPOSITE = "-"


def put_object(context: Context) -> Response:
    """PutObject."""
    bucket, request = context.bucket, context.request
    conditions = Conditions.from_headers(request.headers)
    metadata = metadata_of(context, bucket)
    checksums = declared_checksums(request)
    with context.store.incoming(tuple(checksums)) as incoming:
        receive(request, context.caller, incoming)
        etag = etag_of(incoming.md5(), metadata.customer_key)
        described = replace(metadata, checksums=stored_checksums(checksums))
        new = StoredObject(
            context.key, context.spelling, etag, context.store.now(), incoming.finish(), described
        )
        check = context.pace.guard(bucket.id, context.key, conditions.check_write)
        context.store.objects.put(bucket.id, new, check)
        incoming.keep()
    headers = {"ETag": f'"{etag}"', **checksum_headers(described), **written_headers(context, new)}
    return Response(200, headers)


def written_headers(context: Context, new: StoredObject) -> dict[str, str]:
    """What the answer to every write says: a token for it, when the object will end, whose key it needs."""
    headers = {"x-amz-version-id": version_id(context.bucket.id, new), **expiration_headers(context, new)}
    return headers | key_headers(new.metadata.customer_key)


def metadata_of(context: Context, bucket: Bucket) -> ObjectMetadata:
    """Headers, metadata, storage class and customer's key that a request gives to a new object."""
    headers = context.request.headers
    described = kept_headers(headers), custom_metadata(headers), storage_class(headers, bucket)
    return ObjectMetadata(*described, customer_key=given_key(context))


def delete_object(context: Context) -> Response:
    """DeleteObject. Nothing there is no error.

    `x-amz-if-match-last-modified-time` is R2's documented condition; If-Match is not in its table
    and is ignored here, so that nobody relies on it.
    """
    wanted = required_time(context.header("x-amz-if-match-last-modified-time"))

    def check(current: StoredObject | None) -> None:
        if wanted is not None and current is not None and current.modified // 1000 != wanted:
            raise S3Error(ErrorKind.PRECONDITION_FAILED)

    context.store.objects.delete(context.bucket.id, context.key, check)
    return Response(204)


@dataclass(frozen=True)
class CopySource:
    """What `x-amz-copy-source` names; the key in NFC."""

    bucket: Bucket
    key: str


def read_copy_source(context: Context) -> CopySource:
    """Reads and authorises the source of a copy.

    Raises:
        S3Error: InvalidArgument, AccessDenied, NoSuchBucket.
    """
    path, names_version, _ = context.request.headers["x-amz-copy-source"].partition("?versionId=")
    if names_version:
        raise not_implemented("versionId")
    text = decode_key(path)
    name, _, spelling = text.removeprefix("/").partition("/")
    if not name or not spelling:
        raise S3Error(ErrorKind.INVALID_ARGUMENT, "copy source bucket name")
    key = normal_form(spelling)
    caller, jurisdiction = context.caller, context.request.jurisdiction
    readable = caller.may(Permission.OBJECT_READ_ONLY, context.operation.name, name, jurisdiction)
    if not readable or not caller.opens_key(key):
        raise S3Error(ErrorKind.ACCESS_DENIED, reason="the copy source is out of scope")
    return CopySource(context.existing_bucket(name), key)


def copy_object(context: Context) -> Response:
    """CopyObject with COPY, REPLACE and R2's MERGE, and conditions on source and destination."""
    headers = context.request.headers
    source = read_copy_source(context)
    on_source = Conditions.from_headers(headers, "x-amz-copy-source-")
    on_destination = Conditions.from_headers(headers, "cf-copy-destination-")
    make_metadata = _directive(context)
    with context.store.objects.opened(source.bucket.id, source.key) as found:
        if found is None:
            raise S3Error(ErrorKind.NO_SUCH_KEY)
        check_stored(context, found.metadata.customer_key, OF_SOURCE)
        if not on_source.check_read(found):
            raise S3Error(ErrorKind.PRECONDITION_FAILED)
        check_single_size(found.size)
        metadata = make_metadata(found)
        check_metadata_size(metadata.custom)
        check_metadata_size(metadata.headers)
        new = StoredObject(
            context.key,
            context.spelling,
            _copied_etag(context, found, metadata.customer_key),
            context.store.now(),
            found.body,
            metadata,
        )
        check = context.pace.guard(context.bucket.id, context.key, on_destination.check_write)
        context.store.objects.put(context.bucket.id, new, check)
    content = [("ETag", f'"{new.etag}"'), ("LastModified", iso_time(new.modified))]
    headers = {"Content-Type": "application/xml", **written_headers(context, new)}
    headers["x-amz-copy-source-version-id"] = version_id(source.bucket.id, found)
    return Response(200, headers, document("CopyObjectResult", content))


def _directive(context: Context) -> Callable[[StoredObject], ObjectMetadata]:
    directive = context.header("x-amz-metadata-directive") or "COPY"
    given = metadata_of(context, context.bucket)

    def make(found: StoredObject) -> ObjectMetadata:
        old = found.metadata
        checksums = {name: value for name, value in old.checksums.items() if _COMPOSITE not in value}
        if directive == "COPY":
            return replace(given, headers=old.headers, custom=old.custom, checksums=checksums)
        if directive == "REPLACE":
            return replace(given, checksums=checksums)
        headers, custom = {**old.headers, **given.headers}, {**old.custom, **given.custom}
        return replace(given, headers=headers, custom=custom, checksums=checksums)

    if directive not in {"COPY", "REPLACE", "MERGE"}:
        raise S3Error(ErrorKind.INVALID_ARGUMENT, f"metadata directive {directive}.")
    return make


def _copied_etag(context: Context, found: StoredObject, customer_key: str) -> str:
    """The ETag of a copy. That of a multipart object becomes one of a single upload, as on AWS.

    R2 does not document it; the harder case for whoever verifies a copy is that it changes.
    """
    if not found.part_sizes and not found.metadata.customer_key and not customer_key:
        return found.etag
    md5 = hashlib.md5(found.body.inline or b"", usedforsecurity=False)
    for piece in context.store.blobs.read(found.body.segments):
        md5.update(piece)
    return etag_of(md5.digest(), customer_key)


def iso_time(milliseconds: int) -> str:
    """A time as the XML of S3 writes it: UTC with milliseconds."""
    return from_milliseconds(milliseconds).strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"
