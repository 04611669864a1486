"""Multipart uploads: created, filled part by part, completed or aborted."""

import hashlib
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from local_cloudflare.r2.operations.conditions import Conditions
from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.customer_keys import (
    OF_SOURCE,
    check_for_upload,
    check_stored,
    etag_of,
    given_key,
    key_headers,
)
from local_cloudflare.r2.operations.limits import (
    MAX_PARTS,
    check_declared_size,
    check_part_sizes,
    check_single_size,
)
from local_cloudflare.r2.operations.metadata import checksum_headers, stored_checksums
from local_cloudflare.r2.operations.part_checksums import checked_checksums, listed_checksums, part_has
from local_cloudflare.r2.operations.payload import declared_checksums, read_small, receive
from local_cloudflare.r2.operations.writing import iso_time, metadata_of, read_copy_source, written_headers
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.protocol.xml import document, members, only_text, parse
from local_cloudflare.r2.store.blobs import Body
from local_cloudflare.r2.store.checksums import ALGORITHMS, Hasher
from local_cloudflare.r2.store.models import ObjectMetadata, Part, StoredObject, Upload
from local_cloudflare.r2.store.upload_table import public_id

__all__ = [
    "abort_multipart_upload",
    "complete_multipart_upload",
    "create_multipart_upload",
    "existing_upload",
    "upload_part",
    "upload_part_copy",
]

_XML = {"Content-Type": "application/xml"}
_COPY_RANGE = re.compile(r"bytes=(\d{1,4000})-(\d{1,4000})", re.ASCII)
_INTEGER = re.compile(r"\s*([+-]?\d+)\s*", re.ASCII)


def create_multipart_upload(context: Context) -> Response:
    """CreateMultipartUpload, with conditions on what the key holds (CFD release-notes/r2.yaml, 2022-05-27)."""
    algorithm = (context.header("x-amz-checksum-algorithm") or "").lower() or None
    if algorithm is not None and algorithm not in ALGORITHMS:
        raise S3Error(ErrorKind.INVALID_ARGUMENT, f"checksum algorithm {algorithm}.")
    conditions = Conditions.from_headers(context.request.headers)
    conditions.check_write(context.store.objects.get(context.bucket.id, context.key))
    upload = context.store.uploads.create(
        context.bucket.id,
        context.key,
        context.spelling,
        context.store.now(),
        metadata_of(context, context.bucket),
        algorithm,
    )
    content = [("Bucket", context.bucket_name), ("Key", context.spelling), ("UploadId", public_id(upload))]
    headers = _XML | key_headers(upload.metadata.customer_key)
    if algorithm is not None:
        headers["x-amz-checksum-algorithm"] = algorithm.upper()
    return Response(200, headers, document("InitiateMultipartUploadResult", content))


def existing_upload(context: Context) -> Upload:
    """The upload that the request names.

    Raises:
        S3Error: NoSuchUpload.
    """
    shown = context.request.query.get("uploadId", "")
    upload = context.store.uploads.get(context.bucket.id, context.key, shown)
    if upload is None:
        raise S3Error(ErrorKind.NO_SUCH_UPLOAD)
    return upload


def upload_part(context: Context) -> Response:
    """UploadPart."""
    upload, number = existing_upload(context), _part_number(context)
    key = upload.metadata.customer_key
    check_for_upload(context, key)
    declared = declared_checksums(context.request)
    computed = {*declared, *_algorithms(upload)}
    with context.store.incoming(tuple(computed)) as incoming:
        receive(context.request, context.caller, incoming)
        etag = etag_of(incoming.md5(), key)
        checksums = stored_checksums({name: incoming.checksum(name) for name in computed})
        part = Part(number, etag, context.store.now(), incoming.finish(), checksums)
        _keep(context, upload, part)
        incoming.keep()
    shown = ObjectMetadata(checksums=stored_checksums(declared))
    return Response(200, {"ETag": f'"{etag}"', **checksum_headers(shown), **key_headers(key)})


