# Written by `make generate` from tests/layout/storage/_async/test_copies.py: change that.
"""Copies and moves: nothing is overwritten by mistake, and the source goes last."""

from __future__ import annotations

import pytest

from layout.environment import Environment
from layout.errors import ConditionFailedError, InvalidKeyError, ObjectMissingError, StorageError
from layout.keys import r2_key
from layout.storage.copier import Copier
from layout.storage.limits import MIB, USUAL_PART
from layout.storage.presence import Presence
from layout.storage.r2_storage import R2Storage

pytestmark = pytest.mark.anyio

DEV = Environment.DEV
SOURCE = r2_key("anna", "raw_clips/goal.mp4", "p1", environment=DEV)
TARGET = r2_key("anna", "raw_clips/goal.mp4", "p2", environment=DEV)


def _put(storage: R2Storage, body: bytes = b"film") -> str:
    return storage.put(SOURCE, body, content_type="video/mp4", metadata={"title": "goal"})


def test_a_copy_has_everything(storage: R2Storage) -> None:
    """Body, content type and metadata; the answer tells key, size and ETag."""
    _put(storage)
    copied = storage.copy_file(SOURCE, TARGET)
    found = storage.get(TARGET)
    assert (copied.key, copied.size, copied.e_tag) == (TARGET, 4, found.e_tag)
    assert (found.body, found.content_type, found.metadata) == (b"film", "video/mp4", {"title": "goal"})
    assert storage.exists(SOURCE) is Presence.PRESENT


def test_a_copy_overwrites_only_if_it_is_told_to(storage: R2Storage) -> None:
    """What is there may be somebody's only copy."""
    _put(storage)
    storage.put(TARGET, b"other")
    with pytest.raises(ConditionFailedError):
        storage.copy_file(SOURCE, TARGET)
    assert (storage.get(TARGET)).body == b"other"
    storage.copy_file(SOURCE, TARGET, overwrite=True)
    assert (storage.get(TARGET)).body == b"film"


def test_a_missing_source_is_named(storage: R2Storage) -> None:
    """Nothing is written."""
    with pytest.raises(ObjectMissingError) as caught:
        storage.copy_file(SOURCE, TARGET)
    assert str(caught.value) == f"There is no object {str(SOURCE)!r} in bucket {storage.bucket!r}."
    assert storage.exists(TARGET) is Presence.ABSENT


def test_a_copy_stays_in_the_environment(storage: R2Storage) -> None:
    """Neither end may be elsewhere."""
    _put(storage)
    with pytest.raises(InvalidKeyError):
        storage.copy_file(SOURCE, r2_key("anna", "a", "p1", environment=Environment.PROD))


def test_what_is_large_is_copied_in_parts(storage: R2Storage) -> None:
    """One request copies 5 GiB at most; the copy has the same headers."""
    body = b"abcdefgh" * (12 * MIB // 8)
    e_tag = _put(storage, body)
    copier = Copier(storage.client, storage.bucket, largest_single=5 * MIB)
    for _ in range(2):
        copier.copy(str(SOURCE), str(TARGET), e_tag=e_tag, size=len(body), only_if_absent=False)
    found = storage.get(TARGET)
    assert found.e_tag.endswith('-3"')
    assert (found.body, found.content_type, found.metadata) == (body, "video/mp4", {"title": "goal"})
    with pytest.raises(ConditionFailedError):
        copier.copy(str(SOURCE), str(TARGET), e_tag=e_tag, size=len(body), only_if_absent=True)
    with pytest.raises(ConditionFailedError) as caught:
        copier.copy(str(SOURCE), str(TARGET), e_tag='"another"', size=len(body), only_if_absent=False)
    assert str(caught.value) == (
        f'The object {str(SOURCE)!r} in bucket {storage.bucket!r} has the ETag {e_tag}, not "another".'
    )
    assert storage.client.list_multipart_uploads(Bucket=storage.bucket).get("Uploads", []) == []


def test_a_move_leaves_the_target_only(storage: R2Storage) -> None:
    """Of an object in parts too, whose copy has another ETag."""
    for body in (b"film", b"a" * (USUAL_PART + 1)):
        _put(storage, body)
        moved = storage.move_file(SOURCE, TARGET)
        assert moved.size == len(body)
        assert storage.exists(SOURCE) is Presence.ABSENT
        assert (storage.get(TARGET)).body == body
        storage.delete_file(TARGET)


def test_a_move_that_crashed_is_repeated(storage: R2Storage) -> None:
    """Both are there after the crash; the repetition finds its own copy."""
    _put(storage)
    storage.copy_file(SOURCE, TARGET)
    storage.move_file(SOURCE, TARGET)
    assert storage.exists(SOURCE) is Presence.ABSENT


def test_a_move_overwrites_nothing(storage: R2Storage) -> None:
    """Both objects stay."""
    _put(storage)
    storage.put(TARGET, b"other")
    with pytest.raises(ConditionFailedError):
        storage.move_file(SOURCE, TARGET)
    assert ((storage.get(SOURCE)).body, (storage.get(TARGET)).body) == (b"film", b"other")


def test_a_move_to_itself_is_refused(storage: R2Storage) -> None:
    """It would delete the only one."""
    _put(storage)
    with pytest.raises(StorageError) as caught:
        storage.move_file(SOURCE, SOURCE)
    assert str(caught.value) == f"The object {str(SOURCE)!r} cannot be moved to itself."
    assert caught.value.hint == "Give another key."
    assert (storage.get(SOURCE)).body == b"film"


def test_another_object_of_the_same_size_is_no_copy(storage: R2Storage) -> None:
    """Of an object in parts a copy has another ETag, so size alone would let the only source be deleted."""
    storage.upload(SOURCE, b"a" * (USUAL_PART + 1))
    storage.upload(TARGET, b"b" * (USUAL_PART + 1))
    with pytest.raises(ConditionFailedError):
        storage.move_file(SOURCE, TARGET)
    assert (storage.get(SOURCE)).body[:1] == b"a"
