"""A request as the rules see it: raw for the signature, decoded for everything else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import unquote_to_bytes

from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.protocol.host import Address, address_of
from local_cloudflare.r2.protocol.wire import BodyStream, Head

__all__ = ["Request", "decode_key", "parse_query"]

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_ABSOLUTE = re.compile(r"https?://[^/?]*", re.IGNORECASE)
_OF_THE_SIGNATURE = frozenset(
    {
        *("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signature"),
        *("x-amz-signedheaders", "x-amz-security-token", "x-amz-content-sha256"),
    }
)


@dataclass
class Request:
    """One request.

    Attributes:
        head: What was sent before the body.
        stream: The body, which may be read once.
        peer: The client's address.
        time: When it arrived, by the clock that clients sign by.
        answered_at: The same moment by the account's clock, which the answer's `Date` tells.
    """

    head: Head
    stream: BodyStream
    peer: str
    time: datetime
    answered_at: datetime

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.head.method

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name: those that were sent, and `hoisted`. A repeated one is joined with a comma."""
        if not self.hoisted:
            return self.head.headers
        headers = dict(self.head.headers)
        for name, value in self.hoisted.items():
            sent = headers.get(name, value)
            headers[name] = value if sent == value else f"{sent},{value}"
        return headers

    @cached_property
    def hoisted(self) -> Mapping[str, str]:
        """The `x-amz-*` headers that an SDK moved into the query of a presigned URL, by lower-case name.

        R2 reads checksums there (kyantech/Palmr#378 shows such a request), and what is
        signed into a URL is meant: storage class, metadata and all others count as if they had been sent.
        """
        if "X-Amz-Signature" not in self.query or "authorization" in self.head.headers:
            return {}
        found: dict[str, str] = {}
        for spelled, text in self.parameters:
            name, value = spelled.lower(), text.encode().decode("latin-1")  # as a head is read
            if name.startswith("x-amz-") and name not in _OF_THE_SIGNATURE:
                found[name] = f"{found[name]},{value}" if name in found else value
        return found

    @cached_property
    def raw_path(self) -> str:
        """The path as it was sent."""
        target = self.head.target.partition("?")[0]
        # The absolute form of a proxy's client names the host again, perhaps without any path.
        absolute = _ABSOLUTE.match(target)
        return target if absolute is None else target[absolute.end() :] or "/"

    def check_target(self) -> None:
        """Whether the request is for this endpoint at all.

        Raises:
            S3Error: InvalidURI for a target without a path, InvalidRequest for a host that is none of this
                endpoint's.
        """
        if not self.raw_path.startswith("/"):
            raise S3Error(ErrorKind.INVALID_URI)
        address_of(self.headers.get("host", ""))

    @property
    def is_unframed(self) -> bool:
        """Whether the body's length is not known before it has ended, whatever Content-Length says (RFC 9112, 6.3)."""
        return "transfer-encoding" in self.headers

    @cached_property
    def raw_query(self) -> str:
        """What follows the question mark, as it was sent."""
        return self.head.target.partition("?")[2]

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        """Names and values of the query, decoded, in their order."""
        return parse_query(self.raw_query)

    @cached_property
    def query(self) -> dict[str, str]:
        """The first value of each name."""
        first: dict[str, str] = {}
        for name, value in self.parameters:
            first.setdefault(name, value)
        return first

    @cached_property
    def address(self) -> Address:
        """What the host stands for.

        Raises:
            S3Error: InvalidRequest for a host that is none of this endpoint's.
        """
        return address_of(self.headers.get("host", ""))

    @property
    def jurisdiction(self) -> str:
        """The jurisdiction of the host, or `default`.

        Each jurisdiction has an endpoint of its own and sees its own buckets only
        (CFD r2/reference/data-location.mdx).
        """
        return self.address.jurisdiction

    @property
    def is_on_account(self) -> bool:
        """Whether the request names neither a bucket nor an object."""
        return self.address.bucket is None and self.raw_path == "/"

    @cached_property
    def raw_bucket(self) -> str:
        """The bucket as it was sent, in the host or in the path."""
        return self.raw_path[1:].partition("/")[0] if self.address.bucket is None else self.address.bucket

    @cached_property
    def raw_key(self) -> str:
        """What follows the bucket in the path, or is the path if the bucket is in the host, as it was sent."""
        return self.raw_path[1:].partition("/")[2] if self.address.bucket is None else self.raw_path[1:]

    def bucket_name(self) -> str:
        """The bucket of the host or of the path.

        Raises:
            S3Error: InvalidBucketName.
        """
        if not _BUCKET_NAME.fullmatch(self.raw_bucket):
            raise S3Error(ErrorKind.INVALID_BUCKET_NAME)
        return self.raw_bucket

    def key(self) -> str:
        """The key of the path, as the client spells it.

        Raises:
            S3Error: InvalidObjectName if it is not UTF-8.
        """
        return decode_key(self.raw_key)


def decode_key(raw: str) -> str:
    """A key out of its percent-encoded form. A plus sign is a plus sign.

    Raises:
        S3Error: InvalidObjectName if it is not UTF-8 (CFD r2/api/error-codes.mdx, 10020).
    """
    try:
        return unquote_to_bytes(raw.encode("latin-1")).decode()
    except UnicodeError as error:
        raise S3Error(ErrorKind.INVALID_OBJECT_NAME) from error


def parse_query(raw: str) -> list[tuple[str, str]]:
    """Names and values of a query string; bytes that are not UTF-8 become U+FFFD."""
    if not raw:
        return []
    pairs = (item.partition("=") for item in raw.split("&") if item)
    return [(_decode(name), _decode(value)) for name, _, value in pairs]


def _decode(raw: str) -> str:
    return unquote_to_bytes(raw.replace("+", " ").encode("latin-1")).decode(errors="replace")