def _algorithms(upload: Upload) -> tuple[str, ...]:
    return () if upload.checksum_algorithm is None else (upload.checksum_algorithm,)


def upload_part_copy(context: Context) -> Response:
    """UploadPartCopy, with an optional range of the source."""
    upload, number = existing_upload(context), _part_number(context)
    key = upload.metadata.customer_key
    check_for_upload(context, key)
    source = read_copy_source(context)
    with context.store.objects.opened(source.bucket.id, source.key) as found:
        if found is None:
            raise S3Error(ErrorKind.NO_SUCH_KEY)
        check_stored(context, found.metadata.customer_key, OF_SOURCE)
        body = _copied_range(context, found)
        check_single_size(body.size)
        md5 = hashlib.md5(usedforsecurity=False)
        hashers = {name: Hasher(name) for name in _algorithms(upload)}
        for piece in itertools.chain([body.inline or b""], context.store.blobs.read(body.segments)):
            md5.update(piece)
            for hasher in hashers.values():
                hasher.update(piece)
        checksums = stored_checksums({name: hasher.digest() for name, hasher in hashers.items()})
        part = Part(number, etag_of(md5.digest(), key), context.store.now(), body, checksums)
        _keep(context, upload, part)
    content = [("ETag", f'"{part.etag}"'), ("LastModified", iso_time(part.modified))]
    return Response(200, _XML | key_headers(key), document("CopyPartResult", content))


def complete_multipart_upload(context: Context) -> Response:
    """CompleteMultipartUpload, with conditions on what the key holds.

    A condition that fails ends the upload (CFD release-notes/r2.yaml, 2023-08-11); one that a lock rule refuses
    stays, so that nothing uploaded is lost.
    """
    upload, wanted = existing_upload(context), _wanted_parts(context)
    if given_key(context):  # it is not needed here
        check_for_upload(context, upload.metadata.customer_key)
    conditions = Conditions.from_headers(context.request.headers)
    check = context.pace.guard(upload.bucket, upload.key, conditions.check_write)
    refusal: S3Error | None = None
    with context.store.transaction() as transaction:
        if context.store.uploads.find(transaction, upload.bucket, upload.key, upload.id) is None:
            raise S3Error(ErrorKind.NO_SUCH_UPLOAD)
        parts = _chosen(context, context.store.uploads.find_parts(transaction, upload.id), wanted)
        sizes = [part.body.size for part in parts]
        check_part_sizes(sizes)
        check_declared_size(context.header("x-amz-mp-object-size"), sum(sizes))
        checksums = checked_checksums(context, upload, parts)
        try:
            context.store.objects.changeable(transaction, upload.bucket, upload.key, check)
        except S3Error as error:
            refusal = error
            if error.kind is ErrorKind.PRECONDITION_FAILED:
                context.store.uploads.remove(transaction, upload.id)
        else:
            new = _assembled(context, upload, parts, checksums)
            context.store.complete_upload(transaction, upload, new)
    if refusal is not None:
        raise refusal
    content = [
        ("Location", _location(context, upload)),
        ("Bucket", context.bucket_name),
        ("Key", upload.spelling),
    ]
    content.append(("ETag", f'"{new.etag}"'))
    headers = {**_XML, **written_headers(context, new)}
    return Response(200, headers, document("CompleteMultipartUploadResult", content))


def _location(context: Context, upload: Upload) -> str:
    """The object's URL at this endpoint; R2 writes it with the whole key encoded (WSDK .../s3/operations.worker.ts)."""
    host = context.header("host") or ""
    base = f"http://{host}" if context.request.address.bucket else f"http://{host}/{context.bucket_name}"
    return f"{base}/{quote(upload.spelling, safe='-_.~')}"


def abort_multipart_upload(context: Context) -> Response:
    """AbortMultipartUpload."""
    context.store.uploads.abort(existing_upload(context))
    return Response(204)


