"""Requests for the S3 endpoint: well signed with odd contents, and not signed at all."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from layout.storage.credentials.storage_credentials import StorageCredentials
from tests.local_cloudflare.fuzz.place import BUCKET, OTHER_BUCKET, SCOPE
from tests.local_cloudflare.fuzz.spelling import spelled, word

__all__ = ["signed", "unsigned"]

_OWN = f"{SCOPE.prefixes[0]}profiles.json"
_KEYS = (
    _OWN, _OWN, f"{SCOPE.prefixes[0]}new/é.mp4", "prod/users/a/profiles.json", "dev/users/ab/profiles.json",
    "dev/users/a", "dev/layout.json", "dev/", "",
)  # fmt: skip
_METHODS = (
    "GET",
    "GET",
    "GET",
    "HEAD",
    "PUT",
    "PUT",
    "POST",
    "POST",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "get",
    "TRACE",
)
_QUERY = (
    "list-type", "prefix", "delimiter", "marker", "start-after", "continuation-token", "max-keys", "encoding-type",
    "fetch-owner", "uploads", "uploadId", "partNumber", "delete", "key-marker", "upload-id-marker", "max-uploads",
    "max-parts", "part-number-marker", "versionId", "versions", "location", "cors", "lifecycle", "acl", "tagging",
    "policy", "response-content-type", "X-Amz-Expires", "x-id",
)  # fmt: skip
_HEADERS = (
    "range", "if-match", "if-none-match", "if-modified-since", "x-amz-copy-source-range", "x-amz-copy-source-if-match",
    "cf-copy-destination-if-none-match", "content-md5", "content-encoding", "content-type", "cache-control", "expires",
    "x-amz-meta-note", "x-amz-checksum-crc32", "x-amz-checksum-sha256", "x-amz-sdk-checksum-algorithm", "x-amz-acl",
    "x-amz-storage-class", "x-amz-metadata-directive", "x-amz-tagging", "cf-create-bucket-if-missing", "origin",
    "x-amz-decoded-content-length", "x-amz-trailer", "expect", "connection", "x-forwarded-for",
)  # fmt: skip
_ENTITIES = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>',
    b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]><Delete><Object><Key>&f;</Key></Object></Delete>',
)


@dataclass(frozen=True)
class _Shape:
    """What a sensible request has; each is then made a little less sensible."""

    method: str
    query: tuple[str, ...] = ()
    on_key: bool = True
    copies: bool = False


_SHAPES = (
    *(_Shape(method) for method in ("GET", "HEAD", "PUT", "DELETE")),
    _Shape("PUT", copies=True),
    _Shape("PUT", copies=True),
    _Shape("GET", ("list-type=2", "prefix"), on_key=False),
    _Shape("GET", ("list-type=2", "prefix", "start-after"), on_key=False),
    _Shape("GET", ("list-type=2", "prefix", "continuation-token"), on_key=False),
    _Shape("GET", ("prefix", "marker"), on_key=False),
    _Shape("GET", ("uploads", "prefix", "key-marker"), on_key=False),
    _Shape("POST", ("delete",), on_key=False),
    _Shape("POST", ("uploads",)),
    _Shape("GET", ("uploadId",)),
    _Shape("PUT", ("partNumber=2", "uploadId")),
    _Shape("PUT", ("partNumber=2", "uploadId"), copies=True),
    _Shape("POST", ("uploadId",)),
    _Shape("DELETE", ("uploadId",)),
)


def signed(
    source: random.Random, endpoint: str, credentials: StorageCredentials, uploads: Sequence[str]
) -> bytes:
    """A request with a right signature of its odd contents, in its headers or its query.

    Args:
        source: Of all that is random.
        endpoint: URL of the S3 endpoint.
        credentials: Sign it.
        uploads: Ids of uploads, of keys in scope and out of scope.
    """
    shape = source.choice(_SHAPES)
    method = shape.method if source.random() < 0.9 else source.choice(_METHODS)
    body = _body(source)
    headers = {
        name: _header_value(source) for name in source.sample(_HEADERS, source.choice([0, 0, 0, 1, 2]))
    }
    if shape.copies or source.random() < 0.02:
        bucket = source.choice([BUCKET, BUCKET, BUCKET, OTHER_BUCKET])
        slash = source.choice(["/", ""])
        headers["x-amz-copy-source"] = f"{slash}{bucket}/{spelled(source, source.choice(_KEYS))}"
    token = credentials.session_token
    assert token is not None
    secret = credentials.secret_access_key.get_secret_value()
    keys = Credentials(credentials.access_key_id, secret, token.get_secret_value())
    presigned = source.random() < 0.2
    target = _target(source, shape, uploads)
    request = AWSRequest(method, endpoint + target, headers=headers, data=b"" if presigned else body)
    signer = (
        S3SigV4QueryAuth(keys, "s3", "auto", expires=600) if presigned else S3SigV4Auth(keys, "s3", "auto")
    )
    signer.add_auth(request)
    sent = {
        "Host": urlsplit(endpoint).netloc,
        "Content-Length": str(len(body)),
        **dict(request.headers.items()),
    }
    return _bytes(method, str(request.url).removeprefix(endpoint), sent, body)


def unsigned(source: random.Random) -> bytes:
    """A request without a signature, or with a made-up one."""
    body = _body(source)
    headers = {name: _header_value(source) for name in source.sample(_HEADERS, source.randint(0, 4))}
    headers |= {"Host": "127.0.0.1", "Content-Length": str(len(body))}
    if source.random() < 0.6:
        scope = f"{word(source)}/20260101/auto/s3/aws4_request"
        parts = [f"Credential={scope}", f"SignedHeaders={word(source)}", f"Signature={word(source)}"]
        headers["Authorization"] = "AWS4-HMAC-SHA256 " + ", ".join(source.sample(parts, source.randint(0, 3)))
        headers["x-amz-content-sha256"] = source.choice(["UNSIGNED-PAYLOAD", word(source)])
        headers["x-amz-date"] = source.choice(["20260101T000000Z", word(source)])
        headers["x-amz-security-token"] = word(source)
    return _bytes(source.choice(_METHODS), _target(source, source.choice(_SHAPES), ()), headers, body)


def _target(source: random.Random, shape: _Shape, uploads: Sequence[str]) -> str:
    odd = [OTHER_BUCKET, "", spelled(source, BUCKET), quote(word(source))]
    bucket = source.choice([BUCKET] * 20 + odd)
    path = f"/{bucket}" + (f"/{spelled(source, source.choice(_KEYS))}" if shape.on_key else "")
    names = [*shape.query, *source.choices(_QUERY, k=source.choice([0, 0, 0, 0, 1, 2]))]
    query = "&".join(_parameter(source, name, uploads) for name in names)
    return path.replace("#", "%23") + (f"?{query}" if query else "")


def _parameter(source: random.Random, name: str, uploads: Sequence[str]) -> str:
    if "=" in name or name in {"uploads", "delete"} or source.random() < 0.05:
        return name
    if name in {"prefix", "marker", "start-after", "key-marker"}:
        prefixes = (SCOPE.prefixes[0], SCOPE.prefixes[0], "prod/", "dev/users/", "dev/users/a")
        return f"{name}={quote(source.choice([*_KEYS, *prefixes]), safe='')}"
    if name in {"uploadId", "upload-id-marker"} and uploads:
        return f"{name}={source.choice(uploads)}"
    return f"{name}={quote(source.choice([word(source), '2', '1', '/', 'cHJvZC8=']), safe='')}"


def _header_value(source: random.Random) -> str:
    """What fits into a line: no line ends, and nothing beyond Latin-1."""
    chosen = source.choice([word(source), "/".join(_KEYS[:2]), "Thu, 01 Jan 2026 00:00:00 GMT", "AAAAAA=="])
    return "".join(c for c in chosen if c.isprintable() and c.isascii()).strip()


def _body(source: random.Random) -> bytes:
    keys = "".join(
        f"<Object><Key>{escape(key)}</Key></Object>" for key in source.choices(_KEYS, k=source.randint(0, 3))
    )
    documents = (
        b"", b"", b"{}", source.randbytes(source.randint(0, 64)), *_ENTITIES, f"<Delete>{keys}</Delete>".encode(),
        b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>",
        b"<" * 5000, b"<a>" * 3000, f"<Delete>{keys}".encode(), b"\xef\xbb\xbf<Delete/>",
    )  # fmt: skip
    return source.choice(documents)


def _bytes(method: str, target: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace") + body
