"""Multipart uploads."""

import hashlib
from urllib.parse import quote

import pytest

from tests.conformance.area import Area, extra_headers, refusal, status

PART = 5 * 1024 * 1024


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def test_upload(area: Area) -> None:
    """The object is its parts in order; its ETag is the MD5 of the parts' MD5s, a dash and their number."""
    first, last = b"a" * PART, b"the end"
    upload = area.start_upload("object", ContentType="video/mp4", Metadata={"k": "v"})
    parts = [upload.part(1, first), upload.part(2, last)]
    answer = upload.complete(parts)
    head = area.head("object")
    assert answer["ETag"] == f'"{_md5(_md5(first) + _md5(last)).hex()}-2"'
    assert (head["ContentLength"], head["ContentType"], head["Metadata"]) == (
        PART + 7,
        "video/mp4",
        {"k": "v"},
    )


def test_part_uploaded_twice(area: Area) -> None:
    """A part that is uploaded again replaces the first."""
    upload = area.start_upload("object")
    upload.part(1, b"first")
    upload.complete([upload.part(1, b"second")])
    assert area.get("object") == b"second"


def test_parts_in_any_order(area: Area) -> None:
    """A completion may name its parts in any order."""
    upload = area.start_upload("object")
    parts = [upload.part(1, b"a" * PART), upload.part(2, b"b")]
    upload.complete(parts[::-1])
    assert area.get("object") == b"a" * PART + b"b"


def test_part_named_twice(area: Area) -> None:
    """A completion that names a part twice is 400 InvalidPart."""
    upload = area.start_upload("object")
    part = upload.part(1, b"body")
    assert refusal(lambda: upload.complete([part, part])) == (400, "InvalidPart")


def test_invisible_before_completion(area: Area) -> None:
    """An open upload is not an object."""
    upload = area.start_upload("object")
    upload.part(1, b"body")
    assert (area.names(), status(lambda: area.head("object"))) == ([], 404)


def test_unequal_parts(area: Area) -> None:
    """Parts of unequal size, the last one aside, are 400 InvalidPart."""
    upload = area.start_upload("object")
    parts = [upload.part(1, b"a" * PART), upload.part(2, b"b" * (PART + 1)), upload.part(3, b"c")]
    assert refusal(lambda: upload.complete(parts)) == (400, "InvalidPart")


def test_last_part_larger(area: Area) -> None:
    """A last part that is larger than the others is 400 InvalidPart."""
    upload = area.start_upload("object")
    parts = [upload.part(1, b"a" * PART), upload.part(2, b"b" * (PART + 1))]
    assert refusal(lambda: upload.complete(parts)) == (400, "InvalidPart")


def test_small_part(area: Area) -> None:
    """A part under 5 MiB that is not the last is 400 EntityTooSmall."""
    upload = area.start_upload("object")
    parts = [upload.part(1, b"a"), upload.part(2, b"b")]
    assert refusal(lambda: upload.complete(parts)) == (400, "EntityTooSmall")


def test_wrong_part_etag(area: Area) -> None:
    """A completion that names another ETag for a part is 400 InvalidPart."""
    upload = area.start_upload("object")
    upload.part(1, b"a")
    wrong = [{"PartNumber": 1, "ETag": '"00000000000000000000000000000000"'}]
    assert refusal(lambda: upload.complete(wrong)) == (400, "InvalidPart")


def test_part_number_10001(area: Area) -> None:
    """Part number 10,001 is refused."""
    upload = area.start_upload("object")
    assert status(lambda: upload.part(10_001, b"a")) == 400


def test_abort(area: Area) -> None:
    """After an abort the upload is unknown."""
    upload = area.start_upload("object")
    entry = upload.part(1, b"a")
    area.s3.abort_multipart_upload(**upload.address)
    assert refusal(lambda: upload.complete([entry])) == (404, "NoSuchUpload")


def test_conditional_completion(area: Area) -> None:
    """A completion with If-None-Match: * is refused when the object exists, which stays as it was."""
    upload = area.start_upload("object")
    entry = upload.part(1, b"from parts")
    area.put("object", b"from a put")
    assert refusal(lambda: upload.complete([entry], IfNoneMatch="*")) == (412, "PreconditionFailed")
    assert area.get("object") == b"from a put"


def test_refused_completion_ends_the_upload(area: Area) -> None:
    """After a completion that a condition refused, the upload cannot be completed any more."""
    upload = area.start_upload("object")
    entry = upload.part(1, b"from parts")
    area.put("object", b"from a put")
    refusal(lambda: upload.complete([entry], IfNoneMatch="*"))
    assert refusal(lambda: upload.complete([entry])) == (404, "NoSuchUpload")


@pytest.mark.to_be_seen(
    "implemented (release notes of 2023-03-16); the simulator says that R2 reports it as not implemented"
)
def test_list_parts(area: Area) -> None:
    """ListParts names each part with its size."""
    upload = area.start_upload("object")
    upload.part(1, b"a" * 10)
    upload.part(3, b"b" * 20)
    listed = area.s3.list_parts(**upload.address)["Parts"]
    assert [(part["PartNumber"], part["Size"]) for part in listed] == [(1, 10), (3, 20)]


def test_list_uploads(area: Area) -> None:
    """ListMultipartUploads names the open uploads under a prefix."""
    area.start_upload("one")
    area.start_upload("two")
    listed = area.s3.list_multipart_uploads(Bucket=area.bucket, Prefix=area.prefix)["Uploads"]
    assert sorted(upload["Key"] for upload in listed) == [area.key("one"), area.key("two")]


def test_read_one_part(area: Area) -> None:
    """GET with a part number returns that part."""
    upload = area.start_upload("object")
    upload.complete([upload.part(1, b"a" * PART), upload.part(2, b"the end")])
    assert area.get("object", PartNumber=2) == b"the end"


def test_condition_at_the_beginning(area: Area) -> None:
    """An upload that begins with If-None-Match: * is refused when the object exists."""
    area.put("object")
    with extra_headers(area.s3, "CreateMultipartUpload", {"if-none-match": "*"}):
        assert refusal(lambda: area.start_upload("object")) == (412, "PreconditionFailed")


def test_encryption_of_a_part(area: Area) -> None:
    """A part with x-amz-server-side-encryption is 501 NotImplemented, even AES256."""
    upload = area.start_upload("object")
    with extra_headers(area.s3, "UploadPart", {"x-amz-server-side-encryption": "AES256"}):
        assert refusal(lambda: upload.part(1, b"body")) == (501, "NotImplemented")


def test_location(area: Area) -> None:
    """A completion names the URL of the object, with the whole key percent-encoded."""
    upload = area.start_upload("a b")
    location = upload.complete([upload.part(1, b"body")])["Location"]
    path = f"/{area.bucket}/{quote(area.key('a b'), safe='')}"
    assert (location.startswith("http"), location.endswith(path)) == (True, True)


def test_wrong_checksum_of_the_object(area: Area) -> None:
    """A completion that declares another CRC64NVME than the object has is 400 BadDigest."""
    upload = area.start_upload("object", ChecksumAlgorithm="CRC64NVME")
    part = upload.part(1, b"body")
    wrong = {"x-amz-checksum-crc64nvme": "AAAAAAAAAAA="}
    with extra_headers(area.s3, "CompleteMultipartUpload", wrong):
        assert refusal(lambda: upload.complete([part])) == (400, "BadDigest")
