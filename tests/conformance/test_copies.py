"""Server-side copies."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from tests.conformance.area import Area, refusal, status

STORED: dict[str, Any] = {
    "ContentType": "video/mp4",
    "CacheControl": "no-cache",
    "Expires": datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC),
}
PART = 5 * 1024 * 1024


def test_copy_keeps_everything(area: Area) -> None:
    """A copy has the bytes, the content headers and the metadata of its source."""
    area.put("source", b"hello", Metadata={"db-version": "7"}, **STORED)
    area.copy("source", "destination")
    answer = area.head("destination")
    assert area.get("destination") == b"hello"
    assert {name: answer[name] for name in STORED} == STORED
    assert answer["Metadata"] == {"db-version": "7"}


def test_copy_etag(area: Area) -> None:
    """The copy of an object that was put in one piece has the same ETag."""
    etag = area.put("source", b"hello")
    assert area.copy("source", "destination")["ETag"] == etag


def test_copy_of_missing(area: Area) -> None:
    """A copy of a missing source is 404 NoSuchKey."""
    assert refusal(lambda: area.copy("missing", "destination")) == (404, "NoSuchKey")


def test_copy_of_odd_name(area: Area) -> None:
    """A source whose key has spaces, percent signs or any script is found."""
    area.put("a b/%41+ü日本.mp4", b"hello")
    area.copy("a b/%41+ü日本.mp4", "destination")
    assert area.get("destination") == b"hello"


def test_replace_directive(area: Area) -> None:
    """With MetadataDirective REPLACE the copy has only what the request gives."""
    area.put("source", Metadata={"old": "1"}, **STORED)
    area.copy(
        "source", "destination", MetadataDirective="REPLACE", Metadata={"new": "2"}, ContentType="image/png"
    )
    answer = area.head("destination")
    assert (answer["Metadata"], answer["ContentType"]) == ({"new": "2"}, "image/png")


def test_replace_onto_itself(area: Area) -> None:
    """An object may be copied onto itself with REPLACE, which is how its metadata is changed."""
    area.put("object", b"hello", Metadata={"old": "1"})
    area.copy("object", "object", MetadataDirective="REPLACE", Metadata={"new": "2"})
    assert (area.head("object")["Metadata"], area.get("object")) == ({"new": "2"}, b"hello")


def test_merge_directive(area: Area) -> None:
    """With R2's own directive MERGE the copy keeps the source's metadata and replaces what the request gives."""
    area.put("source", Metadata={"kept": "1", "changed": "1"})
    headers = {"x-amz-metadata-directive": "MERGE"}
    area.copy("source", "destination", headers, Metadata={"changed": "2", "added": "3"})
    assert area.head("destination")["Metadata"] == {"kept": "1", "changed": "2", "added": "3"}


def test_copy_of_multipart(area: Area) -> None:
    """A multipart object is copied whole."""
    upload = area.start_upload("source")
    parts = [upload.part(1, b"a" * PART), upload.part(2, b"b")]
    upload.complete(parts)
    area.copy("source", "destination")
    assert hashlib.sha256(area.get("destination")).digest() == hashlib.sha256(b"a" * PART + b"b").digest()


def test_part_copy(area: Area) -> None:
    """A part may be copied from a range of another object."""
    area.put("source", b"0123456789")
    upload = area.start_upload("destination")
    answer = area.s3.upload_part_copy(
        CopySource={"Bucket": area.bucket, "Key": area.key("source")},
        CopySourceRange="bytes=2-4",
        PartNumber=1,
        **upload.address,
    )
    upload.complete([{"PartNumber": 1, "ETag": answer["CopyPartResult"]["ETag"]}])
    assert area.get("destination") == b"234"


def test_part_copy_beyond_the_end(area: Area) -> None:
    """A copied range that ends behind its source ends with it."""
    area.put("source", b"0123456789")
    upload = area.start_upload("destination")
    answer = area.s3.upload_part_copy(
        CopySource={"Bucket": area.bucket, "Key": area.key("source")},
        CopySourceRange="bytes=7-99",
        PartNumber=1,
        **upload.address,
    )
    upload.complete([{"PartNumber": 1, "ETag": answer["CopyPartResult"]["ETag"]}])
    assert area.get("destination") == b"789"


def test_condition_on_part_copy(area: Area) -> None:
    """A condition on UploadPartCopy is 501 NotImplemented, even one that holds."""
    etag = area.put("source")
    upload = area.start_upload("destination")
    source = {"Bucket": area.bucket, "Key": area.key("source")}
    answer = status(
        lambda: area.s3.upload_part_copy(
            CopySource=source,  # type: ignore[arg-type]
            CopySourceIfMatch=etag,
            PartNumber=1,
            **upload.address,
        )
    )
    assert answer == 501
