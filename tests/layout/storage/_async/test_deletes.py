"""Deletes of directories: all of one user's prefix, nothing beside it, nothing forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from layout.environment import Environment
from layout.errors import InvalidKeyError, StorageError
from layout.keys import (
    backups_prefix,
    environment_prefix,
    games_prefix,
    profile_prefix,
    r2_global_key,
    r2_key,
    temporary_key,
    temporary_prefix,
    user_prefix,
    users_prefix,
)
from layout.storage.r2_storage import AsyncR2Storage
from layout.storage.uploaded import DeletedFiles
from local_cloudflare.r2.faults import FaultAction, FaultRule, Faults

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare

pytestmark = pytest.mark.anyio

DEV = Environment.DEV
ANNA = user_prefix("anna", environment=DEV)


async def _names(storage: AsyncR2Storage, prefix: str) -> list[str]:
    return [str(item.key) async for item in storage.list_files(prefix)]


async def test_all_of_a_user_is_deleted_and_nothing_else(storage: AsyncR2Storage) -> None:
    """Not the user whose id begins alike, nor what all share."""
    kept = [r2_key("annabel", "a.txt", "p1", environment=DEV), r2_global_key("a.mp4", environment=DEV)]
    for key in [r2_key("anna", f"{number}.txt", "p1", environment=DEV) for number in range(3)] + kept:
        await storage.put(key, b"12345")
    assert await storage.delete_user_files("anna") == DeletedFiles(3, 15)
    assert await _names(storage, environment_prefix(environment=DEV)) == sorted(map(str, kept))
    assert await storage.delete_user_files("anna") == DeletedFiles(0, 0)


async def test_more_than_a_page_is_deleted(
    storage: AsyncR2Storage, cloudflare: LocalCloudflare, s3: S3Client
) -> None:
    """A listing shows a thousand, and a batch takes as many; foreign keys below the prefix go too."""
    bucket = storage.bucket
    for number in range(1_003):
        s3.put_object(Bucket=bucket, Key=f"{ANNA}profiles/p1/{number:04}.txt", Body=b"a")
    s3.put_object(Bucket=bucket, Key=f"{ANNA}profiles/p1//odd", Body=b"a")
    assert await storage.delete_directory(ANNA) == DeletedFiles(1_004, 1_004)
    assert await _names(storage, ANNA) == []
    batches = [
        request
        for request in cloudflare.s3.requests
        if request.bucket == bucket and request.operation == "DeleteObjects"
    ]
    assert len(batches) == 2


async def test_scenes_and_projects_are_deleted_by_their_ids(storage: AsyncR2Storage) -> None:
    """Files of other scenes and projects stay."""
    keys = [
        storage.get_file_path("anna", project, scene, "audio", "a.mp3")
        for project, scene in [("p1", "s1"), ("p1", "s2"), ("p1", "s11"), ("p11", "s1")]
    ]
    for key in keys:
        await storage.put(key, b"a")
    await storage.delete_scene_files("anna", "p1", "s1")
    assert await _names(storage, ANNA) == sorted(map(str, keys[1:]))
    await storage.delete_project_files("anna", "p1")
    assert await _names(storage, ANNA) == [str(keys[3])]


async def test_what_is_deleted_may_be_set_aside(storage: AsyncR2Storage, s3: S3Client) -> None:
    """In the backups, with its headers, under the path that it had; a key that is none of the layout's too."""
    clip = r2_key("anna", "raw_clips/goal.mp4", "p1", environment=DEV)
    await storage.put(clip, b"film", content_type="video/mp4", metadata={"title": "goal"})
    s3.put_object(Bucket=storage.bucket, Key=f"{ANNA}profiles/p1//odd", Body=b"odd")
    assert await storage.delete_directory(
        profile_prefix("anna", "p1", environment=DEV), set_aside=True
    ) == DeletedFiles(2, 7)
    found = [item.key async for item in storage.list_files(backups_prefix(environment=DEV))]
    odd, film = [await storage.get(key) for key in found]  # type: ignore[arg-type]
    assert odd.key.endswith("/users/anna/profiles/p1/%empty/odd")
    assert film.key.endswith("/users/anna/profiles/p1/raw_clips/goal.mp4")
    assert (film.body, film.content_type, film.metadata) == (b"film", "video/mp4", {"title": "goal"})


