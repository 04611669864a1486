"""What R2 does not implement is refused, not ignored."""

from collections.abc import Callable

import pytest
from mypy_boto3_s3 import S3Client

from tests.conformance.area import Area, send_payload, status
from tests.conformance.stores import Store

Call = Callable[[S3Client, str, str], object]

HEADERS: dict[str, Call] = {
    "x-amz-tagging": lambda s3, bucket, key: s3.put_object(Bucket=bucket, Key=key, Body=b"", Tagging="a=b"),
    "x-amz-acl that is not canned": lambda s3, bucket, key: s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=b"",
        ACL="made-up",  # type: ignore[arg-type]
    ),
    "x-amz-grant-read": lambda s3, bucket, key: s3.put_object(
        Bucket=bucket, Key=key, Body=b"", GrantRead='id="x"'
    ),
    "x-amz-object-lock-mode": lambda s3, bucket, key: s3.put_object(
        Bucket=bucket, Key=key, Body=b"", ObjectLockMode="GOVERNANCE"
    ),
    "x-amz-server-side-encryption: aws:kms": lambda s3, bucket, key: s3.put_object(
        Bucket=bucket, Key=key, Body=b"", ServerSideEncryption="aws:kms"
    ),
    "x-amz-website-redirect-location": lambda s3, bucket, key: s3.put_object(
        Bucket=bucket, Key=key, Body=b"", WebsiteRedirectLocation="/x"
    ),
    "x-amz-tagging-directive on a copy": lambda s3, bucket, key: s3.copy_object(
        Bucket=bucket, Key=key + "-copy", CopySource={"Bucket": bucket, "Key": key}, TaggingDirective="COPY"
    ),
    "x-amz-checksum-algorithm on a copy": lambda s3, bucket, key: s3.copy_object(
        Bucket=bucket,
        Key=key + "-copy",
        CopySource={"Bucket": bucket, "Key": key},
        ChecksumAlgorithm="SHA256",
    ),
}

OPERATIONS: dict[str, Call] = {
    "GetObjectTagging": lambda s3, bucket, key: s3.get_object_tagging(Bucket=bucket, Key=key),
    "PutObjectTagging": lambda s3, bucket, key: s3.put_object_tagging(
        Bucket=bucket, Key=key, Tagging={"TagSet": []}
    ),
    "GetObjectAcl": lambda s3, bucket, key: s3.get_object_acl(Bucket=bucket, Key=key),
    "GetObjectAttributes": lambda s3, bucket, key: s3.get_object_attributes(
        Bucket=bucket, Key=key, ObjectAttributes=["ETag"]
    ),
    "GetObjectRetention": lambda s3, bucket, key: s3.get_object_retention(Bucket=bucket, Key=key),
}


@pytest.mark.parametrize("header", HEADERS)
def test_header(area: Area, header: str) -> None:
    """A header that R2 does not implement is 501 NotImplemented."""
    area.put("object")
    assert status(lambda: HEADERS[header](area.s3, area.bucket, area.key("object"))) == 501


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operation(area: Area, operation: str) -> None:
    """An operation that R2 does not implement is 501 NotImplemented."""
    area.put("object")
    assert status(lambda: OPERATIONS[operation](area.s3, area.bucket, area.key("object"))) == 501


def test_acl_private_is_accepted(area: Area) -> None:
    """The canned ACL private is accepted and changes nothing."""
    area.put("object", b"hello", ACL="private")
    assert area.get("object") == b"hello"


@pytest.mark.parametrize("payload", ["PAYLOAD", "PAYLOAD-TRAILER"])
def test_signed_chunks(area: Area, store: Store, payload: str) -> None:
    """A body in signed chunks is 501 NotImplemented, and nothing is stored."""
    body = b"4;chunk-signature=" + b"0" * 64 + b"\r\nbody\r\n0;chunk-signature=" + b"0" * 64 + b"\r\n\r\n"
    answer = send_payload(area, store, "object", body, f"STREAMING-AWS4-HMAC-SHA256-{payload}")
    assert (answer.status, area.names()) == (501, [])
