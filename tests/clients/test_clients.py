"""What every client does in the environment that its temporary credential opens, and that it does nothing else."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from tests.clients.commands import Client
from tests.clients.tree import TREE, read_tree, stored_tree, write_tree

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare

FILM = os.urandom(12 * 2**20)
# rclone takes a HEAD that is refused for a missing object.
REFUSED = re.compile(r"Access ?Denied|\b403\b|object not found")


def test_a_tree_goes_there_and_back(client: Client, s3: S3Client, bucket: str) -> None:
    """Odd names and an empty file included; the listing names each."""
    write_tree(client.folder / "films")
    client.must(client.commands.sync, folder="films", prefix="dev/films/")
    assert stored_tree(s3, bucket, "") == {f"dev/films/{name}": body for name, body in TREE.items()}
    listed = client.must(client.commands.list, prefix="dev/films/").splitlines()
    assert len(listed) == len(TREE)
    assert [name for name in TREE if not any(line.endswith(name) for line in listed)] == []
    client.must(client.commands.fetch, folder="back", prefix="dev/films/")
    assert read_tree(client.folder / "back") == TREE


def test_a_second_sync_writes_the_difference(
    client: Client, s3: S3Client, bucket: str, cloudflare: LocalCloudflare
) -> None:
    """One file changed, one new, one deleted: two writes and one delete."""
    write_tree(client.folder / "films")
    client.must(client.commands.sync, folder="films", prefix="dev/films/")
    (client.folder / "films" / "with space.txt").write_bytes(b"longer than before")
    (client.folder / "films" / "new%.txt").write_bytes(b"new")
    (client.folder / "films" / "100%.txt").unlink()
    before = max(record.number for record in cloudflare.s3.requests)
    client.must(client.commands.sync, folder="films", prefix="dev/films/")
    changes = TREE | {"with space.txt": b"longer than before", "new%.txt": b"new"}
    del changes["100%.txt"]
    assert stored_tree(s3, bucket, "dev/films/") == changes
    asked = [record for record in cloudflare.s3.requests.after(before) if record.bucket == bucket]
    written = [record.key for record in asked if record.operation == "PutObject"]
    assert sorted(written) == ["dev/films/new%.txt", "dev/films/with space.txt"]
    assert sum(record.operation.startswith("DeleteObject") for record in asked) == 1


def test_twelve_mebibytes_go_in_equal_parts(
    client: Client, s3: S3Client, bucket: str, cloudflare: LocalCloudflare
) -> None:
    """All parts but the last have one size, as R2 demands; the bytes come back."""
    (client.folder / "film.bin").write_bytes(FILM)
    client.must(client.commands.put, file="film.bin", key="dev/film.bin")
    parts = [
        record.bytes_in
        for record in cloudflare.s3.requests
        if (record.operation, record.bucket) == ("UploadPart", bucket)
    ]
    whole, rest = divmod(len(FILM), client.commands.part)
    assert sorted(parts, reverse=True) == [client.commands.part] * whole + [rest]
    assert s3.get_object(Bucket=bucket, Key="dev/film.bin")["Body"].read() == FILM
    client.must(client.commands.get, file="back.bin", key="dev/film.bin")
    assert (client.folder / "back.bin").read_bytes() == FILM


def test_a_copy_is_made_by_the_server(
    client: Client, s3: S3Client, bucket: str, cloudflare: LocalCloudflare
) -> None:
    """One CopyObject, and no bytes of the object in any other request."""
    s3.put_object(Bucket=bucket, Key="dev/%41+žluť.txt", Body=b"x" * 1000)
    before = max(record.number for record in cloudflare.s3.requests)
    client.must(client.commands.copy, source="dev/%41+žluť.txt", key="dev/copy & more.txt")
    asked = [record for record in cloudflare.s3.requests.after(before) if record.bucket == bucket]
    assert [record.operation for record in asked if record.method == "PUT"] == ["CopyObject"]
    assert sum(record.bytes_in for record in asked) == 0
    assert [record.operation for record in asked if record.operation == "GetObject"] == []
    assert s3.get_object(Bucket=bucket, Key="dev/copy & more.txt")["Body"].read() == b"x" * 1000


def test_one_key_and_then_all_are_deleted(client: Client, s3: S3Client, bucket: str) -> None:
    """The keys of another prefix stay."""
    for key in ("dev/films/a b%.txt", "dev/films/c.txt", "dev/films/below/d.txt", "dev/other/e.txt"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    client.must(client.commands.remove, key="dev/films/a b%.txt")
    assert set(stored_tree(s3, bucket, "dev/films/")) == {"c.txt", "below/d.txt"}
    client.must(client.commands.remove_all, prefix="dev/films/")
    assert set(stored_tree(s3, bucket, "")) == {"dev/other/e.txt"}


@pytest.mark.parametrize("operation", ["list", "get", "put", "copy", "remove"])
def test_outside_of_the_environment_all_is_refused(
    client: Client, s3: S3Client, bucket: str, cloudflare: LocalCloudflare, operation: str
) -> None:
    """Listing, reading, writing, copying in and deleting: the client fails, and says that it was refused."""
    s3.put_object(Bucket=bucket, Key="prod/film.txt", Body=b"theirs")
    (client.folder / "film.txt").write_bytes(b"ours")
    before = max(record.number for record in cloudflare.s3.requests)
    done = client.run(
        getattr(client.commands, operation),
        prefix="prod/",
        key="dev/film.txt" if operation == "copy" else "prod/film.txt",
        source="prod/film.txt",
        file="got.txt" if operation == "get" else "film.txt",
    )
    assert done.returncode != 0
    assert REFUSED.search(done.stderr + done.stdout), done
    asked = [record for record in cloudflare.s3.requests.after(before) if record.bucket == bucket]
    # A batch delete is refused key by key, in an answer with status 200.
    assert [record for record in asked if record.status == 403 or record.operation == "DeleteObjects"] != []
    assert stored_tree(s3, bucket, "") == {"prod/film.txt": b"theirs"}
    assert not (client.folder / "got.txt").exists()
