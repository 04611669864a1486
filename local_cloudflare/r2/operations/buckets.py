"""The operations on buckets, and their answers that are the same for every bucket."""

from collections.abc import Callable

from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.listing import MAX_LIST_KEYS, parse_limit
from local_cloudflare.r2.operations.payload import read_small
from local_cloudflare.r2.operations.writing import iso_time
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error, not_implemented
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.protocol.xml import Element, document, leaf, members, parse
from local_cloudflare.r2.store.models import to_milliseconds
from local_cloudflare.r2.store.store import BucketExistsError, BucketNotEmptyError

__all__ = [
    "create_bucket",
    "delete_bucket",
    "delete_bucket_encryption",
    "get_bucket_acl",
    "get_bucket_encryption",
    "get_bucket_location",
    "get_bucket_versioning",
    "head_bucket",
    "list_buckets",
    "nothing",
    "put_bucket_encryption",
    "put_bucket_versioning",
    "refusal",
]

_XML = {"Content-Type": "application/xml"}
_STORAGE_CLASSES = {"STANDARD": "Standard", "STANDARD_IA": "InfrequentAccess"}
_NOT_ON_R2 = ("Bucket", "Location", "Tags")
"""What AWS has in the document of a new bucket beside its location."""
LOCATIONS = ("wnam", "enam", "weur", "eeur", "apac", "oc")


def list_buckets(context: Context) -> Response:
    """ListBuckets, with R2's search parameters (CFD r2/api/s3/extensions.mdx); headers win over them."""
    prefix, start = _parameter(context, "prefix"), _parameter(context, "start-after")
    token, limit = _parameter(context, "continuation-token"), parse_limit(_parameter(context, "max-keys"))
    after = max(start or "", token or "")
    found = [
        bucket
        for bucket in context.store.buckets(context.request.jurisdiction)
        if bucket.name.startswith(prefix or "") and bucket.name > after
    ]
    shown = found[: min(limit, MAX_LIST_KEYS)]
    truncated = len(shown) < len(found)
    owner: list[Element] = [("ID", context.account_id), ("DisplayName", context.account_id)]
    content: list[Element] = [("Owner", owner)]
    content.append(("Buckets", [_bucket(b.name, iso_time(to_milliseconds(b.created))) for b in shown]))
    content += [("IsTruncated", truncated), ("MaxKeys", limit), ("KeyCount", len(shown))]
    content += [] if start is None else [("StartAfter", start)]
    content += [] if token is None else [("ContinuationToken", token)]
    headers = {**_XML, "cf-is-truncated": "true" if truncated else "false"}
    if truncated and shown:
        content.append(("NextContinuationToken", shown[-1].name))
        headers["cf-next-continuation-token"] = shown[-1].name
    return Response(200, headers, document("ListAllMyBucketsResult", content))


def _bucket(name: str, created: str) -> Element:
    return "Bucket", [("Name", name), ("CreationDate", created)]


def _parameter(context: Context, name: str) -> str | None:
    return context.header(f"cf-{name}") or context.request.query.get(name)


def head_bucket(context: Context) -> Response:
    """HeadBucket."""
    return Response(200, {"x-amz-bucket-region": "auto"} if context.bucket else {})


def get_bucket_location(context: Context) -> Response:
    """GetBucketLocation: the location hint, else `auto`."""
    location = context.bucket.location.upper() if context.bucket.location else "auto"
    body = document("LocationConstraint", [])
    return Response(200, dict(_XML), body.replace(b"></", f">{location}</".encode()))


def get_bucket_versioning(context: Context) -> Response:
    """GetBucketVersioning: empty, R2 has no versions."""
    return _same_for_all(context, "VersioningConfiguration", [])


def get_bucket_encryption(context: Context) -> Response:
    """GetBucketEncryption: always AES256."""
    rule: list[Element] = [
        ("ApplyServerSideEncryptionByDefault", [("SSEAlgorithm", "AES256")]),
        ("BucketKeyEnabled", True),
    ]
    return _same_for_all(context, "ServerSideEncryptionConfiguration", [("Rule", rule)])


