"""What the host of a request addresses: a jurisdiction's endpoint, or one bucket of it.

R2 takes a bucket in the path and, since its release of 2022-05-16, in front of the host
(virtual-hosted style), which is what the AWS SDK for JavaScript does by default.
"""

import ipaddress
import re
from dataclasses import dataclass

from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error

__all__ = ["ENDPOINT_NAMES", "JURISDICTIONS", "Address", "address_of"]

JURISDICTIONS = ("eu", "fedramp", "us")
ENDPOINT_NAMES = ("127.0.0.1", "localhost", *(f"{jurisdiction}.localhost" for jurisdiction in JURISDICTIONS))
"""The names of this endpoint; a jurisdiction's endpoint has its own (CFD r2/reference/data-location.mdx)."""

_JURISDICTION = rf"(?P<jurisdiction>{'|'.join(JURISDICTIONS)})"
# On R2 the account stands before the jurisdiction, here nothing does.
_HOSTS = (
    re.compile(rf"(?:(?P<bucket>.+?)\.)??(?:{_JURISDICTION}\.)?(?:localhost|host\.docker\.internal)"),
    re.compile(rf"(?:(?P<bucket>.+)\.)?[0-9a-f]{{32}}\.(?:{_JURISDICTION}\.)?r2\.cloudflarestorage\.com"),
)
_PORT = re.compile(r":\d{1,5}$", re.ASCII)
_SINGLE_LABEL = re.compile(r"[a-z0-9_-]+")


@dataclass(frozen=True)
class Address:
    """What a host stands for. `bucket` is None if the bucket is in the path, as it was sent otherwise."""

    jurisdiction: str = "default"
    bucket: str | None = None


def address_of(host: str) -> Address:
    """Reads a Host header.

    An IP address, no host at all, and a name without a dot have no room for a bucket. `fedramp.localhost`
    is the endpoint of that jurisdiction, although a bucket may have the name too.

    Raises:
        S3Error: InvalidRequest for any other host: whether its first label is a bucket cannot be known, and a
            request for an object must not reach a bucket of the object's name.
    """
    name = _PORT.sub("", host.lower()).removesuffix(".")
    if not name or _has_no_room(name):
        return Address()
    for pattern in _HOSTS:
        if (found := pattern.fullmatch(name)) is not None:
            return Address(found["jurisdiction"] or "default", found["bucket"])
    raise S3Error(
        ErrorKind.INVALID_REQUEST,
        f"The host {host!r} is none of this endpoint's. Use 127.0.0.1, localhost or <bucket>.localhost, with eu., "
        "fedramp. or us. before localhost for a jurisdiction.",
    )


def _has_no_room(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return _SINGLE_LABEL.fullmatch(name) is not None
    return True
