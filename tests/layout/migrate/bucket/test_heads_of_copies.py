"""What a raw HEAD shows of an object before a copy and of the copy after it, whichever way the copy goes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import http.client
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from layout.migrate import BucketWriter, CopyLimits, copy_objects
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from tests.layout.migrate.conftest import Flat

BODY = b"a body"
SHA256 = base64.b64encode(hashlib.sha256(BODY).digest())
IN_PARTS = CopyLimits(single=1)
WAYS = ("obstore", "boto3", "in parts")
OF_THE_WRITE = {"Date", "ETag", "Last-Modified", "x-amz-request-id", "x-amz-version-id"}

SENT = {
    "Content-Type with parameters": ("Content-Type", b'video/mp4; codecs="a,b"'),
    "Content-Type in UTF-8": ("Content-Type", "text/plain; of=é".encode()),
    "Content-Disposition in UTF-8": ("Content-Disposition", 'attachment; filename="naïve 日本.mp4"'.encode()),
    "Content-Disposition in Latin-1": ("Content-Disposition", b'attachment; filename="na\xefve.mp4"'),
    "Content-Disposition of RFC 8187": (
        "Content-Disposition",
        b"attachment; filename*=UTF-8''na%C3%AFve.mp4",
    ),
    "Cache-Control with blanks": ("Cache-Control", b"public,  max-age=3600 , no-transform"),
    "Cache-Control in UTF-8": ("Cache-Control", "note=é".encode()),
    "Content-Encoding": ("Content-Encoding", b"gzip"),
    "Content-Language": ("Content-Language", b"de, en-GB"),
    "Content-Language in UTF-8": ("Content-Language", "日".encode()),
    "Expires as a date": ("Expires", b"Thu, 01 Jan 2032 00:00:00 GMT"),
    "Expires in the form of RFC 850": ("Expires", b"Thursday, 01-Jan-32 00:00:00 GMT"),
    "Expires in ISO 8601": ("Expires", b"2032-01-01T00:00:00+02:00"),
    "Expires as seconds": ("Expires", b"1632280617"),
    "Expires in UTF-8": ("Expires", "nächstes Jahr".encode()),
    "empty metadata": ("x-amz-meta-note", b""),
    "metadata with an upper-case name": ("X-Amz-Meta-MadeBy", b"Someone"),
    "metadata with marks in its name": ("x-amz-meta-made_by.who", b"someone"),
    "metadata with blanks between": ("x-amz-meta-note", b"a   b"),
    "metadata in UTF-8": ("x-amz-meta-note", "naïve 日本".encode()),
    "metadata as quoted-printable": ("x-amz-meta-note", b"=?utf-8?q?na=C3=AFve?="),
    "metadata as base64": ("x-amz-meta-note", b"=?UTF-8?B?bmHDr3Zl?="),
    "metadata in encoded Latin-1": ("x-amz-meta-note", b"=?iso-8859-1?q?na=EFve?="),
    "metadata partly encoded": ("x-amz-meta-note", b"a =?utf-8?q?=C3=AF?= b"),
    "storage class": ("x-amz-storage-class", b"STANDARD_IA"),
}


@pytest.mark.parametrize("sent", SENT)
def test_a_head_shows_the_same_bytes_after_a_copy(flat: Flat, sent: str) -> None:
    """All but what belongs to the write. Only boto3 can ask for a storage class, so obstore copies none."""
    header = SENT[sent]
    before = _put(flat, "old", header)
    assert header[0].lower() in {name.lower() for name in before}
    for way in WAYS[1:] if sent == "storage class" else WAYS:
        _copy(flat, way)
        assert _head(flat, f"new {way}") == before, way


@pytest.mark.parametrize(("way", "kept"), [("obstore", True), ("boto3", True), ("in parts", False)])
def test_only_a_copy_in_parts_loses_the_checksum_of_an_object_put_at_once(
    flat: Flat, way: str, *, kept: bool
) -> None:
    """A plan counts such objects."""
    before = _put(flat, "old", ("x-amz-checksum-sha256", SHA256))
    _copy(flat, way)
    after = _head(flat, f"new {way}")
    checksum = {"x-amz-checksum-sha256": SHA256.decode(), "x-amz-checksum-type": "FULL_OBJECT"}
    assert checksum.items() <= before.items()
    assert after == (before if kept else {name: before[name] for name in before.keys() - checksum.keys()})


def test_a_copy_loses_a_checksum_that_is_made_of_those_of_parts(flat: Flat) -> None:
    """So a plan counts what was uploaded in parts, too."""
    flat.put_in_parts("old", [BODY], ChecksumAlgorithm="SHA256")
    assert _head(flat, "old")["x-amz-checksum-type"] == "COMPOSITE"
    _copy(flat, "boto3")
    assert not [name for name in _head(flat, "new boto3") if name.startswith("x-amz-checksum-")]


@pytest.mark.parametrize(
    "sent",
    [b"=?utf-8?q?_a_?=", b"=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?="],
    ids=["blank at the end", "looks encoded"],
)
def test_metadata_that_a_copy_in_parts_cannot_keep_is_a_conflict(flat: Flat, sent: bytes) -> None:
    """HTTP drops a blank at the end, and R2 decodes what looks encoded: it is told, and the old object stays."""
    _put(flat, game_key(1), ("x-amz-meta-note", sent))
    writer = BucketWriter(flat.settings, IN_PARTS)
    with flat.plan() as plan:
        report = copy_objects(plan, writer, flat.quiet)
    writer.close()
    told = f"the object at dev/{game_key(1)} has the same size, but other headers or user metadata"
    assert report.changed.first == {game_key(1): told}
    assert (report.copied, report.left) == (0, 1)


def _copy(flat: Flat, way: str) -> None:
    head = flat.reader.head("old")
    assert head is not None
    if way == "obstore":
        asyncio.run(flat.writer.copy_small("old", f"new {way}"))
        return
    writer = BucketWriter(flat.settings, IN_PARTS if way == "in parts" else None)
    writer.copy_large("old", f"new {way}", head.etag, head.size, head.storage_class)
    writer.close()


def _put(flat: Flat, key: str, header: tuple[str, bytes]) -> dict[str, str]:
    """What a HEAD shows of an object that was put with this header."""
    _request(flat, "PUT", key, header, BODY)
    return _head(flat, key)


def _head(flat: Flat, key: str) -> dict[str, str]:
    shown = _request(flat, "HEAD", key, ("x-amz-checksum-mode", b"ENABLED"))
    return {name: value for name, value in shown.items() if name not in OF_THE_WRITE}


def _request(
    flat: Flat, method: str, key: str, header: tuple[str, bytes], body: bytes = b""
) -> dict[str, str]:
    """The headers of the answer, values read as Latin-1. Only what R2 wants signed is."""
    name, value = header
    url = f"{flat.settings.endpoint}/{flat.bucket}/{quote(key)}"
    signed = {name: value.decode()} if name.lower().startswith("x-amz-") else {}
    request = AWSRequest(method, url, headers=signed, data=body)
    keys = flat.settings.access_key_id, flat.settings.secret_access_key.get_secret_value()
    S3SigV4Auth(Credentials(*keys), "s3", "auto").add_auth(request)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    headers: dict[str, str | bytes] = {
        **dict(request.headers.items()),
        name: value,
        "Content-Length": str(len(body)),
    }
    connection.request(method, urlsplit(url).path, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200
    return dict(answer.getheaders())
