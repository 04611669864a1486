"""Objects by typed keys, on the local R2."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest
from pydantic import SecretStr

from layout.environment import Environment
from layout.errors import ConditionFailedError, InvalidKeyError, ObjectMissingError
from layout.keys import Key, backup_key, profiles_key, r2_key, user_prefix
from layout.storage.presence import Presence
from layout.storage.r2_storage import AsyncR2Storage
from layout.storage.settings import StorageSettings
from tests.layout.storage._async.concurrency import concurrently

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare

pytestmark = pytest.mark.anyio

DEV = Environment.DEV
CLIP = r2_key("anna", "raw_clips/Tor #1 100%.mp4", "a1b2c3d4", environment=DEV)


async def test_what_was_put_is_got(storage: AsyncR2Storage) -> None:
    """Body, media type, metadata, size, version and time."""
    e_tag = await storage.put(CLIP, b"film", content_type="video/mp4", metadata={"title": "goal"})
    found = await storage.get(CLIP)
    assert (found.key, found.body, found.size, found.e_tag) == (CLIP, b"film", 4, e_tag)
    assert found.content_type == "video/mp4"
    assert found.metadata == {"title": "goal"}
    assert abs(found.last_modified - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_large_body_goes_in_parts(storage: AsyncR2Storage) -> None:
    """Equal ones, as R2 wants them: the local R2 would refuse others."""
    body = bytes(range(256)) * 70_000
    e_tag = await storage.put(CLIP, body, content_type="video/mp4", metadata={"title": "goal"})
    found = await storage.get(CLIP)
    assert found.body == body
    assert (found.e_tag, found.e_tag.endswith('-2"')) == (e_tag, True)
    assert (found.content_type, found.metadata) == ("video/mp4", {"title": "goal"})


async def test_a_head_has_everything_but_the_body(storage: AsyncR2Storage) -> None:
    """One request, no bytes."""
    await storage.put(CLIP, b"film", content_type="video/mp4", metadata={"title": "goal"})
    found = await storage.get_object_info(CLIP)
    assert (found.size, found.body, found.content_type) == (4, b"", "video/mp4")
    assert found.metadata == {"title": "goal"}


async def test_the_scheme_gives_the_media_type(storage: AsyncR2Storage) -> None:
    """A row of the scheme whose objects are all JSON needs no other word."""
    key = profiles_key("anna", environment=DEV)
    await storage.put(key, b"{}")
    assert (await storage.get_object_info(key)).content_type == "application/json"


async def test_a_missing_object_is_named(storage: AsyncR2Storage) -> None:
    """By GET and by HEAD, whose answers differ on the wire."""
    message = f"There is no object {str(CLIP)!r} in bucket {storage.bucket!r}."
    for read in (storage.get, storage.get_object_info):
        with pytest.raises(ObjectMissingError) as caught:
            await read(CLIP)
        assert str(caught.value) == message


async def test_existence_has_three_answers(local: StorageSettings) -> None:
    """A refused request says nothing about the object."""
    storage = AsyncR2Storage(local)
    assert await storage.exists(CLIP) is Presence.ABSENT
    await storage.put(CLIP, b"film")
    assert await storage.exists(CLIP) is Presence.PRESENT
    stranger = AsyncR2Storage(local.model_copy(update={"secret_access_key": SecretStr("0" * 64)}))
    assert await stranger.exists(CLIP) is Presence.UNKNOWN


async def test_a_deleted_object_is_absent(storage: AsyncR2Storage) -> None:
    """Deleting it again is the same."""
    await storage.put(CLIP, b"film")
    await storage.delete_file(CLIP)
    await storage.delete_file(CLIP)
    assert await storage.exists(CLIP) is Presence.ABSENT


async def test_create_writes_only_where_nothing_is(storage: AsyncR2Storage) -> None:
    """The second one fails, and the first one's bytes stay."""
    await storage.create(CLIP, b"first")
    with pytest.raises(ConditionFailedError) as caught:
        await storage.create(CLIP, b"second")
    assert str(caught.value) == (
        f"The object {str(CLIP)!r} in bucket {storage.bucket!r} is not in the state "
        "that the request asked for: 412 PreconditionFailed."
    )
    assert (await storage.get(CLIP)).body == b"first"


async def test_what_is_locked_stays_as_it_is(cloudflare: LocalCloudflare, storage: AsyncR2Storage) -> None:
    """A rule of the bucket refuses every way to change it, and the error blames no credential."""
    rule = {"id": "lock", "enabled": True, "prefix": "dev/backups/", "condition": {"type": "Indefinite"}}
    cloudflare.store.set_lock_rules(storage.bucket, rules=[rule])
    key = backup_key("users/a/notes")
    await storage.create(key, b"first")
    for change in (
        lambda: storage.create(key, b"second"),
        lambda: storage.put(key, b"second"),
        lambda: storage.delete_file(key),
    ):
        with pytest.raises(ConditionFailedError) as caught:
            await change()
        assert str(caught.value) == (
            f"The object 'dev/backups/users/a/notes' in bucket {storage.bucket!r} is locked by a rule of its bucket: "
            "409 ObjectLockedByBucketPolicy."
        )
        assert caught.value.hint == (
            "It can be neither overwritten nor deleted before its lock ends; write to another key."
        )
    assert (await storage.get(key)).body == b"first"


