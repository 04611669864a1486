"""What may be written with an object: its body, its headers, its metadata, and the version that it replaces.

The clients do not say what is wrong with any of these: obstore ends the calling thread with a panic that no
`except Exception` catches, takes a header's name in metadata for that header and a text for the path of a file to
upload; boto3 signs a URL for whatever it is given (seen with obstore 0.12.1 and botocore 1.44.5).
"""

import re
from collections.abc import Mapping

from layout.errors import StorageError
from layout.scheme.segments import shown
from layout.storage.e_tags import is_e_tag

__all__ = ["check_body", "check_content_type", "check_e_tag", "check_metadata", "sendable_attributes"]

# RFC 9110, 5.1, without the capitals: R2 gives names back in lower case, and obstore takes capitals for headers.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_HEADERS = frozenset(
    {"cache-control", "content-disposition", "content-encoding", "content-language", "content-type"}
)
# Without spaces around it, which are lost on the way. Other scripts come back encoded, not as they were.
_VALUE = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?")


def check_body(body: bytes) -> bytes:
    """The body itself.

    Raises:
        StorageError: It is something else than bytes. A text would be the path of a file on this machine.
    """
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise StorageError(
            f"The body is of the type {type(body).__name__!r}, not bytes.",
            hint="Encode a text: text.encode(). Read a file: Path(...).read_bytes().",
        )
    return body


def check_content_type(content_type: str) -> str:
    """The content type itself.

    Raises:
        StorageError: It is empty, or cannot be sent as it is.
    """
    if not content_type or not _VALUE.fullmatch(content_type):
        raise StorageError(
            f"The content type {shown(content_type)} cannot be sent.",
            hint="Use printable ASCII such as 'video/mp4', without spaces around it.",
        )
    return content_type


def check_metadata(metadata: Mapping[str, str]) -> Mapping[str, str]:
    """The metadata itself.

    Raises:
        StorageError: A name or a value would not come back as it is.
    """
    for name, value in metadata.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _HEADERS:
            raise StorageError(
                f"The metadata name {shown(str(name))} cannot be kept.",
                hint="Use lower-case letters, digits, '-' and '_', and no name of a header.",
            )
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise StorageError(
                f"The value of the metadata {name!r} cannot be kept.",
                hint="Use printable ASCII without spaces around it; encode other text, with urllib.parse.quote say.",
            )
    return metadata


def check_e_tag(e_tag: str) -> str:
    """The ETag itself.

    Raises:
        StorageError: It names no version: `*` would be any, and one without quotes none.
    """
    if not is_e_tag(e_tag):
        raise StorageError(
            f"The ETag {shown(e_tag)} names no version of an object.",
            hint="Use the ETag of a read, a write or a listing, with its quotes.",
        )
    return e_tag


def sendable_attributes(content_type: str | None, metadata: Mapping[str, str]) -> dict[str, str]:
    """Both as obstore takes them, metadata that was checked before.

    Raises:
        StorageError: The content type cannot be sent.
    """
    return dict(metadata) | ({"Content-Type": check_content_type(content_type)} if content_type else {})
