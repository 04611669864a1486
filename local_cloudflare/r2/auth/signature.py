"""AWS Signature Version 4 as R2 checks it: in headers and in presigned URLs.

The order of the checks, the codes and the texts follow Cloudflare's own simulator, which copied
them from a real bucket (WSDK packages/miniflare/src/workers/r2/s3/auth.worker.ts).
"""

import hashlib
import hmac
import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from local_cloudflare.r2.auth.canonical_request import canonical_request
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.protocol.request import Request
from local_cloudflare.r2.protocol.wire import is_header_name, is_header_value

__all__ = ["ALGORITHM", "UNSIGNED_PAYLOAD", "Scope", "Signed", "read", "signing_key", "verify"]

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
MAX_SKEW = timedelta(minutes=15)
MAX_PRESIGNED_SECONDS = 604_800
_LOCATIONS = ("wnam", "enam", "weur", "eeur", "apac", "oc")
# Empty and us-east-1 are aliases of auto (CFD r2/api/s3/api.mdx, bucket region).
_REGIONS = {*_LOCATIONS, "auto", "", "us-east-1"}
_DATE = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_SIGV2 = re.compile(r"AWS\s", re.ASCII | re.IGNORECASE)
_PRESIGNED = ("X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Expires")


@dataclass(frozen=True)
class Scope:
    """The parts of `<access key id>/<date>/<region>/s3/aws4_request`."""

    access_key_id: str
    date: str
    region: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/s3/aws4_request"


@dataclass(frozen=True)
class Signed:
    """What a request says about its signature, read and checked as far as possible without a secret.

    `payload_hash` is what it says of its body (`x-amz-content-sha256`).
    """

    scope: Scope
    date: str
    signed_headers: tuple[str, ...]
    signature: str
    payload_hash: str
    presigned: bool
    session_token: str | None


def read(request: Request) -> Signed:
    """Reads the signature of a request; the header wins over the query.

    Raises:
        S3Error: There is none, it is malformed, too old, or from the future.
    """
    if "authorization" in request.headers:
        return _from_header(request, request.headers["authorization"])
    if "X-Amz-Credential" in request.query:
        return _from_query(request)
    if "AWSAccessKeyId" in request.query:
        raise _sigv2()
    raise S3Error(ErrorKind.INVALID_ARGUMENT, "Authorization")


def _sigv2() -> S3Error:
    """R2's answer to the signature of before SigV4 (vastsa/FileCodeBox#95 quotes it)."""
    message = "SigV2 authorization is not supported. Please use SigV4 instead."
    return S3Error(ErrorKind.UNAUTHORIZED, message, reason="signed with SigV2")


def verify(request: Request, signed: Signed, secret_access_key: str) -> bytes:
    """Checks the signature.

    Returns:
        The signing key, with which the chunks of a streamed body are signed too.

    Raises:
        S3Error: SignatureDoesNotMatch, with what was signed here for comparison; AccessDenied if
            an `x-amz-*` or `cf-*` header was sent but not signed.
    """
    # The body is not known when a URL is signed.
    payload_hash = UNSIGNED_PAYLOAD if signed.presigned else signed.payload_hash
    canonical = canonical_request(request, signed.signed_headers, payload_hash, presigned=signed.presigned)
    key = signing_key(secret_access_key, signed.scope.date, signed.scope.region)
    # A head was read as Latin-1, so that encoding gives the bytes that were sent. Clients that send a
    # value in Latin-1 sign its text in UTF-8.
    for encoding in ("latin-1", "utf-8"):
        to_sign = _string_to_sign(signed, canonical.encode(encoding, "replace"))
        expected = hmac.digest(key, to_sign.encode(), "sha256").hex()
        if hmac.compare_digest(expected.encode(), signed.signature.encode()):
            _refuse_unsigned_headers(request, signed)
            return key
    sent = canonical.encode("latin-1", "replace")
    to_sign = _string_to_sign(signed, sent)
    fields = {
        "StringToSign": to_sign,
        "StringToSignBytes": to_sign.encode().hex(" "),
        "CanonicalRequest": sent.decode(errors="replace"),
        "CanonicalRequestBytes": sent.hex(" "),
        "SignatureProvided": signed.signature,
    }
    raise S3Error(ErrorKind.SIGNATURE_DOES_NOT_MATCH, fields=fields)


def _string_to_sign(signed: Signed, canonical: bytes) -> str:
    digest = hashlib.sha256(canonical).hexdigest()
    return f"{ALGORITHM}\n{signed.date}\n{signed.scope}\n{digest}"


