"""The table of R2's rules that a request must pass before its operation runs.

One row a rule: what it is called, where the fact stands, which operations it concerns, and the
function that raises. Rules that need the state of the bucket (conditions, part sizes, one write a
second) run inside the operation and are named in `conditions.py`, `limits.py` and `pace.py`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from local_cloudflare.r2.operations import limits
from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.customer_keys import OF_SOURCE, given_key
from local_cloudflare.r2.operations.metadata import custom_metadata, kept_headers
from local_cloudflare.r2.operations.payload import check_payload_hash, declared_length
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error, not_implemented_header
from local_cloudflare.r2.store.checksums import ALGORITHMS

__all__ = ["RULES", "Rule", "check_rules"]


@dataclass(frozen=True)
class Rule:
    """One rule. `check` raises S3Error. A source that begins with (R) is a report of users of R2."""

    name: str
    source: str
    operations: frozenset[str]
    check: Callable[[Context], None]
    exempt: frozenset[str] = frozenset()

    def concerns(self, operation: str) -> bool:
        """Whether the rule is about that operation."""
        return operation not in self.exempt and bool(self.operations & {"*", operation})


_CREATES = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload"})
_RECEIVES = frozenset({"PutObject", "UploadPart"})
_WITH_DOCUMENT = frozenset(
    {
        *("CompleteMultipartUpload", "CreateBucket", "DeleteObjects"),
        *("PutBucketCors", "PutBucketLifecycleConfiguration"),
    }
)
_READS = frozenset({"GetObject", "HeadObject"})
_COPIES = frozenset({"CopyObject", "UploadPartCopy"})
_ON_PARTS = frozenset({"UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload"})
_ENCRYPTED = _CREATES | _RECEIVES | _READS | _COPIES | {"CompleteMultipartUpload"}
_DELETES = frozenset({"DeleteObject", "DeleteObjects"})
_BUCKET_CREATION = frozenset({"CreateBucket"})
_ON_KEYS = _CREATES | _RECEIVES | _READS | _COPIES | _ON_PARTS | {"DeleteObject", "ListParts"}
_EVERYWHERE = frozenset({"*"})

_CONDITIONAL = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
_API = "CFD r2/api/s3/api.mdx"
_WSDK = "WSDK .../s3/operations.worker.ts, copied from a real bucket"
_LIMITS = "CFD r2/platform/limits.mdx"


def _refuse(*names: str) -> Callable[[Context], None]:
    def check(context: Context) -> None:
        for name in names:
            value = context.header(name)
            if value is not None:
                raise not_implemented_header(name, value)

    return check


_CANNED = frozenset(
    {
        *("private", "public-read", "public-read-write", "authenticated-read"),
        *("aws-exec-read", "bucket-owner-read", "bucket-owner-full-control"),
    }
)


def _canned_acl(context: Context) -> None:
    acl = context.header("x-amz-acl")
    if acl is not None and acl not in _CANNED:
        raise not_implemented_header("x-amz-acl", acl)


def _server_side_encryption(context: Context) -> None:
    mode = context.header("x-amz-server-side-encryption")
    if mode is not None and mode != "AES256":
        raise not_implemented_header("x-amz-server-side-encryption", mode)


def _bucket_object_lock(context: Context) -> None:
    enabled = context.header("x-amz-bucket-object-lock-enabled")
    if enabled is not None and enabled.lower() != "false":
        raise not_implemented_header("x-amz-bucket-object-lock-enabled", enabled)


def _customer_key(context: Context) -> None:
    given_key(context)


def _customer_key_of_source(context: Context) -> None:
    given_key(context, OF_SOURCE)


_CHECKSUM = "x-amz-checksum-"
_ABOUT_CHECKSUMS = frozenset({"algorithm", "mode", "type"})


def _one_checksum(context: Context) -> None:
    names = [name for name in ALGORITHMS if context.header(_CHECKSUM + name) is not None]
    if len(names) + (context.header("content-md5") is not None) > 1:
        raise S3Error(ErrorKind.INVALID_REQUEST, "You can only specify one non-default checksum at a time.")


def _known_checksums(context: Context) -> None:
    """A checksum that is not computed here, or announced for a trailer, would be taken on trust."""
    for name, value in context.request.headers.items():
        known = name.removeprefix(_CHECKSUM) in {*ALGORITHMS, *_ABOUT_CHECKSUMS}
        if name == "x-amz-trailer" or (name.startswith(_CHECKSUM) and not known):
            raise not_implemented_header(name, value)


def _full_object_checksum(context: Context) -> None:
    checksum_type = context.header("x-amz-checksum-type")
    algorithm = (context.header("x-amz-checksum-algorithm") or "").upper()
    wrong = {"FULL_OBJECT": algorithm != "CRC64NVME", "COMPOSITE": algorithm == "CRC64NVME"}
    if checksum_type is not None and wrong.get(checksum_type.upper(), True):
        raise not_implemented_header("x-amz-checksum-type", checksum_type)


def _key_length(context: Context) -> None:
    limits.check_key_length(context.key)


def _metadata_size(context: Context) -> None:
    limits.check_metadata_size(custom_metadata(context.request.headers))
    limits.check_metadata_size(kept_headers(context.request.headers))


def _payload_hash(context: Context) -> None:
    check_payload_hash(context.request, context.caller)


def _upload_size(context: Context) -> None:
    limits.check_single_size(declared_length(context.request, context.caller))


RULES: tuple[Rule, ...] = (
    Rule("signed chunks and trailers", "CFD r2/examples/aws/aws-sdk-net.mdx", _EVERYWHERE, _payload_hash),
    Rule(
        "bucket owner",
        f"{_API}, whose rows of three operations lack it",
        _EVERYWHERE,
        _refuse("x-amz-expected-bucket-owner"),
        exempt=frozenset({"AbortMultipartUpload", "ListBuckets", "ListMultipartUploads"}),
    ),
    Rule("source bucket owner", _WSDK, _COPIES, _refuse("x-amz-source-expected-bucket-owner")),
    Rule(
        "requester pays",
        f"{_API}, rows of the operations on objects",
        _ON_KEYS | {"ListObjects", "ListObjectsV2", "DeleteObjects"},
        _refuse("x-amz-request-payer"),
    ),
    Rule("object tagging", _API, _CREATES, _refuse("x-amz-tagging")),
    Rule("tagging of a copy", _API, frozenset({"CopyObject"}), _refuse("x-amz-tagging-directive")),
    Rule("checksum of a copy", _API, frozenset({"CopyObject"}), _refuse("x-amz-checksum-algorithm")),
    Rule(
        "grants",
        _WSDK,
        _CREATES | _BUCKET_CREATION,
        _refuse(
            "x-amz-grant-full-control",
            "x-amz-grant-read",
            "x-amz-grant-read-acp",
            "x-amz-grant-write",
            "x-amz-grant-write-acp",
        ),
    ),
    Rule("canned ACLs do nothing", _WSDK, _CREATES | _BUCKET_CREATION, _canned_acl),
    Rule("website redirect", _API, _CREATES, _refuse("x-amz-website-redirect-location")),
    Rule(
        "object lock",
        _API,
        _CREATES | _BUCKET_CREATION,
        _refuse(
            "x-amz-object-lock-mode",
            "x-amz-object-lock-retain-until-date",
            "x-amz-object-lock-legal-hold",
            "x-amz-object-lock-event-hold",
            "x-amz-object-lock-event-hold-duration-days",
            "x-amz-object-lock-event-hold-duration-years",
        ),
    ),
    Rule(
        "object lock of a bucket, unless it is off",
        "CFD release-notes/r2.yaml, 2022-07-01",
        _BUCKET_CREATION,
        _bucket_object_lock,
    ),
    Rule(
        "conditions of AWS on the destination of a copy",
        "CFD r2/api/s3/extensions.mdx: R2's own begin with cf-copy-destination-",
        frozenset({"CopyObject"}),
        _refuse(*_CONDITIONAL),
    ),
    Rule(
        "conditions of a copy on another upload",
        "CFD r2/api/s3/extensions.mdx has them on CopyObject only",
        _RECEIVES | _ON_PARTS | {"CreateMultipartUpload"},
        _refuse(*(f"cf-copy-destination-{name}" for name in _CONDITIONAL)),
    ),
    Rule(
        "conditions of AWS on what is deleted",
        f"{_API}, whose table has x-amz-if-match-last-modified-time only",
        _DELETES | {"AbortMultipartUpload"},
        _refuse("x-amz-if-match-size", "x-amz-if-match-initiated-time"),
    ),
    Rule(
        "appending to an object, or renaming it",
        f"{_API}, which has neither",
        frozenset({"PutObject"}),
        _refuse("x-amz-write-offset-bytes", "x-amz-rename-source"),
    ),
    Rule("MFA and lock bypass", _WSDK, _DELETES, _refuse("x-amz-mfa", "x-amz-bypass-governance-retention")),
    Rule(
        "KMS encryption",
        _WSDK,
        _CREATES,
        _refuse(
            "x-amz-server-side-encryption-aws-kms-key-id",
            "x-amz-server-side-encryption-context",
            "x-amz-server-side-encryption-bucket-key-enabled",
        ),
    ),
    Rule("encryption at rest is AES256", _WSDK, _CREATES, _server_side_encryption),
    Rule("customer's key", _WSDK, _ENCRYPTED, _customer_key),
    Rule("customer's key of a copy's source", _WSDK, _COPIES, _customer_key_of_source),
    Rule(
        "conditions of a part copy",
        "CFD r2/api/s3/api.mdx, corrected July 2026",
        frozenset({"UploadPartCopy"}),
        _refuse(*(f"x-amz-copy-source-{name}" for name in _CONDITIONAL)),
    ),
    Rule(
        "checksum types",
        "CFD r2/api/s3/api.mdx, checksum types",
        frozenset({"CreateMultipartUpload"}),
        _full_object_checksum,
    ),
    Rule(
        "checksums of other algorithms",
        "CFD r2/api/s3/api.mdx, checksum types, does not have them",
        _RECEIVES | _WITH_DOCUMENT,
        _known_checksums,
    ),
    Rule("one checksum", "(R) vectordotdev/vector#23029, aws/aws-sdk-ruby#3174", _RECEIVES, _one_checksum),
    Rule(
        "hashes of a part",
        "(R) Alos-no/Cloudflare.NET#43, probed against R2",
        frozenset({"UploadPart"}),
        _refuse("x-amz-checksum-sha1", "x-amz-checksum-sha256"),
    ),
    Rule(
        "encryption of a part",
        "CFD r2/api/s3/api.mdx, UploadPart; WSDK .../s3/operations.worker.ts",
        frozenset({"UploadPart"}),
        _refuse("x-amz-server-side-encryption"),
    ),
    Rule("key length", _LIMITS, _ON_KEYS, _key_length),
    Rule("metadata size", _LIMITS, _CREATES, _metadata_size),
    Rule("upload size", _LIMITS, _RECEIVES, _upload_size),
)


def _by_operation(rules: Iterable[Rule]) -> Callable[[str], tuple[Rule, ...]]:
    cache: dict[str, tuple[Rule, ...]] = {}

    def find(name: str) -> tuple[Rule, ...]:
        if name not in cache:
            cache[name] = tuple(rule for rule in rules if rule.concerns(name))
        return cache[name]

    return find


_rules_of = _by_operation(RULES)


def check_rules(context: Context) -> None:
    """Applies the rules of an operation in the order of the table.

    Raises:
        S3Error: The first refusal.
    """
    for rule in _rules_of(context.operation.name):
        rule.check(context)
