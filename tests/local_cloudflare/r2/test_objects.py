"""Objects: keys and their spellings, headers, metadata, ranges."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2


def test_nfc_and_nfd_are_one_object(s3: Any, bucket: str) -> None:
    """A listing shows the last spelling that was uploaded."""
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    s3.put_object(Bucket=bucket, Key=composed, Body=b"1")
    s3.put_object(Bucket=bucket, Key=decomposed, Body=b"2")
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [decomposed]
    assert s3.get_object(Bucket=bucket, Key=composed)["Body"].read() == b"2"
    assert s3.list_objects_v2(Bucket=bucket, Prefix=composed)["KeyCount"] == 1
    s3.delete_object(Bucket=bucket, Key=composed)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize(
    "key",
    [
        "a//b",
        "/lead",
        "trail/",
        "a/../b",
        "./a",
        "..",
        "100%",
        "%20",
        "a b",
        "a+b",
        "#?&=",
        "<&>\"'",
        "\\",
        "\x01",
    ],
)
def test_keys_are_taken_as_they_are(r2: "LocalR2", s3: Any, bucket: str, key: str) -> None:
    """Nothing is cleaned, decoded twice or folded."""
    path = f"/{bucket}/{quote(key, safe='')}"
    assert r2.send("PUT", path, body=key.encode()).status == 200
    assert r2.send("GET", path).body == key.encode()
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


def test_a_key_that_is_not_utf8_is_refused(r2: "LocalR2", bucket: str) -> None:
    """InvalidObjectName."""
    reply = r2.send("GET", f"/{bucket}/%FF")
    assert (reply.status, b"<Code>InvalidObjectName</Code>" in reply.body) == (400, True)


def test_headers_and_metadata_come_back(s3: Any, bucket: str) -> None:
    """All six headers that R2 keeps."""
    given = {
        "ContentType": "text/html", "CacheControl": "max-age=1", "ContentDisposition": "inline",
        "ContentEncoding": "gzip", "ContentLanguage": "de", "Metadata": {"db-version": "7"},
    }  # fmt: skip
    s3.put_object(Bucket=bucket, Key="key", Body=b"x", Expires=datetime(2027, 1, 1, tzinfo=UTC), **given)
    head = s3.head_object(Bucket=bucket, Key="key")
    assert {name: head[name] for name in given} == given
    assert head["ExpiresString"] == "Fri, 01 Jan 2027 00:00:00 GMT"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("deflate, gzip", "deflate, gzip"),
        ("deflate,gzip", "deflate,gzip"),
        ("gzip ,  br", "gzip ,  br"),
        ("aws-chunked", None),
        ("aws-chunked, gzip", "gzip"),
        ("gzip,aws-chunked", "gzip"),
        ("AWS-Chunked, deflate, gzip", "deflate, gzip"),
        ("deflate, aws-chunked, gzip", "deflate, gzip"),
        ("x-aws-chunked", "x-aws-chunked"),
    ],
)
def test_a_content_encoding_is_kept_as_sent(r2: "LocalR2", bucket: str, sent: str, kept: str | None) -> None:
    """Only aws-chunked, the framing of an upload, is no property of the object."""
    r2.send("PUT", f"/{bucket}/key", body=b"x", headers={"content-encoding": sent})
    assert r2.send("HEAD", f"/{bucket}/key").headers.get("Content-Encoding") == kept


def test_a_missing_content_type_is_octet_stream(r2: "LocalR2", bucket: str) -> None:
    """As R2's S3 API answers."""
    r2.send("PUT", f"/{bucket}/key", body=b"x")
    assert r2.send("HEAD", f"/{bucket}/key").headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("plain", "plain"),
        ("=?UTF-8?B?w6TDtg==?=", "=?utf-8?b?w6TDtg==?="),
        ("=?utf-8?q?=C3=A4?= and =?utf-8?q?=C3=B6?=", "=?utf-8?b?w6QgYW5kIMO2?="),
        ("=?utf-8?b?Cg0K?=", "=?utf-8?q?_?="),
        ("=?utf-8?b?YWJj?=", "abc"),
        ("=?no-such-charset?b?YWJj?=", "=?no-such-charset?b?YWJj?="),
        ("=?utf-7?q?+2AA-?=", "=?utf-7?q?+2AA-?="),  # half of a surrogate pair
    ],
)
def test_metadata_is_decoded_and_encoded_by_rfc_2047(
    r2: "LocalR2", bucket: str, sent: str, stored: str
) -> None:
    """What is not plain ASCII goes over the wire encoded; line breaks become a space."""
    r2.send("PUT", f"/{bucket}/key", body=b"x", headers={"x-amz-meta-name": sent})
    assert r2.send("HEAD", f"/{bucket}/key").headers["x-amz-meta-name"] == stored


