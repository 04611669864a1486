"""DeleteObjects: up to 1,000 keys in one request."""

from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.limits import MAX_DELETE_KEYS
from local_cloudflare.r2.operations.payload import read_small
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error, not_implemented
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.protocol.xml import Element, children, document, parse, text_of
from local_cloudflare.r2.store.keys import normal_form
from local_cloudflare.r2.store.store import ObjectLockedError

__all__ = ["delete_objects"]


def delete_objects(context: Context) -> Response:
    """DeleteObjects.

    Missing keys are reported as deleted, `Quiet` is checked and ignored (WSDK .../s3/operations.worker.ts).
    A key outside of the credential's paths and an object that is locked get an Error of their own; the others
    are deleted.

    Raises:
        S3Error: MalformedXML: the body is no XML or has another root (`protocol/xml.py`), or an object has no
            key, or there are none or too many.
    """
    content = [_delete(context, key) for key in _wanted_keys(context)]
    return Response(200, {"Content-Type": "application/xml"}, document("DeleteResult", content))


def _delete(context: Context, key: str) -> Element:
    """Deletes one key, and says so or why not."""
    row = ErrorKind.ACCESS_DENIED.value
    if context.caller.opens_key(normal_form(key)):
        try:
            context.store.objects.delete(context.bucket.id, normal_form(key))
        except ObjectLockedError:
            row = ErrorKind.OBJECT_LOCKED.value
        else:
            return "Deleted", [("Key", key)]
    return "Error", [("Key", key), ("Code", row.code), ("Message", row.message)]


def _wanted_keys(context: Context) -> list[str]:
    tree = parse(read_small(context.request, context.caller), "Delete")
    keys = []
    for entry in children(tree, "Object"):
        key = text_of(entry, "Key")
        if not key:
            raise S3Error(ErrorKind.MALFORMED_XML)
        if text_of(entry, "VersionId"):
            raise not_implemented("versionId")
        keys.append(key)
    if not 1 <= len(keys) <= MAX_DELETE_KEYS:
        raise S3Error(ErrorKind.MALFORMED_XML)
    if text_of(tree, "Quiet") not in {None, "true", "false"}:
        raise S3Error(ErrorKind.MALFORMED_XML)
    return keys
