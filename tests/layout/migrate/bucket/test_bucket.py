"""The bucket as a migration sees it: reading, refusing to write, observing many keys, copying."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from layout.errors import ConditionFailedError, StorageError
from layout.migrate.bucket.observing import observe
from layout.migrate.bucket.old_side import old_side_pages
from layout.migrate.bucket.part_copies import CopyLimits
from layout.migrate.bucket.reader import PAGE, BucketReader, ListedObject, ObjectHead
from layout.migrate.bucket.writer import plain_for_obstore
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from tests.layout.migrate.conftest import Flat


ROOT = Path(__file__).resolve().parents[4]


class CountingReader(BucketReader):
    """Notes what it asks for, and can be given shorter pages than R2's thousand."""

    page_size = 1_000

    def __init__(self, settings: StorageSettings) -> None:
        super().__init__(settings)
        self.asked: list[str] = []
        self.most: list[int] = []

    def page_after(
        self, start_after: str, most: int = PAGE, prefix: str = ""
    ) -> tuple[list[ListedObject], bool]:
        """A listing."""
        self.asked.append("list")
        self.most.append(most)
        page, more = super().page_after(start_after, most, prefix)
        return page[: self.page_size], more or len(page) > self.page_size

    def head(self, key: str) -> ObjectHead | None:
        """A HEAD."""
        self.asked.append(f"head {key}")
        return super().head(key)


@pytest.fixture
def counting(flat: Flat) -> Iterator[CountingReader]:
    """A reader of the bucket that counts."""
    reader = CountingReader(flat.settings)
    yield reader
    reader.close()


def test_a_reader_refuses_writes_before_they_are_sent(flat: Flat) -> None:
    """Even a call that goes around its methods does not reach the bucket."""
    flat.put("a/x")
    with pytest.raises(StorageError) as caught:
        flat.reader.client.delete_object(Bucket=flat.bucket, Key="a/x")
    assert str(caught.value) == "DeleteObject is a write, and this run may only read."
    assert caught.value.hint == "Add --execute if the command is meant to write."
    with pytest.raises(StorageError, match="PutObject is a write"):
        flat.reader.client.put_object(Bucket=flat.bucket, Key="a/x", Body=b"")
    assert flat.body("a/x") == b"a/x"


def test_neighbours_are_observed_with_one_listing(flat: Flat, counting: CountingReader) -> None:
    """Forty keys cost one request."""
    keys = [f"a/raw_clips/{number:02}.mp4" for number in range(40)]
    for key in keys:
        flat.put(key)
    found = observe(counting, keys)
    assert counting.asked == ["list"]
    assert counting.most == [53], "a page no longer than the keys and a few strangers between them"
    assert sorted(found) == keys
    assert found[keys[0]] == next(flat.reader.pages())[0]


def test_keys_that_the_listing_did_not_show_are_asked_for(flat: Flat, counting: CountingReader) -> None:
    """Absent is only what HEAD says is absent."""
    flat.put("a/1")
    assert list(observe(counting, ["a/1", "a/2", "z/1"])) == ["a/1"]
    assert counting.asked == ["list", "head a/2", "head z/1"]


def test_keys_that_lie_far_apart_are_not_searched_by_listing(flat: Flat, counting: CountingReader) -> None:
    """A page that shows few of the wanted keys is followed by HEADs, not by page after page."""
    for number in range(8):
        flat.put(f"a/{number}")
    counting.page_size = 4
    keys = ["a/0", "a/7"]
    assert sorted(observe(counting, keys)) == keys
    assert counting.asked == ["list", "head a/7"]


def test_nothing_is_observed_for_nothing(flat: Flat) -> None:
    """No keys, no requests, no objects."""
    assert observe(flat.reader, []) == {}


def test_the_old_side_is_what_the_new_layout_does_not_parse(flat: Flat) -> None:
    """An environment's prefix alone makes no key of the new layout."""
    for key in [
        "a/1",
        "dev/users/a/x",
        "dev/games/1",
        "dev0",
        "games/1",
        "prod/layout.json",
        "staging/x",
        "z/1",
    ]:
        flat.put(key)
    found = [item.key for page in old_side_pages(flat.reader) for item in page]
    assert found == ["a/1", "dev/users/a/x", "dev0", "games/1", "staging/x", "z/1"]


@pytest.mark.parametrize("key", ["a/x y", "a/%20", "a/...mp4", "a/видео", "a/b\\c", " a/b "])
def test_keys_that_obstore_addresses_exactly(key: str) -> None:
    """Names, of whatever script, between single slashes."""
    assert plain_for_obstore(key)


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "a/./b", "a/../b", "a/\x01", "a/\x7f", "a/\x85"])
def test_keys_that_obstore_would_change_or_refuse(key: str) -> None:
    """These go through boto3."""
    assert not plain_for_obstore(key)


