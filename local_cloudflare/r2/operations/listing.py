"""ListObjects and ListObjectsV2."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.operations.writing import iso_time
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error, not_implemented
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.protocol.xml import Element, document
from local_cloudflare.r2.store.keys import normal_form
from local_cloudflare.r2.store.object_table import Listed

__all__ = ["MAX_LIST_KEYS", "Encoder", "Page", "list_objects", "list_objects_v2", "page_after", "parse_limit"]

MAX_LIST_KEYS = 1000
_LAST = b"\xff"  # greater than any byte of UTF-8


class Encoder:
    """Writes keys as the client asked for: as they are, or percent-encoded."""

    def __init__(self, encoding_type: str | None) -> None:
        if encoding_type not in {None, "url"}:
            raise not_implemented(f'Unrecognized encoding-type "{encoding_type}"')
        self.encoding_type = encoding_type

    def __call__(self, text: str) -> str:
        """A key, or a part of one, as it is to be written."""
        return text if self.encoding_type is None else quote(text, safe="-_.~")

    def element(self) -> list[Element]:
        """`EncodingType`, if one was asked for."""
        return [] if self.encoding_type is None else [("EncodingType", self.encoding_type)]


@dataclass
class Page:
    """What a listing found: objects, the prefixes that stand for several, whether there is more."""

    objects: list[Listed] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    truncated: bool = False
    resume: bytes = b""
    """What the next page starts after."""


def list_objects(context: Context) -> Response:
    """ListObjects, the first version."""
    query, encode = context.request.query, Encoder(context.request.query.get("encoding-type"))
    limit = parse_limit(query.get("max-keys"))
    marker = query.get("marker", "")
    page = page_after(context, limit, normal_form(marker).encode())
    content: list[Element] = [("Name", context.bucket_name), *_contents(page, encode, owner=None)]
    content += [("Prefix", encode(query.get("prefix", ""))), *_delimiter(context, encode)]
    content.append(("Marker", encode(marker)))
    if page.truncated and (last := _last(page)):
        content.append(("NextMarker", encode(last)))
    content += [("MaxKeys", limit), *encode.element()]
    return _answer(content)


def list_objects_v2(context: Context) -> Response:
    """ListObjectsV2."""
    query, encode = context.request.query, Encoder(context.request.query.get("encoding-type"))
    limit = parse_limit(query.get("max-keys"))
    token, start_after = query.get("continuation-token"), query.get("start-after")
    # Whoever goes on after a key names it as the listing showed it, in the spelling of its upload.
    after = normal_form(start_after or "").encode() if token is None else _read_token(token)
    page = page_after(context, limit, after)
    owner = context.account_id if query.get("fetch-owner") == "true" else None
    content: list[Element] = [("Name", context.bucket_name), *_contents(page, encode, owner)]
    content += [("Prefix", encode(query.get("prefix", ""))), *_delimiter(context, encode)]
    content += [] if start_after is None else [("StartAfter", encode(start_after))]
    content += [] if token is None else [("ContinuationToken", token)]
    if page.truncated and page.resume:
        content.append(("NextContinuationToken", base64.urlsafe_b64encode(page.resume).decode()))
    content += [("MaxKeys", limit), ("KeyCount", len(page.objects) + len(page.prefixes)), *encode.element()]
    return _answer(content)


def parse_limit(text: str | None) -> int:
    """`max-keys`: 1,000 by default; fractions are floored, 0 is allowed, more than 1,000 is echoed.

    Raises:
        S3Error: InvalidMaxKeys.
    """
    if text is None:
        return MAX_LIST_KEYS
    try:
        limit = int(float(text))
    except (ValueError, OverflowError):  # "", "nan", "inf", words
        limit = -1
    if limit < 0 or "_" in text:  # Python would read 1_000
        raise S3Error(ErrorKind.INVALID_MAX_KEYS)
    return limit


def page_after(context: Context, limit: int, start: bytes) -> Page:
    """Up to `limit` entries after `start`, with the prefix and the delimiter of the request's query."""
    query = context.request.query
    prefix, delimiter = normal_form(query.get("prefix", "")).encode(), query.get("delimiter", "").encode()
    page, wanted = Page(resume=start), min(limit, MAX_LIST_KEYS)
    if delimiter and _common_prefix(start, prefix, delimiter) == start:
        start += _LAST  # whoever starts after a common prefix has seen all that it stands for
    for entry in _entries(context, start, prefix, delimiter, wanted + 1):
        if len(page.objects) + len(page.prefixes) >= wanted:
            page.truncated = True
            break
        if isinstance(entry, bytes):
            page.prefixes.append(entry.decode())
            page.resume = entry + _LAST
        else:
            page.objects.append(entry)
            page.resume = entry.key
    return page


def _entries(
    context: Context, start: bytes, prefix: bytes, delimiter: bytes, batch: int
) -> Iterator[Listed | bytes]:
    """Objects, and with a delimiter the prefixes that stand for several, in byte order."""
    inclusive, position = start < prefix, max(start, prefix)
    common: bytes | None = None
    while True:
        page = context.store.objects.after(context.bucket.id, position, inclusive, prefix, batch)
        for found in page:
            if common is not None and found.key.startswith(common):
                continue
            common = _common_prefix(found.key, prefix, delimiter)
            yield found if common is None else common
        if len(page) < batch:
            return
        # A prefix that stands for more than a page is skipped as a whole.
        position, inclusive = page[-1].key if common is None else common + _LAST, False


def _common_prefix(key: bytes, prefix: bytes, delimiter: bytes) -> bytes | None:
    """The key up to the first delimiter behind the prefix; None if there is none."""
    if not delimiter or not key.startswith(prefix):
        return None
    end = key.find(delimiter, len(prefix))
    return None if end < 0 else key[: end + len(delimiter)]


def _read_token(token: str) -> bytes:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise S3Error(ErrorKind.INVALID_ARGUMENT, "The continuation token provided is incorrect") from None


def _contents(page: Page, encode: Encoder, owner: str | None) -> list[Element]:
    content: list[Element] = []
    for found in page.objects:
        entry: list[Element] = [
            ("Key", encode(found.spelling)),
            ("Size", found.size),
            ("LastModified", iso_time(found.modified)),
            ("ETag", f'"{found.etag}"'),
            ("StorageClass", found.storage_class),
        ]
        if owner is not None:
            entry.append(("Owner", [("ID", owner), ("DisplayName", owner)]))
        content.append(("Contents", entry))
    content.append(("IsTruncated", page.truncated))
    content += [("CommonPrefixes", [("Prefix", encode(prefix))]) for prefix in page.prefixes]
    return content


def _delimiter(context: Context, encode: Encoder) -> list[Element]:
    delimiter = context.request.query.get("delimiter")
    return [] if delimiter is None else [("Delimiter", encode(delimiter))]


def _last(page: Page) -> str:
    names = [*(found.key.decode() for found in page.objects), *page.prefixes]
    return max(names, key=str.encode, default="")


def _answer(content: list[Element]) -> Response:
    return Response(200, {"Content-Type": "application/xml"}, document("ListBucketResult", content))
