"""What an operation works with: the request, who sent it, and the store."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from local_cloudflare.r2.auth.access import Permission
from local_cloudflare.r2.auth.caller import Caller
from local_cloudflare.r2.operations.pace import Pace
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.protocol.request import Request
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.store.keys import normal_form
from local_cloudflare.r2.store.models import Bucket
from local_cloudflare.r2.store.store import BucketExistsError, Store

__all__ = ["Context", "Operation"]

_CREATING = frozenset({"PutObject", "CreateMultipartUpload"})


@dataclass(frozen=True)
class Operation:
    """One S3 operation.

    Attributes:
        name: As AWS and R2 call it.
        need: The least permission for it.
        handle: Does it.
        on_key: Whether the path names an object that it concerns.
        action: Its name in the `actions` of a temporary credential, if it differs.
    """

    name: str
    need: Permission
    handle: Callable[["Context"], Response]
    on_key: bool = False
    action: str | None = None


@dataclass
class Context:
    """One authenticated request and what it wants."""

    request: Request
    store: Store
    caller: Caller
    operation: Operation
    account_id: str
    pace: Pace

    @cached_property
    def bucket_name(self) -> str:
        """The bucket of the path; InvalidBucketName if it cannot be one."""
        return self.request.bucket_name()

    @cached_property
    def bucket(self) -> Bucket:
        """The bucket of the path; NoSuchBucket if there is none.

        `cf-create-bucket-if-missing: true` makes it for an upload (CFD r2/api/s3/extensions.mdx),
        if the credential could have made it before.
        """
        name, jurisdiction = self.bucket_name, self.request.jurisdiction
        if self.operation.name in _CREATING and self.header("cf-create-bucket-if-missing") == "true":
            may_create = self.caller.may(Permission.ADMIN_READ_WRITE, "CreateBucket", name, jurisdiction)
            if may_create and self.store.bucket(name, jurisdiction) is None:
                with suppress(BucketExistsError):  # another request was quicker
                    return self.store.create_bucket(name, jurisdiction=jurisdiction)
        return self.existing_bucket(name)

    @cached_property
    def spelling(self) -> str:
        """The key as the client spells it."""
        return self.request.key()

    @cached_property
    def key(self) -> str:
        """The key in NFC, under which R2 stores."""
        return normal_form(self.spelling)

    def existing_bucket(self, name: str) -> Bucket:
        """A bucket in the jurisdiction of the endpoint; NoSuchBucket if there is none."""
        found = self.store.bucket(name, self.request.jurisdiction)
        if found is None:
            raise S3Error(ErrorKind.NO_SUCH_BUCKET)
        return found

    def header(self, name: str) -> str | None:
        """A request header by lower-case name."""
        return self.request.headers.get(name)
