# Written by `make generate` from tests/layout/storage/_async/test_uploads.py: change that.
"""Uploads: of any source, in flat memory, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layout.context import use_profile
from layout.environment import Environment
from layout.errors import ConditionFailedError, InvalidKeyError, StorageError, StorageUnavailableError
from layout.keys import r2_global_key, r2_key, users_prefix
from layout.storage.limits import MIB, USUAL_PART
from layout.storage.r2_storage import R2Storage
from local_cloudflare.r2.faults import FaultAction, FaultRule, Faults

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


pytestmark = pytest.mark.anyio

CLIP = r2_key("anna", "raw_clips/goal.mp4", "a1b2c3d4", environment=Environment.DEV)


def _pieces(*pieces: bytes) -> Iterator[bytes]:
    for piece in pieces:
        yield piece


def _broken() -> Iterator[bytes]:
    yield b"a" * (2 * USUAL_PART + 1)
    raise OSError("the disk is gone")


def _uploads(s3: S3Client, bucket: str) -> list[Any]:
    uploads: list[Any] = [*s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]
    return uploads


def test_bytes_are_uploaded(storage: R2Storage) -> None:
    """In one request; the answer is key, size and ETag."""
    done = storage.upload(CLIP, b"film")
    found = storage.get(CLIP)
    assert (done.key, done.size, done.e_tag) == (CLIP, 4, found.e_tag)
    assert (found.body, found.content_type) == (b"film", "video/mp4")


def test_a_file_is_uploaded(storage: R2Storage, tmp_path: Path) -> None:
    """By its path, in parts if it is large: all of one size but the last."""
    file = tmp_path / "clip.mp4"
    body = b"abcdefgh" * (USUAL_PART // 4) + b"end"
    file.write_bytes(body)
    told: list[tuple[int, int | None]] = []
    done = storage.upload(CLIP, file, progress=lambda done, size: told.append((done, size)))
    assert done.size == len(body)
    assert done.e_tag.endswith('-3"')
    assert (storage.get(CLIP)).body == body
    assert told[-1] == (len(body), len(body))


def test_pieces_of_any_size_are_uploaded(storage: R2Storage) -> None:
    """Of unknown number; empty ones among them."""
    done = storage.upload(CLIP, _pieces(b"f", b"", b"ilm"), content_type="video/quicktime")
    assert done.size == 4
    found = storage.get(CLIP)
    assert (found.body, found.content_type) == (b"film", "video/quicktime")


def test_large_pieces_are_cut_into_equal_parts(storage: R2Storage) -> None:
    """R2 refuses parts of different sizes."""
    pieces = [bytes([number]) * (7 * MIB + number) for number in range(6)]
    done = storage.upload(CLIP, _pieces(*pieces))
    assert done.e_tag.endswith('-3"')
    assert (storage.get(CLIP)).body == b"".join(pieces)


def test_nothing_is_uploaded_as_an_empty_object(storage: R2Storage) -> None:
    """An iterator without pieces is no error."""
    assert (storage.upload(CLIP, _pieces())).size == 0
    assert (storage.get(CLIP)).body == b""


@pytest.mark.parametrize("size", [4, USUAL_PART + 1])
def test_an_upload_may_be_for_an_absent_object_only(storage: R2Storage, size: int) -> None:
    """In one request and in parts."""
    first = storage.upload(CLIP, b"a" * size, only_if_absent=True)
    with pytest.raises(ConditionFailedError):
        storage.upload(CLIP, b"b" * size, only_if_absent=True)
    assert (storage.get_object_info(CLIP)).e_tag == first.e_tag


def test_an_upload_whose_source_fails_leaves_nothing(storage: R2Storage, s3: S3Client) -> None:
    """The object that was there stays, and no parts are left to be paid for."""
    storage.put(CLIP, b"before")
    with pytest.raises(OSError, match="the disk is gone"):
        storage.upload(CLIP, _broken())
    assert (storage.get(CLIP)).body == b"before"
    assert _uploads(s3, storage.bucket) == []


def test_a_refused_part_ends_the_upload(storage: R2Storage, faults: Faults, s3: S3Client) -> None:
    """After boto3's own repetitions."""
    faults.add(
        FaultRule(FaultAction.ERROR_BEFORE, operation="UploadPart", key=str(CLIP), status=503, times=12)
    )
    with pytest.raises(StorageUnavailableError) as caught:
        storage.upload(CLIP, b"a" * (USUAL_PART + 1))
    assert str(caught.value) == (
        f"No answer about object {str(CLIP)!r} in bucket {storage.bucket!r}: 503 ServiceUnavailable."
    )
    assert _uploads(s3, storage.bucket) == []


def test_a_lost_answer_of_a_completion_is_no_conflict(storage: R2Storage, faults: Faults) -> None:
    """The repetition meets an object of the very same parts, which is its own."""
    faults.add(
        FaultRule(FaultAction.RESET_AFTER, operation="CompleteMultipartUpload", key=str(CLIP), times=1)
    )
    done = storage.upload(CLIP, b"a" * (USUAL_PART + 1), only_if_absent=True)
    assert (storage.get_object_info(CLIP)).e_tag == done.e_tag


def test_a_source_of_another_type_is_refused(storage: R2Storage) -> None:
    """A text could be a path or the content."""
    source: Any = "clip.mp4"
    with pytest.raises(StorageError) as caught:
        storage.upload(CLIP, source)
    assert str(caught.value) == "The source of an upload is of the type 'str'."
    assert caught.value.hint == (
        "Use bytes, a pathlib.Path of a file, or an iterator of bytes: an async one if the storage is."
    )


def test_the_names_of_the_requirement(storage: R2Storage) -> None:
    """By ids: of a scene, of a profile, of a game."""
    scene = storage.upload_file(b"voice", "anna", "p1", "s1", "audio", "voice.mp3")
    profile = storage.upload_profile_file(b"film", "anna", "a1b2c3d4", "raw_clips/goal.mp4")
    game = storage.upload_game(b"game", "0f" * 32 + ".mp4", only_if_absent=True)
    assert scene.key == storage.get_file_path("anna", "p1", "s1", "audio", "voice.mp3")
    assert profile.key == CLIP == storage.get_profile_file_path("anna", "a1b2c3d4", "raw_clips/goal.mp4")
    assert game.key == r2_global_key("0f" * 32 + ".mp4", environment=Environment.DEV)
    assert (storage.get_object_info(scene.key)).content_type == "audio/mpeg"


def test_a_file_type_that_is_none_is_refused(storage: R2Storage) -> None:
    """The requirement has two."""
    kind: Any = "video"
    with pytest.raises(InvalidKeyError) as caught:
        storage.upload_file(b"film", "anna", "p1", "s1", kind, "film.mp4")
    assert str(caught.value) == "The media type 'video' is none of audio, media."


def test_what_is_current_never_changes_a_key(storage: R2Storage) -> None:
    """Owner and profile are said in every call; one profile's file was once written over another's."""
    with use_profile("bert", "zzzzzzzz"):
        done = storage.upload_profile_file(b"film", "anna", "a1b2c3d4", "raw_clips/goal.mp4")
        found = [item.key for item in storage.list_files(users_prefix(environment=Environment.DEV))]
    assert (done.key, found) == (CLIP, [CLIP])