@lru_cache(maxsize=256)
def signing_key(secret_access_key: str, date: str, region: str) -> bytes:
    """The key of one secret, day and region."""
    key = f"AWS4{secret_access_key}".encode()
    for part in (date, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _refuse_unsigned_headers(request: Request, signed: Signed) -> None:
    """AWS's rule for SigV4; without it, a header could turn a presigned upload into a copy.

    R2's documentation does not say whether R2 has it.
    """
    for name in request.head.headers:
        if name.startswith(("x-amz-", "cf-")) and name not in signed.signed_headers:
            if name == "x-amz-content-sha256":
                continue  # compared with the body
            raise S3Error(
                ErrorKind.ACCESS_DENIED,
                "There were headers present in the request which were not signed",
                fields={"HeadersNotSigned": name},
            )


def _from_header(request: Request, authorization: str) -> Signed:
    if _SIGV2.match(authorization):
        raise _sigv2()
    payload_hash = request.headers.get("x-amz-content-sha256")
    if payload_hash is None:
        raise S3Error(ErrorKind.INVALID_REQUEST, "Missing x-amz-content-sha256")
    date, source = request.headers.get("x-amz-date"), "'x-amz-date' header"
    if date is None:
        date, source = request.headers.get("date"), "'date' header"
    if date is None:
        raise _invalid("No date provided in x-amz-date nor date header")
    time = _parse_date(date, source)
    if abs(_now(request, time) - time) > MAX_SKEW:
        raise S3Error(ErrorKind.REQUEST_TIME_TOO_SKEWED)
    fields: dict[str, str] = {}
    if authorization.startswith(f"{ALGORITHM} "):
        for component in authorization[len(ALGORITHM) :].split(","):
            name, _, value = component.partition("=")
            fields[name.strip()] = value.strip()
    if not {"Credential", "SignedHeaders", "Signature"} <= fields.keys():
        raise S3Error(ErrorKind.INVALID_REQUEST, f"Please use {ALGORITHM}")
    return Signed(
        scope=_parse_scope(fields["Credential"], date),
        date=date,
        signed_headers=_parse_signed_headers(fields["SignedHeaders"]),
        signature=fields["Signature"],
        payload_hash=payload_hash,
        presigned=False,
        session_token=request.headers.get("x-amz-security-token"),
    )


def _now(request: Request, time: datetime) -> datetime:
    """The clock by which whoever signed at `time` lives.

    When the account's clock was advanced, clients go on in real time; those of AWS for JavaScript and Go follow
    the `Date` of the answers.
    """
    return request.time if time - request.time <= MAX_SKEW else request.answered_at


def _from_query(request: Request) -> Signed:
    query = request.query
    missing = [name for name in _PRESIGNED if name not in query]
    if missing:
        plural = "s" if len(missing) > 1 else ""
        raise _invalid(f"Required search parameter{plural} {',  '.join(missing)} missing")
    if query["X-Amz-Algorithm"] != ALGORITHM:
        raise S3Error(ErrorKind.INVALID_REQUEST, f"Please use {ALGORITHM}")
    for name, value in request.hoisted.items():
        if not is_header_name(name) or not is_header_value(value):
            raise _invalid(f"Search parameter {name} is not a header")
    date = query["X-Amz-Date"]
    time = _parse_date(date, "X-Amz-Date")
    scope = _parse_scope(query["X-Amz-Credential"], date)
    expires = _parse_expires(query["X-Amz-Expires"])
    now = _now(request, time)
    if time - now > MAX_SKEW:
        raise S3Error(ErrorKind.REQUEST_TIME_TOO_SKEWED)
    if expires < 1 or now > time + timedelta(seconds=expires):
        raise S3Error(ErrorKind.EXPIRED_REQUEST)
    return Signed(
        scope=scope,
        date=date,
        signed_headers=_parse_signed_headers(query["X-Amz-SignedHeaders"]),
        signature=query["X-Amz-Signature"],
        payload_hash=_presigned_payload_hash(request),
        presigned=True,
        session_token=query.get("X-Amz-Security-Token") or request.headers.get("x-amz-security-token"),
    )


def _presigned_payload_hash(request: Request) -> str:
    """What is said of the body beside a URL's signature, which does not cover it.

    What was signed into the URL wins: its holder may not take it back.
    """
    in_url = (value for name, value in request.parameters if name.lower() == "x-amz-content-sha256")
    return next(in_url, None) or request.headers.get("x-amz-content-sha256") or UNSIGNED_PAYLOAD


def _parse_expires(text: str) -> float:
    try:
        expires = float(text)
    except ValueError:
        expires = math.nan
    if math.isnan(expires) or "_" in text:  # Python would read 6_0
        raise _invalid("X-Amz-Expires should be a number")
    if expires > MAX_PRESIGNED_SECONDS:
        raise _invalid(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
            f"must be less than {MAX_PRESIGNED_SECONDS} seconds"
        )
    return expires


def _parse_date(text: str, source: str) -> datetime:
    try:
        # strptime alone would also accept shorter fields.
        time = datetime.strptime(text, "%Y%m%dT%H%M%S%z") if _DATE.fullmatch(text) else None
    except ValueError:
        time = None
    if time is None:
        raise _invalid(f"Date provided in {source} ({text}) didn't parse successfully")
    return time


def _parse_scope(text: str, date: str) -> Scope:
    parts = text.split("/")
    if len(parts) < 5:
        raise _invalid(
            f"Credential sigv4 header should have at least 5 slash-separated parts, not {len(parts)}"
        )
    signed_date, region, service, terminator = parts[-4:]
    if service != "s3":
        raise _invalid(f"Credential service should be s3, not {service}")
    if terminator != "aws4_request":
        raise _invalid(f"Credential termination string should be aws4_request, not {terminator}")
    if not date.startswith(signed_date) or len(signed_date) != 8:
        raise _invalid(
            f"Credential signed date {signed_date} does not match {date[:8]} from 'x-amz-date' header"
        )
    if region not in _REGIONS:
        raise S3Error(
            ErrorKind.INVALID_REGION_NAME,
            f"The region name '{region}' is not valid. Must be one of: {', '.join(_LOCATIONS)}, auto",
        )
    return Scope("/".join(parts[:-4]), signed_date, region)


def _parse_signed_headers(text: str) -> tuple[str, ...]:
    names = tuple(text.lower().split(";"))
    if "host" not in names:
        raise S3Error(ErrorKind.UNAUTHORIZED, reason="the host is not among the signed headers")
    return names


def _invalid(message: str) -> S3Error:
    return S3Error(ErrorKind.INVALID_ARGUMENT, message)
