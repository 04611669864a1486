"""Multipart uploads: equal parts, conditions at completion, listings."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.operations.limits import MAX_SINGLE_BYTES, MIN_PART_BYTES, check_part_sizes
from local_cloudflare.r2.store.models import Upload
from tests.local_cloudflare.r2.uploads import begin, fill

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

MIB = 2**20


def kept(r2: "LocalR2", upload: dict[str, Any]) -> Upload:
    """The upload in the store."""
    bucket = r2.store.bucket(upload["Bucket"])
    assert bucket is not None
    found = r2.store.uploads.get(bucket.id, upload["Key"], upload["UploadId"])
    assert found is not None
    return found


def declare(r2: "LocalR2", upload: dict[str, Any], sizes: list[int]) -> dict[str, Any]:
    """Parts of any size, without their bytes."""
    for number, size in enumerate(sizes, 1):
        r2.store.declare_part(kept(r2, upload), number, size)
    return {"Parts": [{"PartNumber": number, "ETag": "0" * 32} for number in range(1, len(sizes) + 1)]}


def test_parts_become_one_object(s3: Any, bucket: str) -> None:
    """Its ETag is the MD5 of the parts' MD5s and their number; its metadata is that of the beginning."""
    upload = begin(s3, bucket, ContentType="video/mp4", Metadata={"a": "b"})
    bodies = [b"a" * 5 * MIB, b"b" * 5 * MIB, b"end"]
    done = s3.complete_multipart_upload(MultipartUpload=fill(s3, upload, bodies), **upload)
    digests = b"".join(hashlib.md5(body, usedforsecurity=False).digest() for body in bodies)
    assert done["ETag"] == f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-3"'
    found = s3.get_object(Bucket=bucket, Key="key")
    assert (found["ContentType"], found["Metadata"]) == ("video/mp4", {"a": "b"})
    assert found["Body"].read() == b"".join(bodies)
    part = s3.get_object(Bucket=bucket, Key="key", PartNumber=3)
    assert (part["Body"].read(), part["PartsCount"], part["ContentRange"]) == (
        b"end",
        3,
        "bytes 10485760-10485762/10485763",
    )


@pytest.mark.parametrize(
    ("key", "shown"),
    [("mp/obj.bin", "mp%2Fobj.bin"), ("a b+\u00e4~", "a%20b%2B%C3%A4~"), ("<&>", "%3C%26%3E")],
)
def test_a_completion_names_the_url_of_the_object(
    r2: "LocalR2", s3: Any, bucket: str, key: str, shown: str
) -> None:
    """Absolute, with the whole key percent-encoded: it can be asked for."""
    upload = begin(s3, bucket, key)
    location = s3.complete_multipart_upload(MultipartUpload=fill(s3, upload, [b"1"]), **upload)["Location"]
    assert location == f"{r2.server.endpoint}/{bucket}/{shown}"
    assert r2.send("GET", location.removeprefix(r2.server.endpoint)).body == b"1"


def test_a_completion_in_virtual_hosted_style_names_that_host(r2: "LocalR2", s3: Any, bucket: str) -> None:
    """The bucket stands there once."""
    upload = begin(s3, bucket, "a/b")
    fill(s3, upload, [b"1"])
    tag = s3.list_parts(**upload)["Parts"][0]["ETag"]
    part = f"<Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part>"
    body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()
    host = f"{bucket}.localhost:{r2.server.port}"
    target, headers = r2.sign(
        "POST", f"/a/b?uploadId={upload['UploadId']}", body=body, headers={"host": host}
    )
    reply = r2.send_raw("POST", target, body, headers)
    assert f"<Location>http://{host}/a%2Fb</Location>" in reply.body.decode()


def test_a_completed_upload_is_gone(s3: Any, bucket: str, refused: Any) -> None:
    """So is an aborted one: NoSuchUpload."""
    upload = begin(s3, bucket)
    parts = fill(s3, upload, [b"one"])
    s3.complete_multipart_upload(MultipartUpload=parts, **upload)
    gone = (404, "NoSuchUpload", "The specified multipart upload does not exist.")
    assert refused(s3.complete_multipart_upload, MultipartUpload=parts, **upload) == gone
    assert refused(s3.upload_part, PartNumber=1, Body=b"", **upload) == gone
    assert refused(s3.abort_multipart_upload, **upload) == gone
    assert refused(s3.list_parts, **upload) == gone


@pytest.mark.parametrize(
    ("sizes", "code", "message"),
    [
        ([5 * MIB, 6 * MIB, 1], "InvalidPart", "All non-trailing parts must have the same length."),
        ([5 * MIB, 6 * MIB], "InvalidPart", "All non-trailing parts must have the same length."),
        (
            [5 * MIB - 1, 1],
            "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed object size.",
        ),
    ],
)
def test_unequal_and_small_parts_are_refused(
    r2: "LocalR2", s3: Any, bucket: str, refused: Any, sizes: list[int], code: str, message: str
) -> None:
    """At completion, and the upload stays as it was."""
    upload = begin(s3, bucket)
    parts = declare(r2, upload, sizes)
    answer = refused(s3.complete_multipart_upload, MultipartUpload=parts, **upload)
    assert answer == (400, code, message)
    assert len(s3.list_parts(**upload)["Parts"]) == len(sizes)