async def test_one_of_many_creators_wins(storage: AsyncR2Storage) -> None:
    """The bucket decides, not the order in which they asked."""

    async def attempt(number: int) -> bytes | None:
        body = str(number).encode()
        try:
            await storage.create(CLIP, body)
        except ConditionFailedError:
            return None
        return body

    bodies = await concurrently([partial(attempt, number) for number in range(16)])
    winners = [body for body in bodies if body is not None]
    assert winners == [(await storage.get(CLIP)).body]


async def test_replace_writes_only_over_the_version_that_was_read(storage: AsyncR2Storage) -> None:
    """A change in between is not lost."""
    old = await storage.create(CLIP, b"old")
    new = await storage.replace(CLIP, b"new", old)
    with pytest.raises(ConditionFailedError):
        await storage.replace(CLIP, b"late", old)
    assert ((await storage.get(CLIP)).body, (await storage.get(CLIP)).e_tag) == (b"new", new)


async def test_replace_of_a_deleted_object_fails(storage: AsyncR2Storage) -> None:
    """It would bring back what somebody removed."""
    old = await storage.create(CLIP, b"old")
    await storage.delete_file(CLIP)
    with pytest.raises(ConditionFailedError):
        await storage.replace(CLIP, b"new", old)
    assert await storage.exists(CLIP) is Presence.ABSENT


async def test_a_listing_has_every_object_below_the_prefix(storage: AsyncR2Storage) -> None:
    """In order, across pages of 1,000, and no neighbour whose id only begins the same."""
    keys = [
        r2_key("anna", f"raw_clips/{number:04}.mp4", "a1b2c3d4", environment=DEV) for number in range(1_001)
    ]
    await concurrently([partial(storage.put, key, b"x") for key in keys])
    await storage.put(profiles_key("annabel", environment=DEV), b"{}")
    found = [item async for item in storage.list_files(user_prefix("anna", environment=DEV))]
    assert [item.key for item in found] == keys
    assert all(isinstance(item.key, Key) and item.size == 1 for item in found)
    assert found[0].e_tag == (await storage.get_object_info(keys[0])).e_tag
    assert abs(found[0].last_modified - datetime.now(UTC)) < timedelta(minutes=5)


async def test_a_foreign_key_is_listed_as_plain_text(storage: AsyncR2Storage, s3: S3Client) -> None:
    """It is neither hidden nor made to look like one of ours; one such key once ended a listing."""
    for key in ("dev/users/anna/", "dev/users/anna//a", "dev/users/anna/unknown.txt"):
        s3.put_object(Bucket=storage.bucket, Key=key, Body=b"")
    found = [item.key async for item in storage.list_files(user_prefix("anna", environment=DEV))]
    assert found == ["dev/users/anna/", "dev/users/anna//a", "dev/users/anna/unknown.txt"]
    assert not any(isinstance(key, Key) for key in found)


async def test_a_prefix_is_empty_until_something_is_there(storage: AsyncR2Storage) -> None:
    """One request answers it."""
    prefix = user_prefix("anna", environment=DEV)
    assert await storage.is_empty(prefix)
    await storage.put(CLIP, b"film")
    assert not await storage.is_empty(prefix)


async def test_plain_text_is_no_key(storage: AsyncR2Storage) -> None:
    """Only what the layout built or parsed reaches the bucket."""
    with pytest.raises(InvalidKeyError) as caught:
        await storage.get(cast(Key, str(CLIP)))
    assert str(caught.value) == f"{str(CLIP)!r} is plain text, not a Key."
    assert caught.value.hint == (
        "Build keys with layout.keys, or read a listed one with layout.keys.parse_key."
    )


async def test_a_key_of_another_environment_is_refused(storage: AsyncR2Storage) -> None:
    """Whatever the credential would allow."""
    key = profiles_key("anna", environment=Environment.PROD)
    with pytest.raises(InvalidKeyError) as caught:
        await storage.exists(key)
    assert str(caught.value) == "The key 'prod/users/anna/profiles.json' is of prod, but APP_ENV is 'dev'."
    assert caught.value.hint == "Pass the environment to the key builder, or set APP_ENV to the one meant."


@pytest.mark.parametrize("prefix", ["", "dev", "dev/users/anna", "prod/users/", "/dev/"])
async def test_a_listing_stays_in_the_environment(storage: AsyncR2Storage, prefix: str) -> None:
    """And ends at a slash: without it, anna's prefix is annabel's too."""
    with pytest.raises(InvalidKeyError) as caught:
        storage.list_files(prefix)
    assert str(caught.value) == f"The prefix {prefix!r} does not begin with 'dev/' and end with '/'."
    assert caught.value.hint == (
        "Build prefixes with layout.keys; without the slash, 'anna' would include 'annabel'."
    )


async def test_an_object_is_read_again_only_if_it_changed(storage: AsyncR2Storage) -> None:
    """One request with If-None-Match: None without a body for the same version, the object for another."""
    key = r2_key("a", "notes.txt", "p1", environment=DEV)
    e_tag = await storage.put(key, b"one")
    assert await storage.get_if_changed(key, e_tag) is None
    await storage.put(key, b"two")
    found = await storage.get_if_changed(key, e_tag)
    assert found is not None
    assert found.body == b"two"


async def test_a_conditional_write_carries_metadata(storage: AsyncR2Storage) -> None:
    """What a conditional write says of itself is read with the object, beside its own write id."""
    key = r2_key("a", "notes.txt", "p1", environment=DEV)
    e_tag = await storage.create(key, b"one", metadata={"db-version": "1"})
    assert (await storage.get_object_info(key)).metadata["db-version"] == "1"
    await storage.replace(key, b"two", e_tag, metadata={"db-version": "2"})
    assert (await storage.get_object_info(key)).metadata["db-version"] == "2"