@pytest.mark.parametrize(
    ("header", "status", "body", "content_range"),
    [
        ("bytes=0-0", 206, b"0", "bytes 0-0/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=0-18446744073709551615", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=8-9999999999999999999999999999999999999999", 206, b"89", "bytes 8-9/10"),
        ("bytes=-18446744073709551615", 206, b"0123456789", "bytes 0-9/10"),
        (f"bytes=3-{'9' * 5000}", 206, b"3456789", "bytes 3-9/10"),
        (f"bytes={'0' * 5000}3-4", 206, b"34", "bytes 3-4/10"),
        ("bytes=18446744073709551615-", 416, None, None),
        ("bytes=18446744073709551616-18446744073709551615", 400, None, None),
        ("bytes=10-", 416, None, None),
        ("bytes=-0", 416, None, None),
        ("bytes=3-2", 400, None, None),
        ("bytes=0-1,3-4", 400, None, None),
        ("lines=1-2", 400, None, None),
    ],
)
def test_ranges(
    r2: "LocalR2", bucket: str, header: str, status: int, body: bytes | None, content_range: str | None
) -> None:
    """One range; several, and malformed ones, are an error instead of the whole body."""
    r2.send("PUT", f"/{bucket}/key", body=b"0123456789")
    reply = r2.send("GET", f"/{bucket}/key", headers={"range": header})
    assert (reply.status, reply.headers.get("Content-Range")) == (status, content_range)
    assert body is None or reply.body == body
    head = r2.send("HEAD", f"/{bucket}/key", headers={"range": header})
    assert (head.status, head.headers.get("Content-Range")) == (status, content_range)


def test_an_empty_object_has_no_range(r2: "LocalR2", bucket: str) -> None:
    """416, but the whole of it is there."""
    r2.send("PUT", f"/{bucket}/key")
    assert r2.send("GET", f"/{bucket}/key", headers={"range": "bytes=0-"}).status == 416
    assert r2.send("GET", f"/{bucket}/key").body == b""


@pytest.mark.parametrize("size", [64 * 1024, 64 * 1024 + 1, 3 * 2**20])
def test_bodies_of_any_size_are_kept_and_replaced(s3: Any, bucket: str, size: int) -> None:
    """Those above 64 KiB live in files; ranges of them too."""
    body = bytes(index % 251 for index in range(size))
    s3.put_object(Bucket=bucket, Key="key", Body=body)
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == body
    part = s3.get_object(Bucket=bucket, Key="key", Range=f"bytes={size - 10}-{size + 10}")["Body"].read()
    assert part == body[-10:]
    s3.put_object(Bucket=bucket, Key="key", Body=b"small")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"small"


def test_a_part_number_beyond_the_parts_is_no_range(s3: Any, bucket: str, refused: Any) -> None:
    """An object of one upload has part 1 only; with a range besides, it is a bad request."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"text")
    assert s3.get_object(Bucket=bucket, Key="key", PartNumber=1)["Body"].read() == b"text"
    assert refused(s3.get_object, Bucket=bucket, Key="key", PartNumber=2)[:2] == (416, "InvalidRange")
    both = {"PartNumber": 1, "Range": "bytes=0-1"}
    assert refused(s3.get_object, Bucket=bucket, Key="key", **both)[:2] == (400, "InvalidRequest")


def test_an_unknown_storage_class_is_refused(s3: Any, bucket: str, refused: Any) -> None:
    """R2 has two."""
    answer = refused(s3.put_object, Bucket=bucket, Key="key", Body=b"", StorageClass="GLACIER")
    assert answer == (400, "InvalidStorageClass", "The storage class specified is not valid.")


def test_a_post_on_a_key_stores_its_body(r2: "LocalR2", bucket: str) -> None:
    """R2 takes it for a PutObject, copy source or not."""
    r2.send("PUT", f"/{bucket}/source", body=b"source")
    headers = {"x-amz-copy-source": f"/{bucket}/source"}
    assert r2.send("POST", f"/{bucket}/key", body=b"body", headers=headers).status == 200
    assert r2.send("GET", f"/{bucket}/key").body == b"body"


def test_a_delete_of_nothing_succeeds(s3: Any, bucket: str) -> None:
    """204, as everywhere in S3."""
    assert s3.delete_object(Bucket=bucket, Key="none")["ResponseMetadata"]["HTTPStatusCode"] == 204


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("parameter", "value", "header", "shown"),
    [
        ("content-type", "text%2Fhtml", "Content-Type", "text/html"),
        ("content-disposition", "attachment%3B%20filename%3D%22a.txt%22", "Content-Disposition",
         'attachment; filename="a.txt"'),
        ("content-language", "de", "Content-Language", "de"),
        ("content-encoding", "gzip", "Content-Encoding", "gzip"),
        ("cache-control", "no-store", "Cache-Control", "no-store"),
        ("expires", "Thu%2C%2001%20Dec%202026%2016%3A00%3A00%20GMT", "Expires", "Thu, 01 Dec 2026 16:00:00 GMT"),
        ("content-disposition", "%C3%A4", "Content-Disposition", "\u00c3\u00a4"),  # its bytes, read as Latin-1
    ],
)  # fmt: skip
def test_a_url_may_override_the_answers_headers(
    r2: "LocalR2", bucket: str, method: str, parameter: str, value: str, header: str, shown: str
) -> None:
    """So a link can name the file that it downloads."""
    r2.send("PUT", f"/{bucket}/key", body=b"x", headers={"content-type": "text/plain"})
    for expires in (60, None):
        reply = r2.send(method, f"/{bucket}/key?response-{parameter}={value}", expires=expires)
        assert (reply.status, reply.headers[header]) == (200, shown)


def test_an_override_cannot_end_a_header(r2: "LocalR2", bucket: str) -> None:
    """A line end in it would begin another one."""
    r2.send("PUT", f"/{bucket}/key", body=b"x")
    reply = r2.send("GET", f"/{bucket}/key?response-content-type=a%0D%0Ax%3A%20y")
    text = "response-content-type is not a header&apos;s value"
    assert (reply.status, f"<Message>{text}</Message>" in reply.body.decode()) == (400, True)


def test_a_head_honours_a_range(r2: "LocalR2", bucket: str) -> None:
    """As the real endpoint was seen to do, though the documents say that it has no effect."""
    r2.send("PUT", f"/{bucket}/key", body=b"0123456789")
    reply = r2.send("HEAD", f"/{bucket}/key", headers={"range": "bytes=2-4"})
    assert (reply.status, reply.headers["Content-Range"], reply.body) == (206, "bytes 2-4/10", b"")
