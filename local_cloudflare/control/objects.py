"""Objects of the control API: list, read, write, delete.

What `wrangler r2 object` and the SDKs' `r2.buckets.objects` ask for. The rules of the S3 endpoint hold here too:
limits, lock rules, the pace of uploads.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from local_cloudflare.control.buckets import MALFORMED, existing
from local_cloudflare.control.call import Call
from local_cloudflare.control.envelope import Answer, ApiError, PlainAnswer
from local_cloudflare.r2.operations.metadata import STORAGE_CLASSES, version_id
from local_cloudflare.r2.operations.writing import iso_time
from local_cloudflare.r2.protocol.errors import S3Error
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.store.keys import normal_form
from local_cloudflare.r2.store.models import Bucket, StoredObject

__all__ = ["MAXIMUM_UPLOAD", "delete", "list_page", "read", "write"]

MAXIMUM_UPLOAD = 300 * 2**20
"""The SDKs' documents say 300 MB; wrangler lets 300 MiB pass."""

_INTERNAL = 10001
_TAKEN = (
    "content-md5",
    "content-type",
    "content-disposition",
    "content-encoding",
    "content-language",
    "cache-control",
    "expires",
)
_CONDITIONS = ("if-none-match", "if-modified-since", "range")
_NOT_ON_CHANGES = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
_SHOWN = {
    "content-type": "contentType",
    "content-disposition": "contentDisposition",
    "content-encoding": "contentEncoding",
    "content-language": "contentLanguage",
    "cache-control": "cacheControl",
    "expires": "cacheExpiry",
}


def list_page(call: Call) -> Answer:
    """GET `/r2/buckets/{bucket}/objects`: pages by cursor, in the order of the keys."""
    request, bucket = call.request, existing(call)
    per_page = request.number("per_page", 20, lowest=1, highest=1000, code=MALFORMED)
    query = {name: request.query[name] for name in ("prefix", "delimiter") if name in request.query}
    cursor, start_after = request.query.get("cursor"), request.query.get("start_after", "")
    start = _start(cursor) if cursor else normal_form(start_after).encode()
    page = call.direct.page(bucket, query, start=start, limit=per_page)
    found = (call.store.objects.get(bucket.id, normal_form(listed.spelling)) for listed in page.objects)
    info: dict[str, Any] = {"per_page": per_page, "is_truncated": page.truncated}
    if page.truncated:
        info["cursor"] = base64.urlsafe_b64encode(page.resume).decode()
    if page.prefixes:
        info["delimited"] = page.prefixes
    # One that was deleted since it was listed is left out.
    return Answer([_shown(each) for each in found if each is not None], result_info=info)


def read(call: Call) -> PlainAnswer:
    """GET `/r2/buckets/{bucket}/objects/{key}`: the bytes, with the headers that were kept with them."""
    wanted = {name: value for name, value in call.request.headers.items() if name in _CONDITIONS}
    response = _do(call, "GetObject", existing(call), wanted)
    headers = {name: value for name, value in response.headers.items() if not name.startswith("x-amz-")}
    return PlainAnswer(response.status, headers, response.body, response.content_length())


def write(call: Call) -> Answer:
    """PUT `/r2/buckets/{bucket}/objects/{key}`: the body is the object."""
    _refuse_conditions(call)
    bucket, headers = existing(call), call.request.headers
    kept = {name: headers[name] for name in _TAKEN if name in headers}
    storage_class = headers.get("cf-r2-storage-class")
    if storage_class is not None:
        if storage_class not in STORAGE_CLASSES:
            raise ApiError(400, 10062, f"The storage class is not valid: {storage_class!r} is none of R2's.")
        kept["x-amz-storage-class"] = STORAGE_CLASSES[storage_class]
    _do(call, "PutObject", bucket, kept)
    key = call.parts["key"]
    found = call.store.objects.get(bucket.id, normal_form(key))
    if found is None:  # deleted since
        return Answer({"key": key})
    shown = _shown(found)
    result = {name: shown[name] for name in ("key", "etag", "storage_class")}
    version = version_id(bucket.id, found)
    return Answer({**result, "size": str(found.size), "uploaded": shown["last_modified"], "version": version})


def delete(call: Call) -> Answer:
    """DELETE `/r2/buckets/{bucket}/objects/{key}`: nothing there is no error."""
    _refuse_conditions(call)
    _do(call, "DeleteObject", existing(call), {})
    return Answer({"key": call.parts["key"]})


def _refuse_conditions(call: Call) -> None:
    """Refuses a change on a condition: Cloudflare's API is not known to have any (cloudflare/workers-sdk#13000).

    Ignored, it would overwrite or delete what the client meant to keep.
    """
    for name in _NOT_ON_CHANGES:
        if name in call.request.headers:
            raise ApiError(
                501, 10501, f"The header {name} is not implemented for changes; use the S3 endpoint."
            )


def _do(call: Call, operation: str, bucket: Bucket, headers: dict[str, str]) -> Response:
    body = call.request.body
    try:
        return call.direct.do(operation, bucket, call.parts["key"], headers, body, call.request.length)
    except S3Error as error:
        raise ApiError(error.status, error.number or _INTERNAL, error.message) from None


def _start(cursor: str) -> bytes:
    try:
        return base64.b64decode(cursor.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeError):
        raise ApiError(
            400, MALFORMED, f"Invalid query parameter: cursor is {cursor!r}, use one from a list."
        ) from None


def _shown(found: StoredObject) -> dict[str, Any]:
    """An object as lists have it."""
    kept = found.metadata.headers
    classes = {shown: stored for stored, shown in STORAGE_CLASSES.items()}
    return {
        "key": found.spelling,
        "etag": found.etag,
        "last_modified": iso_time(found.modified),
        "size": found.size,
        "http_metadata": {shown: kept[name] for name, shown in _SHOWN.items() if name in kept},
        "custom_metadata": dict(found.metadata.custom),
        "storage_class": classes[found.metadata.storage_class],
        "ssec": bool(found.metadata.customer_key),
    }
