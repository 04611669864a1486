"""DeleteObjects: up to 1,000 keys in one request."""

from xml.etree import ElementTree as ET

from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.limits import MAX_DELETE_KEYS
from local_cloudflare.r2.operations.payload import read_small
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error, not_implemented
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.protocol.xml import Element, document, leaf, members, parse
from local_cloudflare.r2.store.keys import normal_form
from local_cloudflare.r2.store.store import ObjectLockedError

__all__ = ["delete_objects"]

_CONDITIONS = ("ETag", "LastModifiedTime", "Size")
"""What AWS lets the deletion of a key depend on; ignored, it would delete what the client meant to keep."""


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
    found = members(tree, once=("Quiet",), many=("Object",))
    keys = [_key(entry) for entry in found["Object"]]
    if not 1 <= len(keys) <= MAX_DELETE_KEYS or not {"true", "false"}.issuperset(map(leaf, found["Quiet"])):
        raise S3Error(ErrorKind.MALFORMED_XML)
    return keys


def _key(entry: ET.Element) -> str:
    found = members(entry, once=("Key", "VersionId", *_CONDITIONS))
    texts = {name: "".join(map(leaf, elements)) for name, elements in found.items()}
    if not texts["Key"]:
        raise S3Error(ErrorKind.MALFORMED_XML)
    if texts["VersionId"]:
        raise not_implemented("versionId")
    for name in _CONDITIONS:
        if found[name]:
            raise not_implemented(f"DeleteObjects {name}")
    return texts["Key"]
