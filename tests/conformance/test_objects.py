"""Objects: what is put is what is got."""

import base64
import hashlib
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.conformance.area import Area, refusal, status

ODD_NAMES = [
    "with space", "percent %41", "lone %", "plus+sign", "hash#", "question?", "quote'\"", "braces{}", "back\\slash",
    "ünïcode", "日本語", "emoji-🎬", "comma,semi;colon:", "equals=&amp;", "tilde~", "star*",
]  # fmt: skip


def test_put_then_get(area: Area) -> None:
    """GET returns the bytes that PUT stored."""
    area.put("object", b"hello")
    assert area.get("object") == b"hello"


def test_overwrite(area: Area) -> None:
    """A GET after an overwrite returns the new bytes."""
    area.put("object", b"old")
    area.put("object", b"new")
    assert area.get("object") == b"new"


def test_empty_object(area: Area) -> None:
    """An object may have no bytes."""
    area.put("empty", b"")
    assert (area.head("empty")["ContentLength"], area.get("empty")) == (0, b"")


def test_etag_is_md5(area: Area) -> None:
    """The ETag of a single PUT is the MD5 of the bytes."""
    assert area.put("object", b"hello") == f'"{hashlib.md5(b"hello", usedforsecurity=False).hexdigest()}"'


def test_get_missing(area: Area) -> None:
    """GET of a missing key is 404 NoSuchKey."""
    assert refusal(lambda: area.get("missing")) == (404, "NoSuchKey")


def test_head_missing(area: Area) -> None:
    """HEAD of a missing key is 404."""
    assert status(lambda: area.head("missing")) == 404


def test_missing_bucket(area: Area) -> None:
    """An object of a bucket that the caller cannot reach is 404 NoSuchBucket or 403 AccessDenied."""
    answer = refusal(lambda: area.s3.get_object(Bucket="no-such-bucket-here", Key="object"))
    assert answer in {(404, "NoSuchBucket"), (403, "AccessDenied")}


def test_delete_missing(area: Area) -> None:
    """DELETE of a missing key succeeds."""
    answer = area.s3.delete_object(Bucket=area.bucket, Key=area.key("missing"))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_delete(area: Area) -> None:
    """A deleted object is gone at once."""
    area.put("object")
    area.s3.delete_object(Bucket=area.bucket, Key=area.key("object"))
    assert status(lambda: area.head("object")) == 404


def test_headers_kept(area: Area) -> None:
    """Content headers and user metadata come back as they were put."""
    headers: dict[str, Any] = {
        "ContentType": "video/mp4", "CacheControl": "no-cache",
        "ContentDisposition": "inline", "ContentLanguage": "de",
    }  # fmt: skip
    area.put("object", Metadata={"db-version": "7", "ref_count": "2"}, **headers)
    answer = area.head("object")
    assert {name: answer[name] for name in headers} == headers
    assert answer["Metadata"] == {"db-version": "7", "ref_count": "2"}


def test_range(area: Area) -> None:
    """A range returns those bytes, with 206 and Content-Range."""
    area.put("object", b"0123456789")
    answer = area.s3.get_object(Bucket=area.bucket, Key=area.key("object"), Range="bytes=2-4")
    assert answer["Body"].read() == b"234"
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["ContentRange"]) == (206, "bytes 2-4/10")


def test_suffix_range(area: Area) -> None:
    """A suffix range returns the last bytes."""
    area.put("object", b"0123456789")
    assert area.get("object", Range="bytes=-3") == b"789"


def test_range_beyond_end(area: Area) -> None:
    """A range that begins after the end is 416 InvalidRange."""
    area.put("object", b"0123456789")
    assert refusal(lambda: area.get("object", Range="bytes=20-30")) == (416, "InvalidRange")


def test_wrong_content_md5(area: Area) -> None:
    """A body that does not match its Content-MD5 is 400 BadDigest, and nothing is stored."""
    assert refusal(lambda: area.put("object", b"hello", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==")) == (
        400,
        "BadDigest",
    )
    assert status(lambda: area.head("object")) == 404


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(area: Area, name: str) -> None:
    """Keys with spaces, percent signs, punctuation and any script survive byte for byte."""
    area.put(name, name.encode())
    assert (area.names(), area.get(name)) == ([name], name.encode())


def test_case_matters(area: Area) -> None:
    """Keys that differ only in case are two objects."""
    area.put("Object", b"upper")
    area.put("object", b"lower")
    assert (area.get("Object"), area.get("object")) == (b"upper", b"lower")


def test_nfc_and_nfd_are_one_object(area: Area) -> None:
    """The composed and the decomposed spelling of a key name the same object."""
    area.put("caf\u00e9", b"composed")
    assert area.get("cafe\u0301") == b"composed"


def test_key_of_1024_bytes(area: Area) -> None:
    """A key may have 1,024 bytes."""
    name = _name_of(area, 1024)
    area.put(name)
    assert area.get(name) == b"body"


def test_key_of_1025_bytes(area: Area) -> None:
    """A key of 1,025 bytes is refused."""
    assert status(lambda: area.put(_name_of(area, 1025))) == 400


def _name_of(area: Area, size: int) -> str:
    """A name whose full key has `size` bytes, in segments that a file system can hold too."""
    room = size - len(area.prefix.encode())
    text = "/".join(["x" * 200] * 6)
    return text[: room - 1] + "y"


def test_metadata_of_8192_bytes(area: Area) -> None:
    """User metadata may have 8,192 bytes."""
    area.put("object", Metadata={"k": "v" * 8000})
    assert area.head("object")["Metadata"] == {"k": "v" * 8000}


def test_metadata_over_8192_bytes(area: Area) -> None:
    """User metadata of more than 8,192 bytes is 400 MetadataTooLarge."""
    assert refusal(lambda: area.put("object", Metadata={"k": "v" * 8300})) == (400, "MetadataTooLarge")


def test_two_checksums(area: Area) -> None:
    """Two checksums on one upload, Content-MD5 being one, are 400 InvalidRequest."""
    body = b"body"
    md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    crc32 = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    answer = refusal(lambda: area.put("object", body, {"content-md5": md5, "x-amz-checksum-crc32": crc32}))
    assert answer == (400, "InvalidRequest")


def test_versions(area: Area) -> None:
    """A write shows a version, and a request that names it is 501 NotImplemented."""
    key = area.key("object")
    version = area.s3.put_object(Bucket=area.bucket, Key=key, Body=b"body")["VersionId"]
    calls: tuple[Callable[..., object], ...] = (area.s3.get_object, area.s3.delete_object)
    for call in calls:
        asked = partial(call, Bucket=area.bucket, Key=key, VersionId=version)
        assert refusal(asked) == (501, "NotImplemented")
    assert area.get("object") == b"body"


def test_content_encoding_of_two(area: Area) -> None:
    """A Content-Encoding of several codings comes back as it was sent."""
    area.put("object", ContentEncoding="deflate, gzip")
    assert area.head("object")["ContentEncoding"] == "deflate, gzip"


def test_range_beyond_all_numbers(area: Area) -> None:
    """A range may end at the largest number of 64 bits."""
    area.put("object", b"0123456789")
    assert area.get("object", Range=f"bytes=7-{2**64 - 1}") == b"789"
