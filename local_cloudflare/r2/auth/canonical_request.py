"""The canonical request of AWS Signature Version 4: what a signature covers, in one spelling."""

import re
from urllib.parse import quote

from local_cloudflare.r2.protocol.request import Request

__all__ = ["canonical_request"]

_SPACES = re.compile(" +")


def canonical_request(
    request: Request, signed_headers: tuple[str, ...], payload_hash: str, *, presigned: bool
) -> str:
    """The lines that are hashed; of a presigned URL without the signature itself."""
    headers = "".join(
        f"{name}:{_SPACES.sub(' ', request.head.headers.get(name, ''))}\n" for name in signed_headers
    )
    names = ";".join(signed_headers)
    query = _canonical_query(request, presigned=presigned)
    return f"{request.method}\n{request.raw_path}\n{query}\n{headers}\n{names}\n{payload_hash}"


def _canonical_query(request: Request, *, presigned: bool) -> str:
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in request.parameters
        if not (presigned and name == "X-Amz-Signature")
    )
    return "&".join(f"{name}={value}" for name, value in pairs)
