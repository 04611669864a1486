"""Questions that R2's documents and its users' reports leave open: what the local R2 answers, until R2 has been asked.

On a live store the outcome is reported and does not fail the run; everywhere else it counts like any other. What would
change the configuration of a bucket (lifecycle rules, CORS) is not asked of one that is in use.
"""

import pytest

from tests.conformance.area import Area, extra_headers, fetch, presigned, refusal, status
from tests.conformance.stores import Store


@pytest.mark.to_be_seen(
    "it worked on a bucket (oven-sh/bun#25963); ignored (gurenjs/guren#571), as by the simulator"
)
def test_response_headers(area: Area) -> None:
    """A presigned GET may name the file that it downloads, with response-content-disposition."""
    area.put("object")
    named = 'attachment; filename="a.txt"'
    address = {"Bucket": area.bucket, "Key": area.key("object"), "ResponseContentDisposition": named}
    url = area.s3.generate_presigned_url("get_object", address)
    assert fetch(url).headers["Content-Disposition"] == named


@pytest.mark.to_be_seen("206 in the simulator; it has no effect (S3 API compatibility, HeadObject)")
def test_head_with_range(area: Area) -> None:
    """HEAD with a range is 206, as GET is."""
    area.put("object", b"0123456789")
    answer = area.head("object", Range="bytes=2-4")
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["ContentLength"]) == (206, 3)


@pytest.mark.to_be_seen(
    "a note in the simulator says that R2 sends it; ListObjects has no fetch-owner (S3 API compatibility)"
)
def test_owner_in_the_first_listing(area: Area) -> None:
    """The first version of the listing names no owner."""
    area.put("object")
    (entry,) = area.s3.list_objects(Bucket=area.bucket, Prefix=area.prefix)["Contents"]
    assert "Owner" not in entry


@pytest.mark.to_be_seen("not implemented (S3 API compatibility); the simulator does not look at it")
def test_requester_pays(area: Area) -> None:
    """The header x-amz-request-payer is 501 NotImplemented."""
    area.put("object")
    assert status(lambda: area.head("object", RequestPayer="requester")) == 501