def _part_number(context: Context) -> int:
    text = context.request.query.get("partNumber", "")
    # Spaces before it are accepted; what is no integer has not come here.
    if not re.fullmatch(r" *0*\d{1,6}", text, re.ASCII) or not 1 <= int(text) <= MAX_PARTS:
        raise S3Error(
            ErrorKind.INVALID_ARGUMENT,
            f"Part number must be an integer between 1 and {MAX_PARTS}, inclusive.",
        )
    return int(text)


def _keep(context: Context, upload: Upload, part: Part) -> None:
    if not context.store.uploads.put_part(upload, part):
        raise S3Error(ErrorKind.NO_SUCH_UPLOAD)


def _copied_range(context: Context, found: StoredObject) -> Body:
    header = context.header("x-amz-copy-source-range")
    if header is None:
        return found.body
    match = _COPY_RANGE.fullmatch(header)
    if match is None:
        raise S3Error(ErrorKind.INVALID_ARGUMENT, f"Invalid x-amz-copy-source-range: {header}")
    first, last = int(match[1]), int(match[2])
    if first > last:
        raise S3Error(ErrorKind.INVALID_ARGUMENT, "x-amz-copy-source-range must be positive.")
    if first >= found.size:
        raise S3Error(ErrorKind.INVALID_RANGE)
    # An end beyond the source is clamped.
    return found.body.cut(first, min(last, found.size - 1) - first + 1)


@dataclass(frozen=True)
class _Wanted:
    """A part as the client names it at completion."""

    number: int
    etag: str
    checksums: Mapping[str, str]

    def is_met_by(self, context: Context, part: Part | None) -> bool:
        if part is None or part.etag != self.etag:
            return False
        return all(part_has(context, part, name, value) for name, value in self.checksums.items())


def _wanted_parts(context: Context) -> list[_Wanted]:
    # Its x-amz-checksum headers speak of the object, not of this body.
    body = read_small(context.request, context.caller, with_checksums=False)
    tree = parse(body, "CompleteMultipartUpload")
    wanted: dict[int, _Wanted] = {}
    for part in members(tree, many=("Part",))["Part"]:
        etag, number = only_text(part, "ETag"), _listed_number(only_text(part, "PartNumber"))
        if number in wanted:
            raise S3Error(ErrorKind.REPEATED_PART)
        wanted[number] = _Wanted(number, etag.strip().strip('"'), listed_checksums(part))
    if not wanted:
        raise S3Error(ErrorKind.MALFORMED_XML)
    # In any order since 2024-01-26 (CFD release-notes/r2.yaml).
    return [wanted[number] for number in sorted(wanted)]


def _listed_number(text: str) -> int:
    """A part number of the document. One out of range is a part that does not exist, not a malformed one."""
    match = _INTEGER.fullmatch(text)
    if match is None:
        raise S3Error(ErrorKind.MALFORMED_XML)
    if len(match[1]) > len(str(MAX_PARTS)) or not 1 <= int(match[1]) <= MAX_PARTS:
        raise S3Error(ErrorKind.INVALID_PART)
    return int(match[1])


def _chosen(context: Context, parts: dict[int, Part], wanted: Sequence[_Wanted]) -> list[Part]:
    if not all(one.is_met_by(context, parts.get(one.number)) for one in wanted):
        raise S3Error(ErrorKind.INVALID_PART)
    return [parts[one.number] for one in wanted]


def _assembled(
    context: Context, upload: Upload, parts: Sequence[Part], checksums: Mapping[str, str]
) -> StoredObject:
    """The object of the parts. Its ETag is the MD5 of their MD5s and their number."""
    digest = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False)
    return StoredObject(
        key=upload.key,
        spelling=upload.spelling,
        etag=f"{digest.hexdigest()}-{len(parts)}",
        modified=context.store.now(),
        body=context.store.joined([part.body for part in parts]),
        metadata=replace(upload.metadata, checksums=checksums),
        part_sizes=tuple(part.body.size for part in parts),
    )
