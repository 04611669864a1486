"""Ten thousand signed requests of nonsense: answers of S3, and nothing from outside the scope."""

import http.client
import logging.handlers
import queue
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from local_cloudflare.r2.auth.temporary import TemporaryCredential

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

REQUESTS = 2_000
SECRET = b"nobody may read this"

METHODS = ["GET", "GET", "HEAD", "PUT", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"]
PATHS = [
    "", "/", "/dev/a", "/dev/b", "/prod/secret", "/dev/../prod/secret", "/dev%2F..%2Fprod%2Fsecret",
    "/dev", "//prod/secret", "/prod/./secret", "/%70rod/secret", "/dev/%00", "/dev/%FF", "/dev/%", "/dev/" + "a" * 1100,
]  # fmt: skip
QUERIES = [
    "uploads", "uploadId=x", "partNumber=1", "partNumber=0", "delete", "list-type=2", "list-type=9", "max-keys=-1",
    "max-keys=9", "prefix=dev%2F", "prefix=prod%2F", "prefix=", "prefix=%FF", "delimiter=%2F", "delimiter=", "cors",
    "lifecycle", "location", "versioning", "encryption", "tagging", "acl", "versions", "continuation-token=cHJvZC8=",
    "continuation-token=%00", "start-after=dev%2F", "marker=prod", "encoding-type=url", "fetch-owner=true",
    "max-parts=x", "key-marker=a", "max-uploads=1", "X-Amz-Expires=1", "x-id=GetObject", "=", "%", "&&", "a=b=c",
]  # fmt: skip
HEADERS = [
    "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "x-amz-copy-source",
    "x-amz-copy-source", "x-amz-copy-source-range", "x-amz-copy-source-if-match", "cf-copy-destination-if-match",
    "cf-copy-destination-if-none-match", "content-md5", "x-amz-checksum-crc32", "x-amz-checksum-mode",
    "x-amz-checksum-algorithm", "x-amz-checksum-type", "x-amz-meta-a", "x-amz-storage-class", "x-amz-acl",
    "x-amz-metadata-directive", "x-amz-if-match-last-modified-time", "content-encoding", "content-type", "expires",
    "origin", "access-control-request-method", "x-amz-decoded-content-length", "cf-max-keys", "cf-prefix",
    "cf-create-bucket-if-missing", "x-amz-server-side-encryption-customer-key",
]  # fmt: skip
VALUES = [
    "*", "bytes=0-", "bytes=1-0", "bytes=0-4", "bytes=-0", '"', '"a", W/"b"', "/BUCKET/prod/secret", "BUCKET/dev/a",
    "/BUCKET/dev/..%2Fprod/secret", "/BUCKET/%FF", "BUCKET", "/", "REPLACE", "MERGE", "COPY", "STANDARD_IA", "AAAA",
    "AAAAAA==", "=?utf-8?b?/w==?=", "=?utf-8?b?w6Q=?=", "Thu, 01 Jan 2026 00:00:00 GMT", "9999-99-99", "SHA256",
    "ENABLED", "FULL_OBJECT", "true", "private", "99999999999999999999", "x" * 9000, "\xe9\xff", "",
]  # fmt: skip
BODIES = [
    b"", b"text", b"\x00\xff", b"<", b"<Delete/>", b"<Delete><Object><Key>prod/secret</Key></Object></Delete>",
    b"<Delete><Object><Key>&#x1F600;</Key></Object><Quiet>true</Quiet></Delete>",
    b"<CompleteMultipartUpload><Part><PartNumber>9</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>",
    b"<LifecycleConfiguration><Rule><Status>Enabled</Status><Expiration/></Rule></LifecycleConfiguration>",
    b"<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>",
]  # fmt: skip


@dataclass(frozen=True)
class Nonsense:
    """One request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def invent(source: random.Random, bucket: str) -> Nonsense:
    """A request of parts that could mean something together."""
    path = "/" + (bucket if source.random() < 0.95 else source.choice(["", "no-such-bucket", "B_", "%00"]))
    query = "&".join(source.choices(QUERIES, k=source.choice([0, 0, 1, 1, 2, 3])))
    names = source.sample(HEADERS, k=source.choice([0, 0, 1, 2, 3]))
    headers = {name: source.choice(VALUES).replace("BUCKET", bucket) for name in names}
    target = path + source.choice(PATHS) + (f"?{query}" if query else "")
    return Nonsense(source.choice(METHODS), target, headers, source.choice(BODIES))


def send_all(
    r2: "LocalR2",
    credential: TemporaryCredential | None,
    bucket: str,
    count: int,
    check: Callable[[bytes], None],
) -> None:
    """Sends `count` requests over one connection."""
    source = random.Random(count)  # noqa: S311 (the same requests in every run)
    connection = http.client.HTTPConnection("127.0.0.1", r2.server.port, timeout=30)
    for _ in range(count):
        asked = invent(source, bucket)
        target, headers = r2.sign(
            asked.method, asked.target, headers=asked.headers, body=asked.body, credential=credential
        )
        connection.request(asked.method, target, asked.body, headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status < 500 or answer.status == 501, asked
        if answer.status >= 400 and body:
            assert ET.fromstring(body).tag == "Error", asked  # noqa: S314 (our own answer)
        check(body)
    connection.close()


def test_nonsense_is_answered_and_opens_nothing(own: "LocalR2") -> None:
    """By an admin's credential, and by one whose scope is `dev/`."""
    name = own.bucket().name
    own.send("PUT", f"/{name}/prod/secret", body=SECRET)
    logged: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    handler = logging.handlers.QueueHandler(logged)
    logging.getLogger("local_cloudflare.r2").addHandler(handler)

    def is_hidden(body: bytes) -> None:
        assert SECRET not in body
        assert b"<Key>prod/secret</Key><Size>" not in body

    try:
        send_all(own, own.temporary(name, prefixes=["dev/"]), name, REQUESTS * 3 // 4, is_hidden)
        assert own.send("GET", f"/{name}/prod/secret").body == SECRET
        for listed in own.store.all_objects(1):
            found = own.store.objects.get(1, listed.key.decode())
            assert found is not None
            assert found.key == "prod/secret" or (
                found.key.startswith("dev/") and found.body.inline != SECRET
            )
        send_all(own, None, name, REQUESTS // 4, lambda _body: None)
    finally:
        logging.getLogger("local_cloudflare.r2").removeHandler(handler)
    assert logged.empty()
    assert len({record.operation for record in own.server.requests}) > 25
