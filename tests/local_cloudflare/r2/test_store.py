"""The store: what survives, what is cleaned up, what it refuses."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.clock import Clock
from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.r2.store.blobs import Blobs, Body, Segment
from local_cloudflare.r2.store.store import BucketExistsError, BucketMissingError, BucketNotEmptyError, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.local_cloudflare.r2.conftest import LocalR2


@pytest.fixture
def store(tmp_path: Path) -> "Iterator[Store]":
    """A store without a server."""
    opened = Store(tmp_path / "store", Clock())
    yield opened
    opened.close()


def files(folder: Path) -> list[Path]:
    """The blob files of a store."""
    return sorted((folder / "blobs").iterdir())


def test_it_survives_its_process(tmp_path: Path) -> None:
    """Buckets, rules, objects, uploads and their parts are there again."""
    store = Store(tmp_path, Clock())
    bucket = store.create_bucket("files", storage_class="InfrequentAccess", location="weur")
    store.set_lifecycle("files", rules=[])
    store.declare_object(bucket, "large", 100_000)
    store.close()
    again = Store(tmp_path, Clock())
    assert again.bucket("files") == bucket
    assert again.lifecycle("files") == []
    found = again.objects.get(bucket.id, "large")
    again.close()
    assert found is not None
    assert found.size == 100_000


def test_files_of_a_killed_process_are_swept(tmp_path: Path) -> None:
    """Whatever the database does not know."""
    store = Store(tmp_path, Clock())
    store.declare_object(store.create_bucket("files"), "large", 100_000)
    store.close()
    (tmp_path / "blobs" / "left-over").write_bytes(b"half an upload")
    Store(tmp_path, Clock()).close()
    assert [path.stat().st_size for path in files(tmp_path)] == [100_000]


def test_a_folder_belongs_to_one_process(store: Store, tmp_path: Path) -> None:
    """A second one is told so."""
    with pytest.raises(LocalCloudflareError) as caught:
        Store(tmp_path / "store", store.clock)
    assert str(caught.value) == (
        f"The folder {str(tmp_path / 'store')!r} is in use by another local Cloudflare: database is locked."
    )
    assert caught.value.hint == "Stop that one, or use another folder."


def test_bucket_errors_name_the_bucket(store: Store) -> None:
    """And say what to do."""
    bucket = store.create_bucket("files")
    with pytest.raises(BucketExistsError) as exists:
        store.create_bucket("files")
    assert str(exists.value) == "there is a bucket 'files' already"
    store.declare_object(bucket, "key", 0)
    with pytest.raises(BucketNotEmptyError) as full:
        store.delete_bucket("files")
    assert str(full.value) == "the bucket 'files' holds objects: delete them first"
    with pytest.raises(BucketMissingError) as missing:
        store.update_bucket("files", "eu", storage_class="Standard")
    assert str(missing.value) == "there is no bucket 'files' in the jurisdiction 'eu': create it first"
    other = store.create_bucket("other")
    store.uploads.create(other.id, "key", "key", 0, found_metadata(store, bucket.id), None)
    with pytest.raises(BucketNotEmptyError) as busy:
        store.delete_bucket("other")
    assert str(busy.value) == "the bucket 'other' has multipart uploads under way: abort them first"


def found_metadata(store: Store, bucket: int) -> Any:
    """Some metadata."""
    found = store.objects.get(bucket, "key")
    assert found is not None
    return found.metadata


def test_names_are_free_in_another_jurisdiction(store: Store) -> None:
    """A bucket belongs to one."""
    store.create_bucket("files")
    store.create_bucket("files", jurisdiction="eu")
    assert len(store.buckets()) == len(store.buckets("eu")) == 1


def test_files_go_with_the_last_object_that_shares_them(own: "LocalR2", tmp_path: Path) -> None:
    """Replaced, copied, deleted, assembled and aborted: nothing is left over."""
    name, client, folder = own.bucket().name, own.client(), tmp_path / "r2"
    client.put_object(Bucket=name, Key="a", Body=b"1" * 100_000)
    client.put_object(Bucket=name, Key="a", Body=b"2" * 100_000)
    client.copy_object(Bucket=name, Key="b", CopySource=f"{name}/a")
    assert len(files(folder)) == 1
    upload = {"Bucket": name, "Key": "c"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    for _ in range(2):
        tag = client.upload_part(PartNumber=1, Body=b"3" * 5 * 2**20, **upload)["ETag"]
    last = client.upload_part(PartNumber=2, Body=b"4", **upload)["ETag"]
    parts = [{"PartNumber": 1, "ETag": tag}, {"PartNumber": 2, "ETag": last}]
    client.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)
    assert client.get_object(Bucket=name, Key="c", Range="bytes=5242879-")["Body"].read() == b"34"
    assert len(files(folder)) == 3
    upload["UploadId"] = client.create_multipart_upload(Bucket=name, Key="c")["UploadId"]
    client.upload_part(PartNumber=1, Body=b"5" * 100_000, **upload)
    client.abort_multipart_upload(**upload)
    for key in ("a", "b", "c"):
        client.delete_object(Bucket=name, Key=key)
    assert files(folder) == []


def test_refused_uploads_leave_no_file(own: "LocalR2", tmp_path: Path) -> None:
    """Neither a failed condition nor a wrong digest."""
    name = own.bucket().name
    for headers in ({"if-match": '"x"'}, {"content-md5": "AAAAAAAAAAAAAAAAAAAAAA=="}):
        assert own.send("PUT", f"/{name}/key", body=b"x" * 100_000, headers=headers).status >= 400
    assert files(tmp_path / "r2") == []


def test_a_file_that_is_read_goes_when_it_was_read(tmp_path: Path) -> None:
    """A download outlives the deletion of its object."""
    blobs = Blobs(tmp_path)
    name = blobs.store(b"0123456789")
    blobs.pin([name])
    blobs.remove([name])
    assert b"".join(blobs.read([Segment(name, 2, 5)])) == b"23456"
    blobs.unpin([name])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("start", "length"), [(0, 10), (0, 3), (2, 2), (3, 4), (4, 6), (9, 1)])
def test_bodies_are_cut_across_files(tmp_path: Path, start: int, length: int) -> None:
    """Any range of a body of three segments, and of one in memory."""
    blobs = Blobs(tmp_path)
    one, two = blobs.store(b"012"), blobs.store(b"xx3456xx")
    segments = (Segment(one, 0, 3), Segment(two, 2, 4), Segment(blobs.store(b"789"), 0, 3))
    cut = Body(10, None, segments).cut(start, length)
    assert b"".join(blobs.read(cut.segments)) == b"0123456789"[start : start + length]
    assert Body(10, b"0123456789").cut(start, length).inline == b"0123456789"[start : start + length]


def test_a_server_can_be_started_again(start: "Callable[..., LocalR2]") -> None:
    """Stopping frees its port at once."""
    first = start()
    first.server.stop()
    assert start(port=first.server.port).send("GET", "/").status == 200
