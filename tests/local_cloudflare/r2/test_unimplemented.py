"""What R2 does not have, and says so: 501 with a text that names it."""

from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.operations.rules import RULES
from local_cloudflare.r2.routes import OPERATIONS

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

ACCOUNT = "0123456789abcdef0123456789abcdef"
COPY = {"x-amz-copy-source": "/source/key"}
PART_COPY = "?partNumber=1&uploadId=u"


@pytest.mark.parametrize(
    ("method", "query", "headers", "name"),
    [
        ("PUT", "", {"x-amz-tagging": "a=b"}, "x-amz-tagging"),
        ("POST", "?uploads", {"x-amz-tagging": "a=b"}, "x-amz-tagging"),
        ("PUT", "", COPY | {"x-amz-tagging-directive": "COPY"}, "x-amz-tagging-directive"),
        ("PUT", "", COPY | {"x-amz-checksum-algorithm": "SHA256"}, "x-amz-checksum-algorithm"),
        ("PUT", "", COPY | {"x-amz-source-expected-bucket-owner": "1"}, "x-amz-source-expected-bucket-owner"),
        ("PUT", "", {"x-amz-acl": "log-delivery-write"}, "x-amz-acl"),
        ("PUT", "", {"x-amz-grant-read": "id=1"}, "x-amz-grant-read"),
        ("PUT", "", {"x-amz-website-redirect-location": "/"}, "x-amz-website-redirect-location"),
        ("PUT", "", {"x-amz-object-lock-mode": "GOVERNANCE"}, "x-amz-object-lock-mode"),
        ("PUT", "", {"x-amz-server-side-encryption": "aws:kms"}, "x-amz-server-side-encryption"),
        ("PUT", "", COPY | {"if-none-match": "*"}, "if-none-match"),
        ("PUT", "", COPY | {"if-match": '"0"'}, "if-match"),
        ("PUT", "", COPY | {"if-unmodified-since": "now"}, "if-unmodified-since"),
        ("PUT", "", {"x-amz-write-offset-bytes": "5"}, "x-amz-write-offset-bytes"),
        *(
            (
                method,
                query,
                headers | {"cf-copy-destination-if-none-match": "*"},
                "cf-copy-destination-if-none-match",
            )
            for method, query, headers in (
                ("PUT", "", {}),
                ("POST", "?uploads", {}),
                ("PUT", PART_COPY, {}),
                ("PUT", PART_COPY, COPY),
                ("POST", "?uploadId=u", {}),
            )
        ),
        ("PUT", "?renameObject", {"x-amz-rename-source": "other"}, "x-amz-rename-source"),
        ("PUT", "", {"x-amz-object-lock-event-hold": "ON"}, "x-amz-object-lock-event-hold"),
        ("DELETE", "", {"x-amz-if-match-size": "5"}, "x-amz-if-match-size"),
        ("DELETE", "?uploadId=u", {"x-amz-if-match-initiated-time": "now"}, "x-amz-if-match-initiated-time"),
        ("DELETE", "", {"x-amz-mfa": "1 2"}, "x-amz-mfa"),
        ("DELETE", "", {"x-amz-bypass-governance-retention": "true"}, "x-amz-bypass-governance-retention"),
        ("GET", "", {"x-amz-expected-bucket-owner": "1"}, "x-amz-expected-bucket-owner"),
        ("GET", "", {"x-amz-request-payer": "requester"}, "x-amz-request-payer"),
        ("PUT", PART_COPY, COPY | {"x-amz-copy-source-if-match": "a"}, "x-amz-copy-source-if-match"),
        (
            "PUT",
            PART_COPY,
            COPY | {"x-amz-copy-source-if-none-match": "a"},
            "x-amz-copy-source-if-none-match",
        ),
        ("POST", "?uploads", {"x-amz-checksum-type": "FULL_OBJECT"}, "x-amz-checksum-type"),
        (
            "PUT",
            "?partNumber=1&uploadId=u",
            {"x-amz-server-side-encryption": "AES256"},
            "x-amz-server-side-encryption",
        ),
        (
            "PUT",
            "?partNumber=1&uploadId=u",
            {"x-amz-server-side-encryption": "aws:kms"},
            "x-amz-server-side-encryption",
        ),
    ],
)
def test_headers_are_refused_by_name_and_value(
    r2: "LocalR2", bucket: str, method: str, query: str, headers: dict[str, str], name: str
) -> None:
    """Header 'x' with value 'y' not implemented."""
    r2.send("PUT", f"/{bucket}/key", body=b"there")
    own = {key: value.replace("/source/", f"/{bucket}/") for key, value in headers.items()}
    reply = r2.send(method, f"/{bucket}/key{query}", headers=own)
    value = headers[name].replace('"', "&quot;")
    text = f"Header &apos;{name}&apos; with value &apos;{value}&apos; not implemented"
    assert reply.status == 501
    assert f"<Code>NotImplemented</Code><Message>{text}</Message>" in reply.body.decode()
    assert r2.send("GET", f"/{bucket}/key").body == b"there"


