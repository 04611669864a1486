"""The same promises through obstore, the client that carries the data path."""

import asyncio
import hashlib

import obstore
import pytest
from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.store import S3Store

from tests.conformance.area import Area
from tests.conformance.test_objects import ODD_NAMES


def _put(objects: S3Store, area: Area, name: str, body: bytes, **parameters: object) -> str | None:
    return obstore.put(objects, area.key(name), body, use_multipart=False, **parameters)["e_tag"]  # type: ignore[arg-type]


def _get(objects: S3Store, area: Area, name: str) -> bytes:
    return bytes(obstore.get(objects, area.key(name)).bytes())


def _names(objects: S3Store, area: Area) -> list[str]:
    return [
        entry["path"].removeprefix(area.prefix)
        for page in obstore.list(objects, area.prefix)
        for entry in page
    ]


def test_put_then_get(area: Area, objects: S3Store) -> None:
    """With obstore: GET returns the bytes that PUT stored."""
    _put(objects, area, "object", b"hello")
    assert _get(objects, area, "object") == b"hello"


def test_asynchronous(area: Area, objects: S3Store) -> None:
    """With obstore: the asynchronous calls reach the same objects."""

    async def put_then_get() -> bytes:
        await obstore.put_async(objects, area.key("object"), b"hello")
        return bytes(await (await obstore.get_async(objects, area.key("object"))).bytes_async())

    assert asyncio.run(put_then_get()) == b"hello"


def test_get_missing(area: Area, objects: S3Store) -> None:
    """With obstore: a missing key is FileNotFoundError, for GET and for HEAD."""
    with pytest.raises(FileNotFoundError):
        obstore.get(objects, area.key("missing"))
    with pytest.raises(FileNotFoundError):
        obstore.head(objects, area.key("missing"))


def test_create_only(area: Area, objects: S3Store) -> None:
    """With obstore: mode create refuses an existing key, which stays as it was."""
    _put(objects, area, "object", b"first", mode="create")
    with pytest.raises(AlreadyExistsError):
        _put(objects, area, "object", b"second", mode="create")
    assert _get(objects, area, "object") == b"first"


def test_replace(area: Area, objects: S3Store) -> None:
    """With obstore: an update with the current ETag replaces, one with an old ETag is refused."""
    first = _put(objects, area, "object", b"first")
    _put(objects, area, "object", b"second", mode={"e_tag": first})
    with pytest.raises(PreconditionError):
        _put(objects, area, "object", b"third", mode={"e_tag": first})
    assert _get(objects, area, "object") == b"second"


def test_copy_never_overwrites(area: Area, objects: S3Store) -> None:
    """With obstore: a copy without overwrite is refused when the destination exists."""
    _put(objects, area, "source", b"new")
    _put(objects, area, "destination", b"old")
    with pytest.raises(AlreadyExistsError):
        obstore.copy(objects, area.key("source"), area.key("destination"), overwrite=False)
    assert _get(objects, area, "destination") == b"old"


def test_copy_creates(area: Area, objects: S3Store) -> None:
    """With obstore: a copy without overwrite creates a missing destination."""
    _put(objects, area, "source", b"new")
    obstore.copy(objects, area.key("source"), area.key("destination"), overwrite=False)
    assert _get(objects, area, "destination") == b"new"


def test_copy_overwrites(area: Area, objects: S3Store) -> None:
    """With obstore: a copy with overwrite replaces the destination."""
    _put(objects, area, "source", b"new")
    _put(objects, area, "destination", b"old")
    obstore.copy(objects, area.key("source"), area.key("destination"))
    assert _get(objects, area, "destination") == b"new"


def test_pages(area: Area, objects: S3Store) -> None:
    """With obstore: 1,001 keys are all listed, in order."""
    names = [f"{number:04}" for number in range(1_001)]
    area.fill(names)
    assert _names(objects, area) == names


def test_batch_delete(area: Area, objects: S3Store) -> None:
    """With obstore: a batch delete removes its keys and no others."""
    for name in ("a", "b", "c"):
        _put(objects, area, name, b"")
    obstore.delete(objects, [area.key("a"), area.key("b")])
    assert _names(objects, area) == ["c"]


def test_range(area: Area, objects: S3Store) -> None:
    """With obstore: a range returns those bytes."""
    _put(objects, area, "object", b"0123456789")
    assert bytes(obstore.get_range(objects, area.key("object"), start=2, length=3)) == b"234"


def test_attributes(area: Area, objects: S3Store) -> None:
    """With obstore: content type and user metadata come back as they were put."""
    _put(objects, area, "object", b"x", attributes={"Content-Type": "video/mp4", "db-version": "7"})
    attributes = obstore.get(objects, area.key("object")).attributes
    assert (attributes["Content-Type"], attributes["db-version"]) == ("video/mp4", "7")


def test_multipart(area: Area, objects: S3Store) -> None:
    """With obstore: a body above 5 MiB is uploaded in parts of equal size."""
    body = bytes(range(256)) * 4 * 1024 * 13
    obstore.put(objects, area.key("object"), body)
    assert hashlib.sha256(_get(objects, area, "object")).digest() == hashlib.sha256(body).digest()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(area: Area, objects: S3Store, name: str) -> None:
    """With obstore: keys with spaces, percent signs, punctuation and any script survive byte for byte."""
    _put(objects, area, name, name.encode())
    assert (_names(objects, area), _get(objects, area, name)) == ([name], name.encode())
