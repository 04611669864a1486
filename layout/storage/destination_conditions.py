"""R2's own conditions on what lies where a copy goes (Cloudflare's R2 docs, `api/s3/extensions`), for boto3.

A plain S3 server ignores these headers and overwrites whatever is there.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["ONLY_IF_ABSENT", "honour_destination_conditions", "only_over"]

_ARGUMENT = "DestinationCondition"
_IF_ABSENT = "cf-copy-destination-if-none-match"
_IF_MATCH = "cf-copy-destination-if-match"

ONLY_IF_ABSENT: Any = {_ARGUMENT: (_IF_ABSENT, "*")}
"""Argument of `copy_object`: copy only if nothing is there."""


def only_over(etag: str) -> Any:
    """Argument of `copy_object`: copy only over the object with this ETag, which is given without quotes."""
    return {_ARGUMENT: (_IF_MATCH, f'"{etag}"')}


def honour_destination_conditions(client: "S3Client") -> None:
    """Lets the client's CopyObject take these arguments, which boto3 does not have."""
    client.meta.events.register("before-parameter-build.s3.CopyObject", _take)
    client.meta.events.register("before-call.s3.CopyObject", _add)


def _take(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Ours is taken away before boto3 refuses it."""
    context[_ARGUMENT] = params.pop(_ARGUMENT, None)


def _add(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if context[_ARGUMENT] is not None:
        name, value = context[_ARGUMENT]
        params["headers"][name] = value