@pytest.mark.parametrize(
    ("method", "target", "header", "status"),
    [
        ("GET", "?uploads", "x-amz-expected-bucket-owner", 200),
        ("DELETE", "/key?uploadId={}", "x-amz-expected-bucket-owner", 204),
        ("GET", "?uploads", "x-amz-request-payer", 200),
        ("GET", "?location", "x-amz-request-payer", 200),
        ("GET", "?location", "x-amz-expected-bucket-owner", 501),
        ("GET", "?list-type=2", "x-amz-request-payer", 501),
        ("DELETE", "/key?uploadId={}", "x-amz-request-payer", 501),
        ("GET", "/key?uploadId={}", "x-amz-expected-bucket-owner", 501),
    ],
)
def test_a_header_is_refused_where_its_row_has_it(
    r2: "LocalR2", s3: Any, bucket: str, method: str, target: str, header: str, status: int
) -> None:
    """R2's table lists the owner and the payer of a bucket for each operation, not for all."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    assert r2.send(method, f"/{bucket}{target.format(upload)}", headers={header: "1"}).status == status


@pytest.mark.parametrize("acl", ["private", "public-read", "bucket-owner-full-control"])
def test_canned_acls_are_accepted_and_do_nothing(r2: "LocalR2", bucket: str, acl: str) -> None:
    """As is encryption with AES256, which is there anyway."""
    headers = {"x-amz-acl": acl, "x-amz-server-side-encryption": "AES256"}
    assert r2.send("PUT", f"/{bucket}/key", body=b"x", headers=headers).status == 200


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/key?tagging", "GetObjectTagging"),
        ("PUT", "/key?tagging", "PutObjectTagging"),
        ("GET", "/key?acl", "GetObjectAcl"),
        ("PUT", "/key?acl", "PutObjectAcl"),
        ("GET", "/key?attributes", "GetObjectAttributes"),
        ("PUT", "/key?retention", "PutObjectRetention"),
        ("PUT", "/key?legal-hold", "PutObjectLegalHold"),
        ("GET", "?versions", "ListObjectVersions"),
        ("GET", "?policy", "GetBucketPolicy"),
        ("GET", "?policyStatus", "GetGetBucketPolicyStatus"),
        ("GET", "?website", "GetBucketWebsite"),
        ("PUT", "?tagging", "PutBucketTagging"),
        ("PUT", "?object-lock", "PutObjectLockConfiguration"),
        ("PUT", "?policy", "PutBucketPolicy"),
        ("DELETE", "?policy", "DeleteBucketPolicy"),
        ("DELETE", "?replication", "DeleteBucketReplication"),
    ],
)
def test_operations_are_refused_by_name(
    r2: "LocalR2", bucket: str, method: str, path: str, name: str
) -> None:
    """Subresources that R2 recognises and does not have."""
    reply = r2.send(method, f"/{bucket}{path}")
    assert reply.status == 501
    assert f"<Message>{name} not implemented</Message>" in reply.body.decode()


def test_versions_are_refused_once_the_document_is_one(r2: "LocalR2", bucket: str) -> None:
    """R2 looks at the document first, and has no versions."""
    reply = r2.send("PUT", f"/{bucket}?versioning", body=b"<Wrong/>")
    assert (reply.status, b"<Code>MalformedXML</Code>" in reply.body) == (400, True)
    document = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    reply = r2.send("PUT", f"/{bucket}?versioning", body=document)
    assert reply.status == 501
    assert b"<Message>PutBucketVersioning not implemented</Message>" in reply.body


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("tagging", "NoSuchTagSet"),
        ("object-lock", "ObjectLockConfigurationNotFoundError"),
        ("replication", "ReplicationConfigurationNotFoundError"),
    ],
)
def test_some_configurations_never_exist(r2: "LocalR2", bucket: str, query: str, code: str) -> None:
    """R2 answers 404 for every bucket."""
    reply = r2.send("GET", f"/{bucket}?{query}")
    assert (reply.status, f"<Code>{code}</Code>" in reply.body.decode()) == (404, True)


def test_versioning_and_encryption_are_the_same_for_all(s3: Any, bucket: str) -> None:
    """None, and AES256."""
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def encryption(mode: str) -> dict[str, Any]:
    """The configuration of a bucket that encrypts in that mode."""
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": mode}}]}


def test_a_buckets_encryption_may_be_set_to_what_it_is(s3: Any, bucket: str) -> None:
    """And be deleted, after which it is the same."""
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=encryption("AES256"))
    s3.delete_bucket_encryption(Bucket=bucket)
    found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in found] == ["AES256"]


@pytest.mark.parametrize("mode", ["aws:kms", "aws:kms:dsse", "AES128"])
def test_a_bucket_encrypts_in_no_other_way(s3: Any, bucket: str, refused: Any, mode: str) -> None:
    """AES256 is the only value."""
    answer = refused(
        s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=encryption(mode)
    )
    assert answer == (
        400,
        "InvalidEncryptionAlgorithmError",
        "The encryption request that you specified is not valid. The valid value is AES256.",
    )


@pytest.mark.parametrize(
    ("inside", "beside", "status", "code"),
    [
        ("<KMSMasterKeyID>k</KMSMasterKeyID>", "", 400, "InvalidEncryptionAlgorithmError"),
        ("<SSEAlgorithm>aws:kms</SSEAlgorithm>", "", 400, "MalformedXML"),
        ("<Algorithm>aws:kms</Algorithm>", "", 400, "MalformedXML"),
        ("", "<BlockedEncryptionTypes/>", 501, "NotImplemented"),
    ],
)
def test_a_buckets_encryption_is_what_its_document_says(
    r2: "LocalR2", bucket: str, inside: str, beside: str, status: int, code: str
) -> None:
    """Answered with success, what is not read would be taken for set."""
    default = f"<SSEAlgorithm>AES256</SSEAlgorithm>{inside}"
    rule = f"<ApplyServerSideEncryptionByDefault>{default}</ApplyServerSideEncryptionByDefault>{beside}"
    body = f"<ServerSideEncryptionConfiguration><Rule>{rule}</Rule></ServerSideEncryptionConfiguration>"
    reply = r2.send("PUT", f"/{bucket}?encryption=", body=body.encode())
    assert (reply.status, f"<Code>{code}</Code>" in reply.body.decode()) == (status, True)


@pytest.mark.parametrize("body", [b"", b"<x/>", b"<ServerSideEncryptionConfiguration/>"])
def test_a_buckets_encryption_needs_a_rule(r2: "LocalR2", bucket: str, body: bytes) -> None:
    """Else it is malformed."""
    reply = r2.send("PUT", f"/{bucket}?encryption", body=body)
    assert (reply.status, b"<Code>MalformedXML</Code>" in reply.body) == (400, True)


def test_a_buckets_owner_may_do_everything_with_it(s3: Any, bucket: str) -> None:
    """The ACL of every bucket, as of a new one of S3."""
    acl = s3.get_bucket_acl(Bucket=bucket)
    [grant] = acl["Grants"]
    assert (acl["Owner"]["ID"], grant["Permission"]) == (ACCOUNT, "FULL_CONTROL")
    assert (grant["Grantee"]["ID"], grant["Grantee"]["Type"]) == (ACCOUNT, "CanonicalUser")


@pytest.mark.parametrize("action", ["get_bucket_acl", "delete_bucket_encryption"])
def test_a_bucket_that_is_not_there_has_none_of_it(s3: Any, refused: Any, action: str) -> None:
    """404 NoSuchBucket."""
    assert refused(getattr(s3, action), Bucket="not-there")[:2] == (404, "NoSuchBucket")


def test_every_rule_names_its_fact_and_real_operations() -> None:
    """The table can be read without the code."""
    known = {*OPERATIONS, "*"}
    for rule in RULES:
        assert rule.source.startswith(("CFD ", "WSDK ", "(R) ")), rule.name
        assert rule.operations | rule.exempt <= known, rule.name
    assert len({rule.name for rule in RULES}) == len(RULES)
