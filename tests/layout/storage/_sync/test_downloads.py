# Written by `make generate` from tests/layout/storage/_async/test_downloads.py: change that.
"""Downloads: streamed by ranges, and to a file that is whole or not there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from obstore.exceptions import GenericError

from layout.environment import Environment
from layout.errors import (
    ConditionFailedError,
    NotModifiedError,
    ObjectMissingError,
    RangeError,
    StorageError,
    StorageUnavailableError,
)
from layout.keys import r2_key
from layout.storage._sync.file_stream import FileStream
from layout.storage.limits import MIB, USUAL_PART
from layout.storage.r2_storage import R2Storage
from layout.storage.stored_object import StoredObject
from layout.storage.unfinished_download import UnfinishedDownload
from local_cloudflare.r2.faults import FaultAction, FaultRule, Faults

pytestmark = pytest.mark.anyio

CLIP = r2_key("anna", "raw_clips/goal.mp4", "a1b2c3d4", environment=Environment.DEV)
BODY = bytes(range(256)) * (5 * MIB // 256)


def _read(
    storage: R2Storage, start: int | None = None, stop: int | None = None, suffix: int | None = None
) -> bytes:
    with storage.open_file(CLIP, start=start, stop=stop, suffix=suffix) as stream:
        chunks = [chunk for chunk in stream]
    body = b"".join(chunks)
    assert len(body) == stream.stop - stream.start
    return body


def _version(e_tag: str) -> str:
    return e_tag.strip('"')


def test_an_object_is_streamed(storage: R2Storage) -> None:
    """With what its headers say, in chunks."""
    storage.put(CLIP, BODY, content_type="video/mp4", metadata={"title": "goal"})
    with storage.open_file(CLIP) as stream:
        assert (stream.info.size, stream.start, stream.stop) == (len(BODY), 0, len(BODY))
        assert (stream.info.content_type, stream.info.metadata) == ("video/mp4", {"title": "goal"})
        chunks = [chunk for chunk in stream]
    assert b"".join(chunks) == BODY
    assert len(chunks) > 1


def test_ranges_are_those_of_the_bucket(storage: R2Storage) -> None:
    """First bytes, middle, to the end, beyond the end, the last ones."""
    storage.put(CLIP, b"0123456789")
    assert _read(storage, stop=2) == b"01"
    assert _read(storage, 3, 5) == b"34"
    assert _read(storage, 7) == b"789"
    assert _read(storage, 7, 100) == b"789"
    assert _read(storage, suffix=3) == b"789"
    assert _read(storage, suffix=30) == b"0123456789"


def test_a_range_without_bytes_is_an_error(storage: R2Storage) -> None:
    """It tells the size, by which a player asks again."""
    storage.put(CLIP, b"0123456789")
    with pytest.raises(RangeError) as caught:
        storage.open_file(CLIP, start=10)
    assert str(caught.value) == (
        f"No byte of the object {str(CLIP)!r} in bucket {storage.bucket!r} lies in the range that was asked for."
    )
    assert caught.value.hint == "Ask for its size, then for bytes before its end."
    assert caught.value.size == 10


@pytest.mark.parametrize(("start", "stop"), [(-1, None), (3, 3), (5, 2), (None, 0)])
def test_a_range_that_is_none_is_refused(storage: R2Storage, start: int | None, stop: int | None) -> None:
    """Before anything is asked."""
    with pytest.raises(StorageError) as caught:
        storage.open_file(CLIP, start=start, stop=stop)
    assert str(caught.value) == f"The object {str(CLIP)!r} has no bytes from {start!r} to before {stop!r}."
    assert caught.value.hint == "Give a first byte and a later one to stop before."


def test_a_number_of_last_bytes_that_is_none_is_refused(storage: R2Storage) -> None:
    """Nor goes it together with a first byte."""
    with pytest.raises(StorageError) as caught:
        storage.open_file(CLIP, suffix=0)
    assert str(caught.value) == f"The object {str(CLIP)!r} has no last 0 bytes."
    assert caught.value.hint == "Ask for one byte at least, without a first one or one to stop before."


def test_conditions_are_those_of_the_bucket(storage: R2Storage) -> None:
    """Not modified, another version, and missing are told apart."""
    e_tag = storage.put(CLIP, b"film")
    with pytest.raises(NotModifiedError) as caught:
        storage.open_file(CLIP, if_none_match=e_tag)
    assert str(caught.value) == (
        f"The object {str(CLIP)!r} in bucket {storage.bucket!r} is still the version that was named."
    )
    with pytest.raises(ConditionFailedError):
        storage.open_file(CLIP, if_match='"another"')
    storage.delete_file(CLIP)
    with pytest.raises(ObjectMissingError):
        storage.open_file(CLIP, if_match=e_tag)


def test_a_broken_stream_goes_on_where_it_broke(storage: R2Storage, faults: Faults) -> None:
    """On the condition that the object is still the same."""
    storage.put(CLIP, BODY)
    faults.add(
        FaultRule(
            FaultAction.TRUNCATE, operation="GetObject", key=str(CLIP), times=2, keep_bytes=int(1.5 * MIB)
        )
    )
    assert _read(storage) == BODY


def test_a_stream_of_an_object_that_changed_ends(storage: R2Storage, faults: Faults) -> None:
    """Half of one version and half of another would be neither."""
    storage.put(CLIP, BODY)
    faults.add(
        FaultRule(FaultAction.TRUNCATE, operation="GetObject", key=str(CLIP), times=1, keep_bytes=2 * MIB)
    )
    stream = storage.open_file(CLIP)
    storage.put(CLIP, BODY[::-1])
    with pytest.raises(ConditionFailedError):
        [chunk for chunk in stream]


class _Answer:
    """What obstore gives for a GET, whose connection breaks after these bytes."""

    range = (0, 10)

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, _: int) -> Iterator[bytes]:
        if self._body:
            yield self._body
        raise GenericError("the connection was closed")


def _answered(storage: R2Storage, *bodies: bytes) -> bytes:
    """What is read if the connection breaks after each of these; what is read until it breaks for good."""
    answers: Any = iter([_Answer(body) for body in bodies])
    asked = []

    def again(start: int, stop: int) -> Any:
        asked.append((start, stop))
        return next(answers)

    info = StoredObject(CLIP, 10, '"a"', datetime.now(UTC))
    found = b""
    try:
        for chunk in FileStream(info, storage.bucket, next(answers), again):
            found += chunk
    except StorageUnavailableError:
        found += b" broken"
    assert asked[0] == (len(bodies[0]), 10)
    return found


def test_a_slow_reader_gets_all(storage: R2Storage) -> None:
    """Whose connection is ended each time that it took too long; attempts are counted anew whenever bytes came."""
    assert _answered(storage, *[b"%d" % number for number in range(10)]) == b"0123456789"


def test_a_stream_that_breaks_always_ends(storage: R2Storage) -> None:
    """After some attempts that brought nothing."""
    assert _answered(storage, b"01", b"", b"", b"") == b"01 broken"


def test_a_file_is_downloaded(storage: R2Storage, tmp_path: Path) -> None:
    """Over what was there; nothing else is left in the folder."""
    storage.put(CLIP, BODY)
    place = tmp_path / "clip.mp4"
    place.write_bytes(b"old")
    told: list[tuple[int, int | None]] = []
    info = storage.download_file(CLIP, place, progress=lambda done, size: told.append((done, size)))
    assert place.read_bytes() == BODY
    assert info.size == len(BODY)
    assert told[-1] == (len(BODY), len(BODY))
    assert [*tmp_path.iterdir()] == [place]


def test_a_download_goes_on_where_it_was_cut_off(storage: R2Storage, tmp_path: Path) -> None:
    """Only the rest is asked for; the file that is there stays until the new one is whole."""
    e_tag = storage.put(CLIP, BODY)
    place = tmp_path / "clip.mp4"
    place.write_bytes(b"old")
    (tmp_path / f".clip.mp4.{_version(e_tag)}.download").write_bytes(BODY[: 2 * MIB])
    told: list[int] = []
    storage.download_file(CLIP, place, progress=lambda done, _: told.append(done))
    assert told[0] > 2 * MIB
    assert place.read_bytes() == BODY
    assert [*tmp_path.iterdir()] == [place]


def test_what_is_left_of_another_version_is_not_used(storage: R2Storage, tmp_path: Path) -> None:
    """The object was written again meanwhile."""
    storage.put(CLIP, BODY)
    place = tmp_path / "clip.mp4"
    (tmp_path / ".clip.mp4.0123456789abcdef.download").write_bytes(b"other bytes")
    storage.download_file(CLIP, place)
    assert place.read_bytes() == BODY
    assert [*tmp_path.iterdir()] == [place]


def test_what_is_not_the_object_is_not_kept(storage: R2Storage, tmp_path: Path) -> None:
    """A disk that changed a byte: nothing is put in place, and the next attempt begins anew."""
    e_tag = storage.put(CLIP, BODY)
    place = tmp_path / "clip.mp4"
    (tmp_path / f".clip.mp4.{_version(e_tag)}.download").write_bytes(b"x" * MIB)
    with pytest.raises(StorageError) as caught:
        storage.download_file(CLIP, place)
    assert str(caught.value) == (
        f"What was downloaded of {str(CLIP)!r} is not the object: its MD5 is not {_version(e_tag)}."
    )
    assert caught.value.hint == "Download it again; if it is so again, compare the object with its source."
    assert [*tmp_path.iterdir()] == []


def test_a_missing_object_leaves_the_file(storage: R2Storage, tmp_path: Path) -> None:
    """Nothing is created and nothing replaced."""
    place = tmp_path / "clip.mp4"
    place.write_bytes(b"old")
    with pytest.raises(ObjectMissingError):
        storage.download_file(CLIP, place)
    assert place.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [place]


def test_an_object_in_parts_is_downloaded(storage: R2Storage, tmp_path: Path) -> None:
    """Its ETag is no MD5; its size is compared."""
    body = b"a" * (USUAL_PART + 5)
    storage.upload(CLIP, body)
    storage.download_file(CLIP, tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").read_bytes() == body


def test_a_download_leaves_that_of_a_longer_name_alone(storage: R2Storage, tmp_path: Path) -> None:
    """`clip` is not `clip.mp4`, whatever is left of either."""
    storage.put(CLIP, BODY)
    other = tmp_path / ".clip.mp4.0123456789abcdef.download"
    other.write_bytes(b"half")
    storage.download_file(CLIP, tmp_path / "clip")
    assert other.read_bytes() == b"half"
    assert (tmp_path / "clip").read_bytes() == BODY


def test_of_two_downloads_to_one_path_one_is_refused(storage: R2Storage, tmp_path: Path) -> None:
    """The first goes on undisturbed; afterwards the path is free again."""
    storage.put(CLIP, BODY)
    place = tmp_path / "clip.mp4"
    first = UnfinishedDownload(place)
    assert first.left() is None
    first.open('"0123456789abcdef"')
    with pytest.raises(StorageError) as caught:
        storage.download_file(CLIP, place)
    assert (str(caught.value), caught.value.hint) == (
        f"The file {str(place)!r} is being downloaded already.",
        "Wait for the other download, or download to another path.",
    )
    assert [path.name for path in tmp_path.iterdir()] == [".clip.mp4.0123456789abcdef.download"]
    first.close()
    storage.download_file(CLIP, place)
    assert place.read_bytes() == BODY
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("letter", ["n", "н"])
def test_a_file_may_have_the_longest_name(storage: R2Storage, tmp_path: Path, letter: str) -> None:
    """255 bytes, beside which no ETag has room; what was cut off is gone on with there too."""
    place = tmp_path / (letter * (251 // len(letter.encode())) + ".mp4")
    e_tag = storage.put(CLIP, BODY)
    cut_off = UnfinishedDownload(place)
    cut_off.open(e_tag).write(BODY[:MIB])
    cut_off.close()
    told: list[int] = []
    storage.download_file(CLIP, place, progress=lambda done, _: told.append(done))
    assert told[0] > MIB
    assert place.read_bytes() == BODY
    assert list(tmp_path.iterdir()) == [place]
