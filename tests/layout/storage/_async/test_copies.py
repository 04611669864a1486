"""Copies and moves: nothing is overwritten by mistake, and the source goes last."""

from __future__ import annotations

import pytest

from layout.environment import Environment
from layout.errors import ConditionFailedError, InvalidKeyError, ObjectMissingError, StorageError
from layout.keys import r2_key
from layout.storage.copier import Copier
from layout.storage.limits import MIB, USUAL_PART
from layout.storage.presence import Presence
from layout.storage.r2_storage import AsyncR2Storage

pytestmark = pytest.mark.anyio

DEV = Environment.DEV
SOURCE = r2_key("anna", "raw_clips/goal.mp4", "p1", environment=DEV)
TARGET = r2_key("anna", "raw_clips/goal.mp4", "p2", environment=DEV)


async def _put(storage: AsyncR2Storage, body: bytes = b"film") -> str:
    return await storage.put(SOURCE, body, content_type="video/mp4", metadata={"title": "goal"})


async def test_a_copy_has_everything(storage: AsyncR2Storage) -> None:
    """Body, content type and metadata; the answer tells key, size and ETag."""
    await _put(storage)
    copied = await storage.copy_file(SOURCE, TARGET)
    found = await storage.get(TARGET)
    assert (copied.key, copied.size, copied.e_tag) == (TARGET, 4, found.e_tag)
    assert (found.body, found.content_type, found.metadata) == (b"film", "video/mp4", {"title": "goal"})
    assert await storage.exists(SOURCE) is Presence.PRESENT


async def test_a_copy_overwrites_only_if_it_is_told_to(storage: AsyncR2Storage) -> None:
    """What is there may be somebody's only copy."""
    await _put(storage)
    await storage.put(TARGET, b"other")
    with pytest.raises(ConditionFailedError):
        await storage.copy_file(SOURCE, TARGET)
    assert (await storage.get(TARGET)).body == b"other"
    await storage.copy_file(SOURCE, TARGET, overwrite=True)
    assert (await storage.get(TARGET)).body == b"film"


async def test_a_missing_source_is_named(storage: AsyncR2Storage) -> None:
    """Nothing is written."""
    with pytest.raises(ObjectMissingError) as caught:
        await storage.copy_file(SOURCE, TARGET)
    assert str(caught.value) == f"There is no object {str(SOURCE)!r} in bucket {storage.bucket!r}."
    assert await storage.exists(TARGET) is Presence.ABSENT


async def test_a_copy_stays_in_the_environment(storage: AsyncR2Storage) -> None:
    """Neither end may be elsewhere."""
    await _put(storage)
    with pytest.raises(InvalidKeyError):
        await storage.copy_file(SOURCE, r2_key("anna", "a", "p1", environment=Environment.PROD))


async def test_what_is_large_is_copied_in_parts(storage: AsyncR2Storage) -> None:
    """One request copies 5 GiB at most; the copy has the same headers."""
    body = b"abcdefgh" * (12 * MIB // 8)
    e_tag = await _put(storage, body)
    copier = Copier(storage.client, storage.bucket, largest_single=5 * MIB)
    for _ in range(2):
        copier.copy(str(SOURCE), str(TARGET), e_tag=e_tag, size=len(body), only_if_absent=False)
    found = await storage.get(TARGET)
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


async def test_a_move_leaves_the_target_only(storage: AsyncR2Storage) -> None:
    """Of an object in parts too, whose copy has another ETag."""
    for body in (b"film", b"a" * (USUAL_PART + 1)):
        await _put(storage, body)
        moved = await storage.move_file(SOURCE, TARGET)
        assert moved.size == len(body)
        assert await storage.exists(SOURCE) is Presence.ABSENT
        assert (await storage.get(TARGET)).body == body
        await storage.delete_file(TARGET)


async def test_a_move_that_crashed_is_repeated(storage: AsyncR2Storage) -> None:
    """Both are there after the crash; the repetition finds its own copy."""
    await _put(storage)
    await storage.copy_file(SOURCE, TARGET)
    await storage.move_file(SOURCE, TARGET)
    assert await storage.exists(SOURCE) is Presence.ABSENT


async def test_a_move_overwrites_nothing(storage: AsyncR2Storage) -> None:
    """Both objects stay."""
    await _put(storage)
    await storage.put(TARGET, b"other")
    with pytest.raises(ConditionFailedError):
        await storage.move_file(SOURCE, TARGET)
    assert ((await storage.get(SOURCE)).body, (await storage.get(TARGET)).body) == (b"film", b"other")


async def test_a_move_to_itself_is_refused(storage: AsyncR2Storage) -> None:
    """It would delete the only one."""
    await _put(storage)
    with pytest.raises(StorageError) as caught:
        await storage.move_file(SOURCE, SOURCE)
    assert str(caught.value) == f"The object {str(SOURCE)!r} cannot be moved to itself."
    assert caught.value.hint == "Give another key."
    assert (await storage.get(SOURCE)).body == b"film"


async def test_another_object_of_the_same_size_is_no_copy(storage: AsyncR2Storage) -> None:
    """Of an object in parts a copy has another ETag, so size alone would let the only source be deleted."""
    await storage.upload(SOURCE, b"a" * (USUAL_PART + 1))
    await storage.upload(TARGET, b"b" * (USUAL_PART + 1))
    with pytest.raises(ConditionFailedError):
        await storage.move_file(SOURCE, TARGET)
    assert (await storage.get(SOURCE)).body[:1] == b"a"
