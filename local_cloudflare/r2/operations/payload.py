"""Reading a request's body: its length, the hash or the chunk signatures that were signed, its checksums.

R2 has no signed chunks. The one client whose chunks are read here signs them over plain HTTP only, which
R2 does not offer: see `check_payload_hash`.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator

from local_cloudflare.r2.auth.caller import Caller
from local_cloudflare.r2.auth.signature import UNSIGNED_PAYLOAD
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error, not_implemented
from local_cloudflare.r2.protocol.request import Request
from local_cloudflare.r2.store.checksums import ALGORITHMS, Hasher
from local_cloudflare.r2.store.incoming import Incoming

__all__ = ["check_payload_hash", "declared_checksums", "declared_length", "read_small", "receive"]

STREAMING_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
STREAMING_UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_MINIO_GO = re.compile(r"\bminio-go/")
_EMPTY_HASH = hashlib.sha256(b"").hexdigest()
_MAX_CHUNK = 16 * 1024 * 1024
_MAX_DOCUMENT = 16 * 1024 * 1024
_CHUNK_HEAD = re.compile(rb"([0-9a-fA-F]{1,8});chunk-signature=([0-9a-f]{64})\r\n")


def check_payload_hash(request: Request, caller: Caller) -> None:
    """Refuses what R2 does not read: bodies in signed chunks, or with a trailer.

    R2 has no streaming form of SigV4 (CFD r2/examples/aws/aws-sdk-net.mdx); its text was reported by many
    (soto-project/soto#643, robinrodricks/FluentStorage#114). An unsigned trailer is Unauthorized, misleading as
    that is (amd/gaia#3029). minio-go signs chunks only where the endpoint is plain HTTP, as here and never on R2:
    it works with R2, so it works here.

    Raises:
        S3Error: NotImplemented, Unauthorized, or InvalidArgument for a value that is no hash at all.
    """
    payload_hash = caller.signed.payload_hash
    if payload_hash == STREAMING_UNSIGNED_TRAILER:
        raise S3Error(ErrorKind.UNAUTHORIZED, reason="a body with a checksum trailer (aws-chunked)")
    by_minio_go = _MINIO_GO.search(request.headers.get("user-agent", ""))
    if payload_hash == STREAMING_SIGNED and by_minio_go and not caller.signed.presigned:
        return
    if payload_hash.startswith("STREAMING-"):
        raise not_implemented(payload_hash)
    if payload_hash != UNSIGNED_PAYLOAD and not _HASH.fullmatch(payload_hash):
        raise S3Error(
            ErrorKind.INVALID_ARGUMENT,
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value.",
        )


def declared_length(request: Request, caller: Caller) -> int:
    """The number of bytes that the body has once it is decoded.

    Raises:
        S3Error: MissingContentLength (CFD r2/api/error-codes.mdx, 10033).
    """
    if request.is_unframed or "content-length" not in request.headers:
        raise S3Error(ErrorKind.MISSING_CONTENT_LENGTH)
    if caller.signed.payload_hash != STREAMING_SIGNED:
        return request.stream.length
    decoded = request.headers.get("x-amz-decoded-content-length", "")
    if not re.fullmatch(r"\d{1,15}", decoded, re.ASCII):
        raise S3Error(ErrorKind.MISSING_CONTENT_LENGTH)
    return int(decoded)


def receive(request: Request, caller: Caller, incoming: Incoming) -> None:
    """Reads the whole body into `incoming` and checks it against all that was declared.

    Raises:
        S3Error: IncompleteBody, XAmzContentSHA256Mismatch, SignatureDoesNotMatch of a chunk,
            InvalidDigest or BadDigest.
    """
    expected = declared_checksums(request)
    md5 = _declared_md5(request)
    length = declared_length(request, caller)
    for piece in _decoded(request, caller):
        incoming.write(piece)
    if request.stream.left or incoming.size != length:
        raise S3Error(ErrorKind.INCOMPLETE_BODY)
    if md5 is not None and md5 != incoming.md5():
        raise S3Error(
            ErrorKind.BAD_DIGEST,
            "The MD5 checksum you specified did not match what we received.\n"
            f"You provided a MD5 checksum with value: {md5.hex()}\nActual MD5 was: {incoming.md5().hex()}",
        )
    for algorithm, digest in expected.items():
        check_checksum(algorithm, digest, incoming.checksum(algorithm))


def check_checksum(algorithm: str, declared: bytes, actual: bytes) -> None:
    """Compares a checksum header with what was received."""
    if declared != actual:
        raise S3Error(
            ErrorKind.BAD_DIGEST,
            f"The {algorithm.upper()} checksum you specified did not match what we received.\n"
            f"You provided a {algorithm.upper()} checksum with value: {declared.hex()}\n"
            f"Actual {algorithm.upper()} was: {actual.hex()}",
        )


def read_small(request: Request, caller: Caller, *, with_checksums: bool = True) -> bytes:
    """The body of a request whose body is an XML document.

    Args:
        request: The request.
        caller: Who sent it.
        with_checksums: Whether its `x-amz-checksum-*` headers are about this body.

    Raises:
        S3Error: As `receive`; MalformedXML if it is larger than any valid document.
    """
    if declared_length(request, caller) > _MAX_DOCUMENT:
        raise S3Error(ErrorKind.MALFORMED_XML)
    expected = declared_checksums(request) if with_checksums else {}
    md5 = _declared_md5(request)
    body = b"".join(_decoded(request, caller))
    if request.stream.left:
        raise S3Error(ErrorKind.INCOMPLETE_BODY)
    if md5 is not None and md5 != hashlib.md5(body, usedforsecurity=False).digest():
        raise S3Error(ErrorKind.BAD_DIGEST)
    for algorithm, digest in expected.items():
        hasher = Hasher(algorithm)
        hasher.update(body)
        check_checksum(algorithm, digest, hasher.digest())
    return body


def declared_checksums(request: Request) -> dict[str, bytes]:
    """The `x-amz-checksum-*` headers, decoded.

    Raises:
        S3Error: InvalidDigest.
    """
    found = {}
    for algorithm in ALGORITHMS:
        value = request.headers.get(f"x-amz-checksum-{algorithm}")
        if value is not None:
            found[algorithm] = _decode_digest(value, Hasher.length(algorithm))
    return found


def _declared_md5(request: Request) -> bytes | None:
    value = request.headers.get("content-md5")
    return None if value is None else _decode_digest(value, 16)


def _decode_digest(value: str, length: int) -> bytes:
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != length:
        raise S3Error(ErrorKind.INVALID_DIGEST)
    return digest


def _decoded(request: Request, caller: Caller) -> Iterator[bytes]:
    payload_hash = caller.signed.payload_hash
    if payload_hash == STREAMING_SIGNED:
        yield from _signed_chunks(request, caller)
        return
    if payload_hash == UNSIGNED_PAYLOAD:
        yield from request.stream.pieces()
        return
    actual = hashlib.sha256()
    for piece in request.stream.pieces():
        actual.update(piece)
        yield piece
    if not request.stream.left and actual.hexdigest() != payload_hash.lower():
        raise S3Error(ErrorKind.CONTENT_SHA256_MISMATCH)


def _signed_chunks(request: Request, caller: Caller) -> Iterator[bytes]:
    """Chunks, each signed together with the signature of the one before (AWS, SigV4 streaming)."""
    signed, previous = caller.signed, caller.signed.signature
    while True:
        size, given = _chunk_head(request)
        data = _exactly(request, size)
        if _exactly(request, 2) != b"\r\n":
            raise S3Error(ErrorKind.INCOMPLETE_BODY)
        digest = hashlib.sha256(data).hexdigest()
        to_sign = (
            f"AWS4-HMAC-SHA256-PAYLOAD\n{signed.date}\n{signed.scope}\n{previous}\n{_EMPTY_HASH}\n{digest}"
        )
        previous = hmac.digest(caller.signing_key, to_sign.encode(), "sha256").hex()
        if not hmac.compare_digest(previous, given):
            raise S3Error(ErrorKind.SIGNATURE_DOES_NOT_MATCH)
        if size == 0:
            return
        yield data


def _chunk_head(request: Request) -> tuple[int, str]:
    line = bytearray()
    while not line.endswith(b"\r\n") and len(line) < 128:
        byte = request.stream.read(1)
        if not byte:
            break
        line += byte
    match = _CHUNK_HEAD.fullmatch(bytes(line))
    if match is None or int(match[1], 16) > _MAX_CHUNK:
        raise S3Error(ErrorKind.INCOMPLETE_BODY)
    return int(match[1], 16), match[2].decode()


def _exactly(request: Request, size: int) -> bytes:
    data = request.stream.read(size) if size else b""
    if len(data) != size:
        raise S3Error(ErrorKind.INCOMPLETE_BODY)
    return data
