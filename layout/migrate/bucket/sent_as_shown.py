"""Headers of one object sent for another byte for byte, as HEAD shows them.

R2 keeps any bytes there. boto3 would change them on their way: it reads `Expires` as a date, refuses metadata that is
not ASCII, and sends the characters of a head, which was read as Latin-1, in UTF-8.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["described_argument", "send_described"]

_DESCRIBED = "DescribedAsShown"
_SIGNED, _UNSIGNED = "headers_signed", "headers_unsigned"


def send_described(client: "S3Client") -> None:
    """Lets the client's CreateMultipartUpload take `described_argument`."""
    events = client.meta.events
    events.register("before-parameter-build.s3.CreateMultipartUpload", _take)
    events.register("before-call.s3.CreateMultipartUpload", _add_signed)
    # After the request was signed: botocore calls what is registered for one operation before what is for all.
    events.register_last("request-created.s3", _add_unsigned)


def described_argument(described: dict[str, str]) -> Any:
    """The argument by which an upload is told these headers: lower-case names, values read as Latin-1."""
    return {_DESCRIBED: described}


def _take(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context[_SIGNED], context[_UNSIGNED] = {}, {}
    for name, value in params.pop(_DESCRIBED, {}).items():
        shown = value.encode("latin-1")
        try:
            context[_SIGNED][name] = shown.decode()
        except UnicodeDecodeError:
            # A signature is of text in UTF-8, which these bytes are not.
            context[_UNSIGNED][name] = shown


def _add_signed(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    params["headers"].update(context[_SIGNED])


def _add_unsigned(request: Any, **_: Any) -> None:
    for name, value in request.context.get(_UNSIGNED, {}).items():
        request.headers[name] = value