@pytest.mark.parametrize("sizes", [[1], [5 * MIB, 5 * MIB], [5 * MIB, 5 * MIB, 1], [0], [5 * MIB, 0]])
def test_the_last_part_may_be_of_any_smaller_size(sizes: list[int]) -> None:
    """Down to nothing, and a single part too."""
    check_part_sizes(sizes)


def test_ten_thousand_large_parts_exceed_an_object(r2: "LocalR2", s3: Any, bucket: str, refused: Any) -> None:
    """5 TiB minus 5 GiB is the most."""
    upload = begin(s3, bucket)
    parts = declare(r2, upload, [MAX_SINGLE_BYTES] * 1025)
    answer = refused(s3.complete_multipart_upload, MultipartUpload=parts, **upload)
    assert answer[:2] == (400, "EntityTooLarge")


def test_a_part_of_part_copies_is_held_to_the_same_rule(
    r2: "LocalR2", s3: Any, bucket: str, refused: Any
) -> None:
    """Equal sizes also for UploadPartCopy, whose range and size are checked."""
    found = r2.store.bucket(bucket)
    assert found is not None
    r2.store.declare_object(found, "large", 12 * MIB)
    source = {"CopySource": {"Bucket": bucket, "Key": "large"}}
    upload = begin(s3, bucket)

    def copy(number: int, first: int, length: int) -> dict[str, Any]:
        cut = f"bytes={first}-{first + length - 1}"
        part = s3.upload_part_copy(PartNumber=number, CopySourceRange=cut, **source, **upload)
        return {"PartNumber": number, "ETag": part["CopyPartResult"]["ETag"]}

    parts = [copy(1, 0, 5 * MIB), copy(2, 5 * MIB, 6 * MIB), copy(3, 11 * MIB, MIB)]
    answer = refused(s3.complete_multipart_upload, MultipartUpload={"Parts": parts}, **upload)
    assert answer[:2] == (400, "InvalidPart")
    parts[1] = copy(2, 5 * MIB, 5 * MIB)
    s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)
    assert s3.head_object(Bucket=bucket, Key="key")["ContentLength"] == 11 * MIB


