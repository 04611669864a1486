"""The rows of the matrix's second axis: every operation on objects, each on an area.

An operation is the request that asks for it, and what of the bucket it touches. Whatever it needs is there
before it is asked for: the object, an upload under its key with one part, and the same under a key of the
credential's own, here called home.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from tests.matrix.areas import Area

__all__ = ["OPERATIONS", "Operation", "Situation", "Wire"]


@dataclass(frozen=True)
class Situation:
    """Where an operation is tried.

    Attributes:
        area: The place.
        upload: Id of an upload under the area's key, whose part 1 is the area's content.
        home: A key in the scope of the credential.
        home_bucket: Where that is.
        home_upload: Id of an upload under it.
    """

    area: Area
    upload: str
    home: str
    home_bucket: str
    home_upload: str


@dataclass(frozen=True)
class Wire:
    """A request before it is signed; the path is encoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    presigned: bool = False

    @property
    def target(self) -> str:
        """Path and query."""
        return self.path + (f"?{urlencode(self.query, quote_via=quote)}" if self.query else "")


def _folder(area: Area) -> str:
    return area.folder


def _key(area: Area) -> str:
    return area.key


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        name: As S3 calls it, and what it is tried with.
        writes: Whether it needs more than reading.
        request: Asks for it.
        touches: The key, or the prefix of a listing, that must lie in the scope.
        shows: What the answer must hold if it is allowed, and never otherwise.
        success: Status of an answer that allows it.
        answers_by_key: A batch: a key out of scope is refused inside an answer of 200.
    """

    name: str
    writes: bool
    request: Callable[[Situation], Wire]
    touches: Callable[[Area], str] = _key
    shows: Callable[[Area], bytes] | None = None
    success: int = 200
    answers_by_key: bool = False


def _on_key(
    method: str, query: Mapping[str, str] | None = None, body: bytes = b"", presigned: bool = False
) -> Callable[[Situation], Wire]:
    return lambda at: Wire(
        method, _path(at.area.bucket, at.area.key), query or {}, body=body, presigned=presigned
    )


def _on_upload(
    method: str, query: Mapping[str, str] | None = None, body: Callable[[Area], bytes] = lambda _: b""
) -> Callable[[Situation], Wire]:
    return lambda at: Wire(
        method,
        _path(at.area.bucket, at.area.key),
        {**(query or {}), "uploadId": at.upload},
        body=body(at.area),
    )


def _listing(
    query: Mapping[str, str], prefix: Callable[[Area], str] = _folder
) -> Callable[[Situation], Wire]:
    return lambda at: Wire("GET", f"/{at.area.bucket}", {**query, "prefix": prefix(at.area)})


def _copied_from(at: Situation) -> Wire:
    source = {"x-amz-copy-source": _path(at.area.bucket, at.area.key)}
    return Wire("PUT", _path(at.home_bucket, at.home), headers=source)


def _copied_to(at: Situation) -> Wire:
    source = {"x-amz-copy-source": _path(at.home_bucket, at.home)}
    return Wire("PUT", _path(at.area.bucket, at.area.key), headers=source)


def _part_from(at: Situation) -> Wire:
    source = {"x-amz-copy-source": _path(at.area.bucket, at.area.key)}
    query = {"partNumber": "2", "uploadId": at.home_upload}
    return Wire("PUT", _path(at.home_bucket, at.home), query, source)


def _part_to(at: Situation) -> Wire:
    source = {"x-amz-copy-source": _path(at.home_bucket, at.home)}
    query = {"partNumber": "2", "uploadId": at.upload}
    return Wire("PUT", _path(at.area.bucket, at.area.key), query, source)


def _deleted_with_others(at: Situation) -> Wire:
    body = f"<Delete><Object><Key>{escape(at.area.key)}</Key></Object></Delete>".encode()
    return Wire("POST", f"/{at.area.bucket}", {"delete": ""}, body=body)


def _completion(area: Area) -> bytes:
    etag = hashlib.md5(area.content, usedforsecurity=False).hexdigest()
    part = f"<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>"
    return f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()


def _content(area: Area) -> bytes:
    return area.content


def _key_bytes(area: Area) -> bytes:
    return area.key.encode()


def _beginning(area: Area) -> str:
    return area.folder.removesuffix("/")


def _path(bucket: str, key: str) -> str:
    return f"/{bucket}/{quote(key, safe='/-_.~')}"


_NEW = b"written by the matrix"

OPERATIONS: tuple[Operation, ...] = (
    Operation("HeadObject", False, _on_key("HEAD")),
    Operation("GetObject", False, _on_key("GET"), shows=_content),
    Operation("GetObject, presigned", False, _on_key("GET", presigned=True), shows=_content),
    Operation("ListObjects", False, _listing({}), _folder, _key_bytes),
    Operation("ListObjectsV2", False, _listing({"list-type": "2"}), _folder, _key_bytes),
    Operation(
        "ListObjectsV2, folders",
        False,
        _listing({"list-type": "2", "delimiter": "/"}),
        _folder,
        _key_bytes,
    ),
    Operation(
        "ListObjectsV2, prefix without its slash",
        False,
        _listing({"list-type": "2"}, _beginning),
        _beginning,
        _key_bytes,
    ),
    Operation("ListMultipartUploads", False, _listing({"uploads": ""}), _folder, _key_bytes),
    Operation("ListParts", False, _on_upload("GET")),
    Operation("PutObject", True, _on_key("PUT", body=_NEW)),
    Operation("PutObject, presigned", True, _on_key("PUT", body=_NEW, presigned=True)),
    Operation("DeleteObject", True, _on_key("DELETE"), success=204),
    Operation("DeleteObjects", True, _deleted_with_others, answers_by_key=True),
    Operation("CopyObject, from", True, _copied_from),
    Operation("CopyObject, to", True, _copied_to),
    Operation("CreateMultipartUpload", True, _on_key("POST", {"uploads": ""})),
    Operation("UploadPart", True, _on_upload("PUT", {"partNumber": "2"}, lambda _: _NEW)),
    Operation("UploadPartCopy, from", True, _part_from),
    Operation("UploadPartCopy, to", True, _part_to),
    Operation("CompleteMultipartUpload", True, _on_upload("POST", body=_completion)),
    Operation("AbortMultipartUpload", True, _on_upload("DELETE"), success=204),
)
