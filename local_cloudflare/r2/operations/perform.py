"""An operation from its rules to its answer, whoever asked for it."""

from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.rules import check_rules
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.store.store import BucketMissingError, ObjectLockedError

__all__ = ["perform"]


def perform(context: Context) -> Response:
    """Does an operation that its caller may do, if the rules allow it.

    Raises:
        S3Error: The first refusal.
    """
    check_rules(context)
    try:
        return context.operation.handle(context)
    except ObjectLockedError as error:
        raise S3Error(ErrorKind.OBJECT_LOCKED, reason=str(error)) from None
    except BucketMissingError as error:
        # It was deleted between the look-up and the change.
        raise S3Error(ErrorKind.NO_SUCH_BUCKET, reason=str(error)) from None