def put_bucket_encryption(context: Context) -> Response:
    """PutBucketEncryption: AES256 is what every bucket has, and the only value (CFD release notes, 2022-05-05)."""
    root = "ServerSideEncryptionConfiguration"
    bucket, tree = context.bucket, parse(read_small(context.request, context.caller), root)
    modes: list[str] = []
    for rule in members(tree, many=("Rule",))["Rule"]:
        found = members(
            rule, once=("ApplyServerSideEncryptionByDefault", "BucketKeyEnabled", "BlockedEncryptionTypes")
        )
        if found["BlockedEncryptionTypes"]:
            raise not_implemented("PutBucketEncryption BlockedEncryptionTypes")
        for default in found["ApplyServerSideEncryptionByDefault"]:
            named = members(default, once=("SSEAlgorithm", "KMSMasterKeyID"))
            if named["KMSMasterKeyID"]:
                raise S3Error(ErrorKind.INVALID_ENCRYPTION_ALGORITHM, reason="a key of KMS")
            modes.append("".join(map(leaf, named["SSEAlgorithm"])))
    if not modes or "" in modes:
        raise S3Error(ErrorKind.MALFORMED_XML)
    if set(modes) != {"AES256"}:
        raise S3Error(ErrorKind.INVALID_ENCRYPTION_ALGORITHM, reason=f"bucket {bucket.name}")
    return Response(200)


def delete_bucket_encryption(context: Context) -> Response:
    """DeleteBucketEncryption: nothing changes, every bucket stays encrypted with AES256."""
    return Response(204 if context.bucket else 404)


def put_bucket_versioning(context: Context) -> Response:
    """PutBucketVersioning: R2 reads the document, and has no versions (WSDK .../s3/detect.worker.ts)."""
    bucket, body = context.bucket.name, read_small(context.request, context.caller)
    parse(body, "VersioningConfiguration")
    raise S3Error(ErrorKind.NOT_IMPLEMENTED, "PutBucketVersioning not implemented", reason=f"bucket {bucket}")


def get_bucket_acl(context: Context) -> Response:
    """GetBucketAcl: that of a new bucket of S3 (CFD release-notes/r2.yaml, 2022-07-21)."""
    owner: list[Element] = [("ID", context.account_id), ("DisplayName", context.account_id)]
    grant: list[Element] = [("Grantee", owner), ("Permission", "FULL_CONTROL")]
    content: list[Element] = [("Owner", owner), ("AccessControlList", [("Grant", grant)])]
    body = document("AccessControlPolicy", content if context.bucket else [])
    # The type of a grantee is an attribute, which clients look for.
    typed = b'<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">'
    return Response(200, dict(_XML), body.replace(b"<Grantee>", typed))


def _same_for_all(context: Context, root: str, content: list[Element]) -> Response:
    return Response(200, dict(_XML), document(root, content if context.bucket else []))


def refusal(kind: ErrorKind) -> Callable[[Context], Response]:
    """An operation whose answer is the same error for every bucket."""

    def refuse(context: Context) -> Response:
        raise S3Error(kind, reason=f"bucket {context.bucket.name}")

    return refuse


def nothing(context: Context) -> Response:
    """Any other POST on a bucket: R2 answers an empty 200 (WSDK .../s3/detect.worker.ts)."""
    return Response(200 if context.bucket else 404)


def create_bucket(context: Context) -> Response:
    """CreateBucket. The location may be empty, `auto`, `us-east-1` or one of R2's hints."""
    location = ""
    has_body = context.request.stream.length or context.request.is_unframed
    body = read_small(context.request, context.caller) if has_body else b""
    if body:
        found = members(parse(body, "CreateBucketConfiguration"), once=("LocationConstraint", *_NOT_ON_R2))
        for name in _NOT_ON_R2:
            if found[name]:
                raise not_implemented(f"CreateBucket {name}")
        location = "".join(map(leaf, found["LocationConstraint"])).strip().lower()
    if location not in {"", "auto", "us-east-1", *LOCATIONS}:
        raise S3Error(ErrorKind.INVALID_LOCATION)
    asked = context.header("x-amz-storage-class") or "STANDARD"
    if asked not in _STORAGE_CLASSES:
        raise S3Error(ErrorKind.INVALID_STORAGE_CLASS)
    try:
        context.store.create_bucket(
            context.bucket_name,
            storage_class=_STORAGE_CLASSES[asked],
            location=location if location in LOCATIONS else None,
            jurisdiction=context.request.jurisdiction,
        )
    except BucketExistsError:
        raise S3Error(ErrorKind.BUCKET_CONFLICT) from None
    return Response(200, {"Location": f"/{context.bucket_name}"})


def delete_bucket(context: Context) -> Response:
    """DeleteBucket. It must be empty, open multipart uploads included."""
    try:
        context.store.delete_bucket(context.bucket.name, context.request.jurisdiction)
    except BucketNotEmptyError:
        raise S3Error(ErrorKind.BUCKET_NOT_EMPTY) from None
    return Response(204)
