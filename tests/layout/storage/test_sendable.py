"""What cannot be written as it is given is one clear error, and nothing is sent."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layout.environment import Environment
from layout.errors import ObjectMissingError, StorageError
from layout.keys import r2_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from layout.storage.r2_storage import R2Storage

KEY = r2_key("a", "x.bin", "p1", environment=Environment.DEV)


def _refusal(storage: R2Storage, write: Callable[[], object]) -> tuple[str, str | None]:
    with pytest.raises(StorageError) as caught:
        write()
    with pytest.raises(ObjectMissingError):
        storage.get_object_info(KEY)
    return str(caught.value), caught.value.hint


@pytest.mark.parametrize(
    "content_type", ["a/b\r\nx-amz-acl: public", "text/\u00e9", " a/b", "a/b\x00", "\u200ba/b"]
)
def test_a_content_type_is_printable_ascii(storage: R2Storage, content_type: str) -> None:
    """For every way to write; obstore panics at a line feed, and boto3 signs a URL for it."""
    writes: list[Callable[[], object]] = [
        lambda: storage.put(KEY, b"x", content_type=content_type),
        lambda: storage.create(KEY, b"x", content_type=content_type),
        lambda: storage.replace(KEY, b"x", '"e"', content_type=content_type),
        lambda: storage.presign_put(KEY, lifetime=timedelta(hours=1), content_type=content_type, size=4),
    ]
    for write in writes:
        assert _refusal(storage, write) == (
            f"The content type {content_type!r} cannot be sent.",
            "Use printable ASCII such as 'video/mp4', without spaces around it.",
        )


def test_a_url_is_for_a_content_type(storage: R2Storage) -> None:
    """The empty text would let the holder send any."""
    message, _ = _refusal(
        storage, lambda: storage.presign_put(KEY, lifetime=timedelta(hours=1), content_type="", size=4)
    )
    assert message == "The content type '' cannot be sent."


@pytest.mark.parametrize("name", ["a b", "a\nb", "\u00e9", "", "Title", "Content-Type", "cache-control"])
def test_a_metadata_name_comes_back_as_it_is(storage: R2Storage, name: str) -> None:
    """In lower case, and not as a header."""
    assert _refusal(storage, lambda: storage.put(KEY, b"x", metadata={name: "c"})) == (
        f"The metadata name {name!r} cannot be kept.",
        "Use lower-case letters, digits, '-' and '_', and no name of a header.",
    )


@pytest.mark.parametrize("value", ["b\nc", "\u00e9", " b", "b ", "\x7f", 5])
def test_a_metadata_value_comes_back_as_it_is(storage: R2Storage, value: Any) -> None:
    """It is not shown: it may be anybody's."""
    assert _refusal(storage, lambda: storage.put(KEY, b"x", metadata={"a": value})) == (
        "The value of the metadata 'a' cannot be kept.",
        "Use printable ASCII without spaces around it; encode other text, with urllib.parse.quote say.",
    )


@pytest.mark.parametrize("value", ["", "b", "a  b", '~!"%'])
def test_what_is_allowed_comes_back(storage: R2Storage, value: str) -> None:
    """Byte for byte."""
    storage.put(KEY, b"x", content_type="a/b; c=d e", metadata={"a-b_c.1": value})
    found = storage.get_object_info(KEY)
    assert (found.content_type, found.metadata) == ("a/b; c=d e", {"a-b_c.1": value})


@pytest.mark.parametrize("e_tag", ["*", "", "abc", '"a\nb"', '""', 'W/"abc"'])
def test_only_a_version_is_replaced(storage: R2Storage, e_tag: str) -> None:
    """`*` is any version: the condition would hold whatever another process wrote."""
    assert _refusal(storage, lambda: storage.replace(KEY, b"x", e_tag)) == (
        f"The ETag {e_tag!r} names no version of an object.",
        "Use the ETag of a read, a write or a listing, with its quotes.",
    )


def test_a_text_is_no_body(storage: R2Storage, tmp_path: Path) -> None:
    """Obstore would upload the file of that name."""
    file = tmp_path / "private"
    file.write_text("nobody else's")
    body: Any = str(file)
    writes: list[Callable[[], object]] = [
        lambda: storage.put(KEY, body),
        lambda: storage.create(KEY, body),
        lambda: storage.replace(KEY, body, '"e"'),
    ]
    for write in writes:
        assert _refusal(storage, write) == (
            "The body is of the type 'str', not bytes.",
            "Encode a text: text.encode(). Read a file: Path(...).read_bytes().",
        )
