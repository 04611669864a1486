"""Which parts a request names: their numbers, their order, and the range of a copied one."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.local_cloudflare.r2.uploads import begin, fill

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

MIB = 2**20


@pytest.mark.parametrize("last", [9, 10, 99, 2**64 - 1, 10**100])
def test_a_copied_range_ends_with_its_source(s3: Any, bucket: str, last: int) -> None:
    """R2 clamps an end beyond it."""
    s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    upload = begin(s3, bucket)
    s3.upload_part_copy(
        PartNumber=1, CopySource=f"{bucket}/source", CopySourceRange=f"bytes=3-{last}", **upload
    )
    assert s3.list_parts(**upload)["Parts"][0]["Size"] == 7


@pytest.mark.parametrize(
    ("cut", "answer"),
    [
        ("bytes=5-2", (400, "InvalidArgument", "x-amz-copy-source-range must be positive.")),
        ("bytes=99-2", (400, "InvalidArgument", "x-amz-copy-source-range must be positive.")),
        ("bytes=0-", (400, "InvalidArgument", "Invalid x-amz-copy-source-range: bytes=0-")),
        ("bytes=-5", (400, "InvalidArgument", "Invalid x-amz-copy-source-range: bytes=-5")),
        ("0-1", (400, "InvalidArgument", "Invalid x-amz-copy-source-range: 0-1")),
        ("bytes=0-1,3-4", (400, "InvalidArgument", "Invalid x-amz-copy-source-range: bytes=0-1,3-4")),
        ("bytes=10-11", (416, "InvalidRange", "The requested range is not satisfiable")),
    ],
)
def test_a_copied_range_must_be_one_inside_of_its_source(
    s3: Any, bucket: str, refused: Any, cut: str, answer: tuple[int, str, str]
) -> None:
    """First and last byte, in their order, the first of them in the source."""
    s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    upload = begin(s3, bucket)
    copy = {"CopySource": f"{bucket}/source", "CopySourceRange": cut}
    assert refused(s3.upload_part_copy, PartNumber=1, **copy, **upload) == answer


def test_parts_may_be_named_in_any_order(s3: Any, bucket: str) -> None:
    """R2 sorts them by their numbers (release notes 2024-01-26)."""
    upload = begin(s3, bucket)
    one, two, three = fill(s3, upload, [b"a" * 5 * MIB, b"b" * 5 * MIB, b"c"])["Parts"]
    s3.complete_multipart_upload(MultipartUpload={"Parts": [three, one, two]}, **upload)
    body = s3.get_object(Bucket=bucket, Key="key")["Body"].read()
    assert body == b"a" * 5 * MIB + b"b" * 5 * MIB + b"c"


MISSING_PART = "One or more of the specified parts could not be found."
REPEATED_PART = "There was a problem with the multipart upload."
MALFORMED = "The XML you provided was not well formed or did not validate against our published schema."


def test_parts_are_named_once_and_by_their_tags(s3: Any, bucket: str, refused: Any) -> None:
    """A wrong tag, a missing part, a repeated part and an empty list are refused."""
    upload = begin(s3, bucket)
    one = fill(s3, upload, [b"one"])["Parts"][0]
    for parts, answer in (
        ([one | {"ETag": "0" * 32}], (400, "InvalidPart", MISSING_PART)),
        ([one, {"PartNumber": 2, "ETag": one["ETag"]}], (400, "InvalidPart", MISSING_PART)),
        ([one, one], (400, "InvalidPart", REPEATED_PART)),
        ([one, {"PartNumber": 2, "ETag": "0" * 32}, one], (400, "InvalidPart", REPEATED_PART)),
        ([], (400, "MalformedXML", MALFORMED)),
    ):
        assert refused(s3.complete_multipart_upload, MultipartUpload={"Parts": parts}, **upload) == answer


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [
        ("0", "InvalidPart", MISSING_PART),
        ("-1", "InvalidPart", MISSING_PART),
        ("10001", "InvalidPart", MISSING_PART),
        ("1234567", "InvalidPart", MISSING_PART),
        ("9" * 5000, "InvalidPart", MISSING_PART),
        ("1.5", "MalformedXML", MALFORMED),
        ("abc", "MalformedXML", MALFORMED),
        ("", "MalformedXML", MALFORMED),
    ],
)
def test_a_named_part_out_of_range_does_not_exist(
    r2: "LocalR2", s3: Any, bucket: str, number: str, code: str, message: str
) -> None:
    """What is no integer is malformed."""
    upload = begin(s3, bucket)["UploadId"]
    part = f"<Part><PartNumber>{number}</PartNumber><ETag>{'0' * 32}</ETag></Part>"
    body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()
    reply = r2.send("POST", f"/{bucket}/key?uploadId={upload}", body=body)
    assert reply.status == 400
    assert f"<Code>{code}</Code><Message>{message}</Message>".encode() in reply.body


@pytest.mark.parametrize("number", ["0", "10001", "-1", "", "%20", "9999999"])
def test_part_numbers_go_to_ten_thousand(r2: "LocalR2", s3: Any, bucket: str, number: str) -> None:
    """Others are an invalid argument."""
    upload = begin(s3, bucket)["UploadId"]
    reply = r2.send("PUT", f"/{bucket}/key?partNumber={number}&uploadId={upload}", body=b"x")
    assert reply.status == 400
    assert b"Part number must be an integer between 1 and 10000, inclusive." in reply.body


@pytest.mark.parametrize("number", ["1", "01", "%201", "%20%20001"])
def test_part_numbers_may_be_padded(r2: "LocalR2", s3: Any, bucket: str, number: str) -> None:
    """With zeros, and with spaces before them."""
    upload = begin(s3, bucket)
    target = f"/{bucket}/key?partNumber={number}&uploadId={upload['UploadId']}"
    assert r2.send("PUT", target, body=b"x").status == 200
    assert [part["PartNumber"] for part in s3.list_parts(**upload)["Parts"]] == [1]


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE", "POST"])
@pytest.mark.parametrize("number", ["1.0", "abc", "1%20", "%2B1"])
def test_what_is_no_part_number_is_no_route(
    r2: "LocalR2", s3: Any, bucket: str, method: str, number: str
) -> None:
    """404 RouteNotFound, on every request about an upload."""
    upload = begin(s3, bucket)
    reply = r2.send(method, f"/{bucket}/key?partNumber={number}&uploadId={upload['UploadId']}", body=b"")
    assert (reply.status, b"<Code>RouteNotFound</Code>" in reply.body) == (404, True)
    assert "Parts" not in s3.list_parts(**upload)


@pytest.mark.parametrize("query", ["uploadId={upload}", "partNumber=1", "partNumber=abc"])
def test_a_part_without_number_or_upload_is_an_object(
    r2: "LocalR2", s3: Any, bucket: str, query: str
) -> None:
    """A plain PutObject, or CopyObject if it names a source."""
    upload = begin(s3, bucket)
    target = f"/{bucket}/key?{query.format(upload=upload['UploadId'])}"
    assert r2.send("PUT", target, body=b"not a part").status == 200
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"not a part"
    copied = r2.send("PUT", target.replace("/key?", "/copy?"), headers={"x-amz-copy-source": f"{bucket}/key"})
    assert b"<CopyObjectResult" in copied.body
    assert "Parts" not in s3.list_parts(**upload)