def test_a_key_that_obstore_would_change_is_copied_by_boto3(flat: Flat) -> None:
    """Each of the two keys exists; the right one is copied, and nothing is overwritten."""
    etag = flat.put("a/folder/", b"marker")
    flat.put("a/folder", b"file")
    flat.writer.copy_large("a/folder/", "dev/temp/1", etag, 6)
    assert flat.body("dev/temp/1") == b"marker"
    with pytest.raises(ConditionFailedError):
        flat.writer.copy_large("a/folder/", "dev/temp/1", etag, 6)
    with pytest.raises(ConditionFailedError):
        flat.writer.copy_large("a/folder/", "dev/temp/2", "0" * 32, 6)
    assert "dev/temp/2" not in flat.contents()


@pytest.mark.parametrize(
    ("size", "part"),
    [(5 << 30, 1 << 29), (5 << 40, 549_755_814), ((10_000 << 29) + 1, (1 << 29) + 1)],
)
def test_parts_are_equal_and_at_most_ten_thousand(size: int, part: int) -> None:
    """Half a GiB each, more only if there would be too many."""
    assert CopyLimits().part_size(size) == part
    assert part * 10_000 >= size


def test_a_copy_in_parts_that_fails_leaves_no_upload(flat: Flat) -> None:
    """What was begun is aborted, so that it costs nothing and does not hold the bucket."""
    writer = flat.writer
    etag = flat.put("games/1.mp4", b"1" * (6 << 20))
    writer.limits = CopyLimits(single=1, part=5 << 20)
    flat.put("dev/games/1.mp4", b"another")
    with pytest.raises(ConditionFailedError):
        writer.copy_large("games/1.mp4", "dev/games/1.mp4", etag, 6 << 20)
    with pytest.raises(ConditionFailedError) as caught:
        writer.copy_large("games/1.mp4", "dev/games/2.mp4", "0" * 32, 6 << 20)
    assert str(caught.value) == (
        f"The object 'games/1.mp4' in bucket {flat.bucket!r} has the ETag {etag!r}, not '{'0' * 32}'."
    )
    assert caught.value.hint == "Make a new plan."
    assert not flat.client.list_multipart_uploads(Bucket=flat.bucket).get("Uploads")
    assert flat.body("dev/games/1.mp4") == b"another"


def test_an_age_can_be_rehearsed(tmp_path: Path) -> None:
    """Once the local Cloudflare's clock was advanced, a copy is as old to a deletion as to the bucket's own rules."""
    from local_cloudflare.cloudflare import LocalCloudflare

    with LocalCloudflare(tmp_path, buckets=["films"]) as running:
        keys = running.s3_keys("Workers R2 Storage Bucket Item Write", bucket="films")
        settings = StorageSettings(
            _env_file=None,
            account_id=running.account_id,
            endpoint=running.s3_endpoint,
            bucket="films",
            access_key_id=keys.access_key_id,
            secret_access_key=SecretStr(keys.secret_access_key),
        )
        with closing(BucketReader(settings)) as reader:
            films = running.store.bucket("films")
            assert films is not None
            running.store.declare_object(films, "before", 1)
            running.clock.advance(timedelta(hours=5), clients_follow=False)
            running.store.declare_object(films, "after", 1)
            ages = {
                item.key: reader.now() - datetime.fromisoformat(item.modified)
                for page in reader.pages()
                for item in page
            }
    assert timedelta(hours=5) <= ages["before"] < timedelta(hours=6)
    assert timedelta(0) <= ages["after"] < timedelta(hours=1)


OF_THE_ANSWER = {
    "date",
    "server",
    "content-length",
    "accept-ranges",
    "connection",
    "x-amz-request-id",
    "cf-ray",
}
NOT_KEPT = {"etag", "last-modified", "x-amz-version-id", "x-amz-expiration", "x-amz-storage-class"}


def test_whatever_a_head_shows_is_kept_or_named_as_not_kept(flat: Flat) -> None:
    """An attribute that is neither compared nor mentioned would be lost without a word."""
    flat.put(
        "dev/temp/1",
        ContentType="video/mp4",
        CacheControl="no-store",
        ContentDisposition="inline",
        ContentEncoding="identity",
        ContentLanguage="de",
        Expires="Thu, 01 Jan 2032 00:00:00 GMT",
        Metadata={"ref_count": "1"},
        StorageClass="STANDARD_IA",
        ChecksumSHA256="jnEsrVeSddcqqsBZKKMMEqUrvNaUy39IWnBXFdt247A=",
    )
    head = flat.reader.head("dev/temp/1")
    assert head is not None
    answer = flat.client.head_object(Bucket=flat.bucket, Key="dev/temp/1", ChecksumMode="ENABLED")
    shown = set(answer["ResponseMetadata"]["HTTPHeaders"]) - OF_THE_ANSWER
    checksums = {name for name in shown if name.startswith("x-amz-checksum-")}
    assert shown - NOT_KEPT - checksums == set(head.described)
    assert head.storage_class == "STANDARD_IA"
    page = (ROOT / "docs" / "migration.md").read_text(encoding="utf-8")
    for name in ("ETag", "last-modified time", "version id", "expiration", "storage class", "checksums"):
        assert name in page.split("## What counts as the same object")[1].split("## ")[0], name
