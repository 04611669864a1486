"""Operations on objects for the control API, which has found out by itself who asks and what they may."""

import io
from collections.abc import Mapping
from typing import BinaryIO
from urllib.parse import quote, urlencode

from local_cloudflare.clock import Clock
from local_cloudflare.r2.auth.access import Credential, Grant, Permission
from local_cloudflare.r2.auth.caller import Caller
from local_cloudflare.r2.auth.signature import UNSIGNED_PAYLOAD, Scope, Signed
from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.listing import Page, page_after
from local_cloudflare.r2.operations.pace import Pace
from local_cloudflare.r2.operations.perform import perform
from local_cloudflare.r2.protocol.host import Address
from local_cloudflare.r2.protocol.request import Request
from local_cloudflare.r2.protocol.wire import BodyStream, Head, Response
from local_cloudflare.r2.routes import OPERATIONS
from local_cloudflare.r2.store.models import Bucket
from local_cloudflare.r2.store.store import Store

__all__ = ["DirectAccess"]

_NAME = "control-api"
_CREDENTIAL = Credential(_NAME, "", (Grant("*", "*", Permission.OBJECT_READ_WRITE),))
_CALLER = Caller(
    _CREDENTIAL,
    None,
    Signed(Scope(_NAME, "", "auto"), "", (), "", UNSIGNED_PAYLOAD, presigned=False, session_token=None),
    b"",
)
_METHODS = {"PutObject": "PUT", "GetObject": "GET", "DeleteObject": "DELETE"}


class DirectAccess:
    """The S3 endpoint's own operations with all their rules, without its sockets, signatures and faults."""

    def __init__(self, store: Store, clock: Clock, *, account_id: str, pace: Pace) -> None:
        self._store = store
        self._clock = clock
        self._account_id = account_id
        self._pace = pace

    def do(
        self,
        operation: str,
        bucket: Bucket,
        key: str,
        headers: Mapping[str, str],
        body: BinaryIO,
        length: int,
    ) -> Response:
        """Does one operation on an object.

        Args:
            operation: `PutObject`, `GetObject` or `DeleteObject`.
            bucket: Where.
            key: As the client spells it.
            headers: Those of S3, by lower-case name.
            body: What is uploaded.
            length: How many bytes that is.

        Raises:
            S3Error: What the S3 endpoint would answer.
        """
        target = f"/{bucket.name}/{quote(key, safe='/')}"
        head = Head(_METHODS[operation], target, {**headers, "content-length": str(length)}, True, False)
        return perform(self._context(operation, bucket, head, BodyStream(body, length)))

    def page(self, bucket: Bucket, query: Mapping[str, str], *, start: bytes, limit: int) -> Page:
        """One page of a listing with the `prefix` and `delimiter` of the query, after `start`."""
        head = Head("GET", f"/{bucket.name}?{urlencode(query)}", {}, True, False)
        nothing = BodyStream(io.BytesIO(), 0)
        return page_after(self._context("ListObjectsV2", bucket, head, nothing), limit, start)

    def _context(self, operation: str, bucket: Bucket, head: Head, stream: BodyStream) -> Context:
        request = Request(head, stream, "127.0.0.1", self._clock.client_now(), self._clock.now())
        # Not by the host: there are jurisdictions that have no endpoint of their own here.
        request.address = Address(bucket.jurisdiction)
        return Context(request, self._store, _CALLER, OPERATIONS[operation], self._account_id, self._pace)