@pytest.mark.to_be_seen(
    "inferred from the body (release notes of 2022-08-06); application/octet-stream in the simulator"
)
def test_content_type_of_a_body(area: Area) -> None:
    """An object that was put without a Content-Type has application/octet-stream, whatever its body."""
    area.put("object", b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    assert area.head("object")["ContentType"] == "application/octet-stream"


@pytest.mark.to_be_seen("no error (release notes of 2022-06-10); an unknown id is 404 in the simulator")
def test_second_abort(area: Area) -> None:
    """A second abort of an upload is 404 NoSuchUpload."""
    upload = area.start_upload("object")
    area.s3.abort_multipart_upload(**upload.address)
    assert refusal(lambda: area.s3.abort_multipart_upload(**upload.address)) == (404, "NoSuchUpload")


@pytest.mark.to_be_seen("AWS names it; R2's pages are silent")
def test_checksum_in_the_answer_of_a_completion(area: Area) -> None:
    """The answer to a completion names no checksum of the object."""
    upload = area.start_upload("object", ChecksumAlgorithm="CRC32")
    answer = upload.complete([upload.part(1, b"body")])
    assert not [name for name in answer if name.startswith("Checksum")]


@pytest.mark.to_be_seen("AWS refuses with 412; not in R2's table (S3 API compatibility, DeleteObject)")
def test_condition_on_a_delete(area: Area) -> None:
    """If-Match on a delete is ignored."""
    area.put("object")
    area.s3.delete_object(Bucket=area.bucket, Key=area.key("object"), IfMatch='"0"')
    assert area.names() == []


@pytest.mark.to_be_seen("AWS answers 416, Ceph's suite wants 400; R2's pages are silent")
def test_part_that_is_not_there(area: Area) -> None:
    """GET with the number of a part that an object does not have is 416."""
    area.put("object")
    assert status(lambda: area.get("object", PartNumber=2)) == 416


@pytest.mark.to_be_seen("reported of R2 without a source that shows it")
def test_upload_id_of_another_listing(area: Area) -> None:
    """An upload has another id in each listing, and each of them works."""
    area.start_upload("object")
    shown = [
        area.s3.list_multipart_uploads(Bucket=area.bucket, Prefix=area.prefix)["Uploads"][0]["UploadId"]
        for _ in range(2)
    ]
    area.s3.abort_multipart_upload(Bucket=area.bucket, Key=area.key("object"), UploadId=shown[0])
    assert shown[0] != shown[1]


@pytest.mark.to_be_seen("keys are UTF-8 (limits); no page names the answer to one that is not")
def test_key_of_invalid_bytes(area: Area, store: Store) -> None:
    """A key that is not UTF-8 is 400."""
    assert presigned(area, store, "PUT", f"{area.prefix}%FF", b"body").status == 400


@pytest.mark.to_be_seen(
    "R2's table does not have them (S3 API compatibility, checksum types); unknown headers are ignored"
)
@pytest.mark.parametrize("algorithm", ["md5", "sha512"])
def test_checksum_of_another_algorithm(area: Area, algorithm: str) -> None:
    """A checksum of an algorithm that R2 does not know is 501 NotImplemented."""
    assert status(lambda: area.put("object", headers={f"x-amz-checksum-{algorithm}": "AAAA"})) == 501


@pytest.mark.to_be_seen("none on AWS; in 2025 R2 showed the whole object's (cloudflare-docs#20014)")
def test_checksum_of_a_range(area: Area) -> None:
    """The answer to a range shows no checksum of the whole object."""
    area.put("object", b"0123456789", ChecksumAlgorithm="CRC32")
    address = {"Bucket": area.bucket, "Key": area.key("object")}
    answer = area.s3.get_object(Range="bytes=0-4", ChecksumMode="ENABLED", **address)  # type: ignore[arg-type]
    assert "ChecksumCRC32" not in answer


@pytest.mark.to_be_seen("R2 compares checksums that SDKs move into a URL; nobody reports of metadata there")
def test_metadata_in_a_url(area: Area, store: Store) -> None:
    """Metadata in the query of a presigned PUT is kept."""
    asked = f"{area.prefix}object?x-amz-meta-a=b"
    assert (presigned(area, store, "PUT", asked, b"body").status, area.head("object")["Metadata"]) == (
        200,
        {"a": "b"},
    )


@pytest.mark.to_be_seen("501 when it was tried (Alos-no/Cloudflare.NET#43); R2's table has composite SHA-256")
def test_hash_of_a_part(area: Area) -> None:
    """A part with x-amz-checksum-sha256 is 501 NotImplemented."""
    upload = area.start_upload("object", ChecksumAlgorithm="SHA256")
    sha256 = "Iw2DWNyOiJC0xY3utikS7i8gNXrpKlzIYbmOaP4xrLU="
    headers = {"x-amz-checksum-sha256": sha256}
    with extra_headers(area.s3, "UploadPart", headers):
        assert status(lambda: upload.part(1, b"body")) == 501


@pytest.mark.to_be_seen(
    "reads and deletes that name a version are 501 (reports of rclone's users); a batch is not reported"
)
def test_version_in_a_batch(area: Area) -> None:
    """A batch delete that names a version is 501 NotImplemented."""
    area.put("object")
    objects = [{"Key": area.key("object"), "VersionId": "0" * 32}]
    delete = {"Objects": objects}
    assert status(lambda: area.s3.delete_objects(Bucket=area.bucket, Delete=delete)) == 501  # type: ignore[arg-type]


@pytest.mark.to_be_seen("the listings of objects and buckets refuse them; of this one no source was found")
def test_unknown_parameter_of_a_listing_of_uploads(area: Area, store: Store) -> None:
    """A listing of uploads with a parameter that it does not have is 501 NotImplemented."""
    assert presigned(area, store, "GET", "?uploads&foo=1").status == 501
