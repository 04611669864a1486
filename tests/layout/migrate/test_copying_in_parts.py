"""Copies in parts that were cut off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from layout.migrate import BucketWriter, CopyLimits, copy_objects
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.layout.migrate.conftest import Flat

LIMITS = CopyLimits(single=8 << 20, part=5 << 20)
BODY = b"".join(bytes([number]) * (1 << 20) for number in range(22))
COPIES = "UploadPartCopy"


@pytest.fixture
def writer(flat: Flat) -> Iterator[BucketWriter]:
    """One that copies all above 8 MiB in parts of 5 MiB."""
    with closing(BucketWriter(flat.settings, LIMITS)) as writer:
        yield writer


def cut_off(flat: Flat, plan: Any, after: int) -> None:
    """A copy that ends when it has made so many parts, and says nothing to the bucket any more."""
    made = 0

    def count(**_: Any) -> None:
        nonlocal made
        made += 1
        if made > after:
            raise KeyboardInterrupt

    with closing(BucketWriter(flat.settings, LIMITS)) as writer:
        writer.client.meta.events.register("before-parameter-build.s3.UploadPartCopy", count)
        with pytest.raises(KeyboardInterrupt):
            copy_objects(plan, writer, flat.quiet)


def uploads(flat: Flat) -> list[str]:
    """The keys of the open uploads."""
    return [key for key, _ in flat.reader.uploads()]


def test_a_copy_in_parts_goes_on_with_the_parts_that_are_there(
    flat: Flat, writer: BucketWriter, cloudflare: LocalCloudflare
) -> None:
    """Two of five parts were made: three more are copied, into the same upload, and the object is whole."""
    flat.put(game_key(1), BODY, Metadata={"made_by": "old"})
    with flat.plan() as plan:
        cut_off(flat, plan, 2)
        assert uploads(flat) == [f"dev/{game_key(1)}"]
        cloudflare.s3.requests.clear()
        assert copy_objects(plan, writer, flat.quiet).complete
    asked = cloudflare.s3.requests.count()
    assert (asked[COPIES], asked["CreateMultipartUpload"], asked["CompleteMultipartUpload"]) == (3, 0, 1)
    assert uploads(flat) == []
    assert flat.body(f"dev/{game_key(1)}") == BODY
    head = flat.reader.head(f"dev/{game_key(1)}")
    assert head is not None
    assert head.described["x-amz-meta-made_by"] == "old"


def test_parts_of_another_version_are_not_used(
    flat: Flat, writer: BucketWriter, cloudflare: LocalCloudflare
) -> None:
    """The old object was written again with the same bytes: the upload is ended, and another begins."""
    flat.put(game_key(1), BODY)
    with flat.plan() as plan:
        cut_off(flat, plan, 2)
        with plan.transaction() as database:
            database.execute("UPDATE part_uploads SET source = replace(source, '20', '19')")
        cloudflare.s3.requests.clear()
        assert copy_objects(plan, writer, flat.quiet).complete
    asked = cloudflare.s3.requests.count()
    assert (asked[COPIES], asked["CreateMultipartUpload"], asked["AbortMultipartUpload"]) == (5, 1, 1)
    assert uploads(flat) == []
    assert flat.body(f"dev/{game_key(1)}") == BODY


def test_an_upload_that_is_gone_begins_anew(flat: Flat, writer: BucketWriter) -> None:
    """As one that was open for seven days is."""
    flat.put(game_key(1), BODY)
    with flat.plan() as plan:
        cut_off(flat, plan, 2)
        (upload,) = flat.client.list_multipart_uploads(Bucket=flat.bucket)["Uploads"]
        names: Any = {"Bucket": flat.bucket, "Key": upload["Key"], "UploadId": upload["UploadId"]}
        flat.client.abort_multipart_upload(**names)
        assert copy_objects(plan, writer, flat.quiet).complete
    assert flat.body(f"dev/{game_key(1)}") == BODY


def test_an_upload_of_somebody_else_is_neither_used_nor_ended(flat: Flat, writer: BucketWriter) -> None:
    """To the same key: nothing tells what is in it."""
    flat.put(game_key(1), BODY)
    names: Any = {"Bucket": flat.bucket, "Key": f"dev/{game_key(1)}"}
    with flat.plan() as plan:
        other = flat.client.create_multipart_upload(**names)["UploadId"]
        assert copy_objects(plan, writer, flat.quiet).complete
    assert uploads(flat) == [names["Key"]]
    flat.client.abort_multipart_upload(**names, UploadId=other)
    assert uploads(flat) == []
    assert flat.body(f"dev/{game_key(1)}") == BODY


def test_a_copy_in_parts_that_is_refused_leaves_no_upload(flat: Flat, writer: BucketWriter) -> None:
    """Another object came to the new key."""
    flat.put(game_key(1), BODY)
    with flat.plan() as plan:
        flat.put(f"dev/{game_key(1)}", b"another")
        assert not copy_objects(plan, writer, flat.quiet).complete
    assert uploads(flat) == []
    assert flat.body(f"dev/{game_key(1)}") == b"another"