def test_a_failed_condition_ends_the_upload(s3: Any, bucket: str, refused: Any) -> None:
    """R2 treats it as aborted (release notes 2023-08-11)."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"there")
    upload = begin(s3, bucket)
    complete = {"MultipartUpload": fill(s3, upload, [b"new"]), **upload}
    assert refused(s3.complete_multipart_upload, IfNoneMatch="*", **complete)[:2] == (
        412,
        "PreconditionFailed",
    )
    assert refused(s3.complete_multipart_upload, **complete)[:2] == (404, "NoSuchUpload")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"there"


def test_a_failed_completion_leaves_no_file(own: "LocalR2", tmp_path: Path, refused: Any) -> None:
    """Neither of its parts nor of what would have been the object."""
    client, name = own.client(), own.bucket().name
    upload = begin(client, name)
    complete = {"MultipartUpload": fill(client, upload, [b"a" * 5 * MIB, b"small"]), **upload}
    assert refused(client.complete_multipart_upload, IfMatch='"x"', **complete)[0] == 412
    assert list((tmp_path / "r2" / "blobs").iterdir()) == []


def test_a_condition_that_holds_completes(s3: Any, bucket: str) -> None:
    """If-Match on what is there, If-None-Match on nothing."""
    upload = begin(s3, bucket)
    parts = fill(s3, upload, [b"1"])
    tag = s3.complete_multipart_upload(MultipartUpload=parts, IfNoneMatch="*", **upload)["ETag"]
    upload = begin(s3, bucket)
    s3.complete_multipart_upload(MultipartUpload=fill(s3, upload, [b"2"]), IfMatch=tag, **upload)
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"2"


def test_an_upload_shows_another_id_each_time(s3: Any, bucket: str) -> None:
    """As on R2: ids must not be compared, but all of them work."""
    upload = begin(s3, bucket)
    shown = [s3.list_multipart_uploads(Bucket=bucket)["Uploads"][0]["UploadId"] for _ in range(2)]
    assert len({upload["UploadId"], *shown}) == 3
    s3.abort_multipart_upload(**(upload | {"UploadId": shown[0]}))
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_uploads_are_listed_by_prefix_delimiter_and_page(s3: Any, bucket: str) -> None:
    """Every upload appears once, over pages of one."""
    for key in ("a/1", "a/2", "b", "b", "c"):
        begin(s3, bucket, key)
    pages = s3.get_paginator("list_multipart_uploads").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 1}
    )
    assert [upload["Key"] for page in pages for upload in page["Uploads"]] == ["a/1", "a/2", "b", "b", "c"]
    found = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [prefix["Prefix"] for prefix in found["CommonPrefixes"]] == ["a/"]
    assert [upload["Key"] for upload in found["Uploads"]] == ["b", "b", "c"]
    assert len(s3.list_multipart_uploads(Bucket=bucket, Prefix="a/")["Uploads"]) == 2


def test_common_prefixes_of_uploads_count_as_entries_of_a_page(s3: Any, bucket: str) -> None:
    """A page may end with one; the next begins behind all that it stands for."""
    for key in ("a/1", "a/2", "b/1", "c"):
        begin(s3, bucket, key)
    found, marker = list[str](), ""
    for _ in range(3):
        page = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/", MaxUploads=1, KeyMarker=marker)
        found += [prefix["Prefix"] for prefix in page.get("CommonPrefixes", ())]
        found += [upload["Key"] for upload in page.get("Uploads", ())]
        marker = page.get("NextKeyMarker", "")
    assert (found, page["IsTruncated"]) == (["a/", "b/", "c"], False)


def test_parts_are_listed_in_pages(s3: Any, bucket: str) -> None:
    """With number, size and tag."""
    upload = begin(s3, bucket)
    fill(s3, upload, [b"1", b"22", b"333"])
    pages = s3.get_paginator("list_parts").paginate(PaginationConfig={"PageSize": 2}, **upload)
    parts = [(part["PartNumber"], part["Size"]) for page in pages for part in page["Parts"]]
    assert parts == [(1, 1), (2, 2), (3, 3)]


def test_a_part_larger_than_allowed_is_refused_by_its_header(r2: "LocalR2", s3: Any, bucket: str) -> None:
    """Before its bytes are sent."""
    upload = begin(s3, bucket)["UploadId"]
    target = f"/{bucket}/key?partNumber=1&uploadId={upload}"
    _, headers = r2.sign("PUT", target, payload="UNSIGNED-PAYLOAD")
    headers |= {"Content-Length": str(MAX_SINGLE_BYTES + 1), "Expect": "100-continue"}
    reply = r2.send_raw("PUT", target, b"", headers)
    assert (reply.status, b"<Code>EntityTooLarge</Code>" in reply.body) == (400, True)


def test_the_smallest_part_is_five_mebibytes() -> None:
    """As R2 documents."""
    assert MIN_PART_BYTES == 5 * MIB


def test_a_completion_may_say_how_large_the_object_is(s3: Any, bucket: str, refused: Any) -> None:
    """AWS's MpuObjectSize: a part that is missing from the list is noticed, and the upload stays."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    named = {"Bucket": bucket, "Key": "key", "UploadId": upload}
    tag = s3.upload_part(**named, PartNumber=1, Body=b"four")["ETag"]
    complete = {**named, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": tag}]}}
    assert refused(s3.complete_multipart_upload, **complete, MpuObjectSize=5) == (
        400,
        "InvalidRequest",
        "The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: 4",
    )
    s3.complete_multipart_upload(**complete, MpuObjectSize=4)


def test_a_parts_checksum_of_another_algorithm_is_refused(s3: Any, bucket: str, refused: Any) -> None:
    """R2 has none of it, and one that is not compared would be taken on trust."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    named = {"Bucket": bucket, "Key": "key", "UploadId": upload}
    tag = s3.upload_part(**named, PartNumber=1, Body=b"four")["ETag"]
    part = {"PartNumber": 1, "ETag": tag, "ChecksumSHA512": "AAAA"}
    assert refused(s3.complete_multipart_upload, **named, MultipartUpload={"Parts": [part]}) == (
        501,
        "NotImplemented",
        "CompleteMultipartUpload ChecksumSHA512 not implemented",
    )


@pytest.mark.parametrize(
    "entries",
    [
        "<Part><PartNumber>1</PartNumber><PartNumber>2</PartNumber><ETag>{tag}</ETag></Part>",
        "<Part><PartNumber>1</PartNumber><ETag>{tag}</ETag><ETag>0</ETag></Part>",
        "<Part><PartNumber>1</PartNumber><ETag>{tag}<b/></ETag></Part>",
        "<Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part><part><PartNumber>2</PartNumber></part>",
        "<Part><PartNumber>1</PartNumber><ETag>{tag}</ETag><ChecksumSHA1/><ChecksumSHA1/></Part>",
    ],
)
def test_a_completion_that_is_not_understood_is_none(
    r2: "LocalR2", s3: Any, bucket: str, entries: str
) -> None:
    """Read in part, it would make an object without a part that its client meant."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    tag = s3.upload_part(Bucket=bucket, Key="key", UploadId=upload, PartNumber=1, Body=b"four")["ETag"]
    body = f"<CompleteMultipartUpload>{entries.format(tag=tag)}</CompleteMultipartUpload>"
    reply = r2.send("POST", f"/{bucket}/key?uploadId={upload}", body=body.encode())
    assert reply.status == 400
    assert b"<Code>MalformedXML</Code>" in reply.body
    assert len(s3.list_parts(Bucket=bucket, Key="key", UploadId=upload)["Parts"]) == 1
