"""ListParts and ListMultipartUploads."""

from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.listing import Encoder
from local_cloudflare.r2.operations.multipart import existing_upload
from local_cloudflare.r2.operations.writing import iso_time
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.protocol.xml import Element, document
from local_cloudflare.r2.store.keys import normal_form
from local_cloudflare.r2.store.models import Part, Upload
from local_cloudflare.r2.store.upload_table import identity, public_id

__all__ = ["list_multipart_uploads", "list_parts"]

_XML = {"Content-Type": "application/xml"}
_PAGE = 1000


def list_parts(context: Context) -> Response:
    """ListParts."""
    upload = existing_upload(context)
    limit, after = _number(context, "max-parts", _PAGE), _number(context, "part-number-marker", 0)
    parts = [part for part in context.store.uploads.parts(upload).values() if part.number > after]
    shown = parts[: min(limit, _PAGE)]
    content: list[Element] = [
        ("Bucket", context.bucket_name),
        ("Key", upload.spelling),
        ("UploadId", context.request.query["uploadId"]),
        ("StorageClass", upload.metadata.storage_class),
        ("PartNumberMarker", after),
        ("MaxParts", limit),
        ("IsTruncated", len(shown) < len(parts)),
    ]
    if len(shown) < len(parts) and shown:
        content.append(("NextPartNumberMarker", shown[-1].number))
    content += [("Part", _part(part)) for part in shown]
    return Response(200, dict(_XML), document("ListPartsResult", content))


def _part(part: Part) -> list[Element]:
    return [
        ("PartNumber", part.number),
        ("LastModified", iso_time(part.modified)),
        ("ETag", f'"{part.etag}"'),
        ("Size", part.body.size),
    ]


def list_multipart_uploads(context: Context) -> Response:
    """ListMultipartUploads. Shows another upload id each time, see `public_id`."""
    query, encode = context.request.query, Encoder(context.request.query.get("encoding-type"))
    prefix, delimiter = normal_form(query.get("prefix", "")), query.get("delimiter", "")
    limit = _number(context, "max-uploads", _PAGE)
    uploads = _after_marker(context, context.store.uploads.of_bucket(context.bucket.id, prefix))
    shown, prefixes = list[Upload](), list[str]()
    last: Upload | str | None = None
    truncated = False
    for upload in uploads:
        end = upload.key.find(delimiter, len(prefix)) if delimiter else -1
        common = upload.key[: end + len(delimiter)]
        if end >= 0 and common in prefixes:
            continue
        if len(shown) + len(prefixes) >= min(limit, _PAGE):
            truncated = True
            break
        if end >= 0:
            prefixes.append(common)
        else:
            shown.append(upload)
        last = upload if end < 0 else common
    content: list[Element] = [("Bucket", context.bucket_name), *_markers(context, encode)]
    content += [("MaxUploads", limit), ("IsTruncated", truncated), *encode.element()]
    content += _next_markers(last, encode) if truncated else []
    content += [("Upload", _upload(upload, encode)) for upload in shown]
    content += [("CommonPrefixes", [("Prefix", encode(common))]) for common in prefixes]
    return Response(200, dict(_XML), document("ListMultipartUploadsResult", content))


def _next_markers(last: Upload | str | None, encode: Encoder) -> list[Element]:
    """Where the next page begins: behind an upload, or behind all that a common prefix stands for."""
    if isinstance(last, Upload):
        return [("NextKeyMarker", encode(last.spelling)), ("NextUploadIdMarker", public_id(last))]
    return [] if last is None else [("NextKeyMarker", encode(last))]


def _after_marker(context: Context, uploads: list[Upload]) -> list[Upload]:
    query = context.request.query
    key, upload_id = normal_form(query.get("key-marker", "")), identity(query.get("upload-id-marker", ""))
    if not key:
        return uploads
    delimiter, prefix = query.get("delimiter", ""), normal_form(query.get("prefix", ""))
    if (
        delimiter
        and key.endswith(delimiter)
        and key.find(delimiter, len(prefix)) == len(key) - len(delimiter)
    ):
        uploads = [upload for upload in uploads if not upload.key.startswith(key)]
    later = [upload for upload in uploads if upload.key.encode() > key.encode()]
    same = [upload for upload in uploads if upload.key == key]
    seen = [upload.id for upload in same]
    return (same[seen.index(upload_id) + 1 :] if upload_id in seen else []) + later


def _markers(context: Context, encode: Encoder) -> list[Element]:
    query = context.request.query
    content: list[Element] = [
        ("KeyMarker", encode(query.get("key-marker", ""))),
        ("UploadIdMarker", query.get("upload-id-marker", "")),
        ("Prefix", encode(query.get("prefix", ""))),
    ]
    return content + ([("Delimiter", encode(query["delimiter"]))] if "delimiter" in query else [])


def _upload(upload: Upload, encode: Encoder) -> list[Element]:
    return [
        ("Key", encode(upload.spelling)),
        ("UploadId", public_id(upload)),
        ("Initiated", iso_time(upload.initiated)),
        ("StorageClass", upload.metadata.storage_class),
    ]


def _number(context: Context, name: str, default: int) -> int:
    text = context.request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise S3Error(ErrorKind.INVALID_ARGUMENT, f"{name} must be an integer")
    return int(text)