async def test_a_late_write_is_set_aside_too(storage: AsyncR2Storage, s3: S3Client) -> None:
    """Each version has a place of its own in the backups."""
    late = [b"second", b"third"]
    key = r2_key("anna", "a.txt", "p1", environment=DEV)
    await storage.put(key, b"first")

    def write(*_: object) -> None:
        if late:
            s3.put_object(Bucket=storage.bucket, Key=str(key), Body=late.pop(0))

    assert (await storage.delete_directory(ANNA, set_aside=True, progress=write)).count == 3
    found = [item.key async for item in storage.list_files(backups_prefix(environment=DEV))]
    bodies = [(await storage.get(one)).body for one in found]  # type: ignore[arg-type]
    assert sorted(bodies) == [b"first", b"second", b"third"]


async def test_what_is_temporary_is_deleted(storage: AsyncR2Storage) -> None:
    """It belongs to nobody."""
    await storage.put(temporary_key("a/b.mp4", environment=DEV), b"a")
    assert await storage.delete_directory(temporary_prefix(environment=DEV)) == DeletedFiles(1, 1)


@pytest.mark.parametrize(
    "prefix",
    [
        environment_prefix(environment=DEV),
        users_prefix(environment=DEV),
        games_prefix(environment=DEV),
        backups_prefix(environment=DEV),
    ],
)
async def test_what_more_than_one_user_has_is_not_deleted(storage: AsyncR2Storage, prefix: str) -> None:
    """A wrong variable must not empty an environment."""
    with pytest.raises(InvalidKeyError) as caught:
        await storage.delete_directory(prefix)
    assert str(caught.value) == (
        f"The prefix {prefix!r} is not of one user, nor of what is temporary: it is not deleted as a whole."
    )
    assert caught.value.hint == (
        "Use user_prefix, profile_prefix, project_prefix or scene_prefix of layout.keys."
    )


@pytest.mark.parametrize("prefix", ["dev/users/anna", "prod/users/anna/", "", "/", "dev/users//"])
async def test_what_is_no_prefix_of_the_environment_is_not_deleted(
    storage: AsyncR2Storage, prefix: str
) -> None:
    """Without the slash, 'anna' would include 'annabel'."""
    key = r2_key("anna", "a.txt", "p1", environment=DEV)
    await storage.put(key, b"a")
    with pytest.raises(InvalidKeyError):
        await storage.delete_directory(prefix)
    assert await _names(storage, ANNA) == [str(key)]


async def test_what_cannot_be_set_aside_is_not_deleted(storage: AsyncR2Storage, faults: Faults) -> None:
    """The copy comes first."""
    key = r2_key("anna", "a.txt", "p1", environment=DEV)
    await storage.put(key, b"a")
    faults.add(FaultRule(FaultAction.ERROR_BEFORE, operation="CopyObject", key="*", times=6))
    with pytest.raises(StorageError):
        await storage.delete_directory(ANNA, set_aside=True)
    assert await _names(storage, ANNA) == [str(key)]


async def test_a_key_that_is_refused_is_told(storage: AsyncR2Storage, cloudflare: LocalCloudflare) -> None:
    """A batch answers 200 and says in its body what it did not delete; all others are gone."""
    prefix = str(r2_key("anna", "locked", "p1", environment=DEV))
    rule = {"id": "lock", "enabled": True, "prefix": prefix, "condition": {"type": "Indefinite"}}
    cloudflare.store.set_lock_rules(storage.bucket, rules=[rule])
    for name in ("a", "locked", "z"):
        await storage.put(r2_key("anna", name, "p1", environment=DEV), b"a")
    locked = r2_key("anna", "locked", "p1", environment=DEV)
    with pytest.raises(StorageError) as caught:
        await storage.delete_directory(ANNA)
    assert str(caught.value) == (
        f"1 object below {ANNA!r} could not be deleted. The first: The object {str(locked)!r} in bucket"
        f" {storage.bucket!r} is locked by a rule of its bucket: ObjectLockedByBucketPolicy."
    )
    assert await _names(storage, ANNA) == [str(locked)]


async def test_backups_are_not_written_over(storage: AsyncR2Storage) -> None:
    """Two deletes of the same path leave two backups."""
    for body in (b"one", b"two"):
        await storage.put(r2_key("anna", "a.txt", "p1", environment=DEV), body)
        await storage.delete_directory(ANNA, set_aside=True)
    assert len(await _names(storage, backups_prefix(environment=DEV))) == 2
