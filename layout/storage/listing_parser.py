"""A parser of ListObjectsV2's pages for boto3, on the C parser of the standard library.

botocore reads a page twice, once to see whether it is whole and once by its model, element by element: 36
microseconds a key. This one reads it once. The request is signed, sent and repeated, and its errors are translated, by
the same client as before; only a whole page is taken out of botocore's hands. What is none, because it was cut off,
miscounts its keys or lacks what the next page needs, becomes a server error, which botocore asks for again: a page
that is short by mistake would be taken for a bucket with fewer objects.
"""

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, ParseError, XMLParser

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["parse_listings_once"]

_ROOT = "ListBucketResult"
_TEXTS = (
    "ContinuationToken",
    "Delimiter",
    "EncodingType",
    "Name",
    "NextContinuationToken",
    "Prefix",
    "StartAfter",
)
_NUMBERS = ("KeyCount", "MaxKeys")


class _NotWholeError(Exception):
    """The body is no whole page of a listing."""


def parse_listings_once(client: "S3Client") -> None:
    """Makes a client parse ListObjectsV2 here. `LastModified` of its answers is text, as the bucket writes it.

    Of each object only key, ETag, size, time and storage class are kept.
    """
    client.meta.events.register_first("before-parse.s3.ListObjectsV2", _take_page)


def _take_page(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """What botocore calls between an answer and its own parser, which finds nothing left in a page taken here."""
    if response_dict["status_code"] != 200:
        return
    try:
        root = _tree(response_dict["body"])
        if root.tag.rpartition("}")[2] == "Error":
            # botocore reads the code out of it and treats it as the error that it is.
            return
        customized_response_dict.update(_page(root))
    except _NotWholeError:
        response_dict["status_code"] = 500
    response_dict["body"] = b""


def _tree(body: bytes) -> Element:
    # Expat itself limits how far entities expand, and botocore hands the same bytes to the same parser.
    parser = XMLParser(encoding="utf-8")  # noqa: S314
    try:
        parser.feed(body)
        root: Element = parser.close()
    except ParseError:
        raise _NotWholeError from None
    return root


def _page(root: Element) -> dict[str, Any]:
    """A page as botocore's own parser returns it.

    Raises:
        _NotWholeError: Something that every page has is missing, or the keys are not as many as it says.
    """
    space, name = root.tag[: -len(_ROOT)], root.tag[-len(_ROOT) :]
    truncated = root.findtext(f"{space}IsTruncated")
    if name != _ROOT or truncated not in {"true", "false"}:
        raise _NotWholeError
    page: dict[str, Any] = {"IsTruncated": truncated == "true"}
    page |= {tag: text for tag in _TEXTS if (text := root.findtext(space + tag)) is not None}
    page |= {tag: _number(text) for tag in _NUMBERS if (text := root.findtext(space + tag)) is not None}
    if contents := _contents(root, space):
        page["Contents"] = contents
    prefixes = [
        {"Prefix": one.findtext(f"{space}Prefix", "")} for one in root.iterfind(f"{space}CommonPrefixes")
    ]
    if prefixes:
        page["CommonPrefixes"] = prefixes
    # Some stores leave the common prefixes out of the count.
    if page.setdefault("KeyCount", len(contents)) not in {len(contents), len(contents) + len(prefixes)}:
        raise _NotWholeError
    if page["IsTruncated"] and not page.get("NextContinuationToken"):
        raise _NotWholeError
    return page


def _contents(root: Element, space: str) -> list[dict[str, Any]]:
    key, etag, modified, size = (space + name for name in ("Key", "ETag", "LastModified", "Size"))
    storage_class = f"{space}StorageClass"
    contents = []
    for element in root.iterfind(f"{space}Contents"):
        found = {field.tag: field.text for field in element}
        entry: dict[str, Any] = {
            "Key": found.get(key),
            "LastModified": found.get(modified),
            "ETag": found.get(etag),
            "Size": found.get(size),
        }
        if not all(entry.values()):
            raise _NotWholeError
        entry["Size"] = _number(entry["Size"])
        if found.get(storage_class):
            entry["StorageClass"] = found[storage_class]
        contents.append(entry)
    return contents


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise _NotWholeError
    return int(text)
