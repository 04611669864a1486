"""Copies that replace one version of an object, and nothing else."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from layout.environment import Environment
from layout.errors import ConditionFailedError, StorageError
from layout.migrate.bucket.part_copies import CopyLimits
from layout.migrate.bucket.replacing import require_replacing_copies
from layout.migrate.bucket.writer import BucketWriter
from layout.storage.clients import s3_client
from local_cloudflare.r2.faults import FaultAction, FaultRule

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.layout.migrate.conftest import Flat

NEW = "dev/games/1.mp4"


class IgnoringWriter(BucketWriter):
    """A store that does not know R2's headers, as a plain S3 server."""

    def copy_large(self, *arguments: object, **_options: object) -> str:
        """Overwrites whatever is there."""
        plain = s3_client(self._settings)
        plain.copy_object(
            Bucket=self.name,
            Key=str(arguments[1]),
            CopySource={"Bucket": self.name, "Key": str(arguments[0])},
        )
        plain.close()
        return ""


@pytest.mark.parametrize("limit", [100, 1], ids=["at once", "in parts"])
def test_a_copy_replaces_the_version_that_it_names_and_no_other(flat: Flat, limit: int) -> None:
    """Headers and metadata come along; a third version at the new key stays, and so does the old object."""
    body = b"x" * 10
    etag = flat.put("games/1.mp4", body, ContentType="video/mp4", Metadata={"ref_count": "1"})
    other = flat.put(NEW, b"older copy")
    with closing(BucketWriter(flat.settings, CopyLimits(single=limit, part=5 << 20))) as writer:
        with pytest.raises(ConditionFailedError):
            writer.copy_large("games/1.mp4", NEW, etag, 10)
        with pytest.raises(ConditionFailedError):
            writer.copy_large("games/1.mp4", NEW, etag, 10, replaces=etag)
        assert flat.body(NEW) == b"older copy"
        writer.copy_large("games/1.mp4", NEW, etag, 10, replaces=other)
        assert flat.body(NEW) == body
        old, new = writer.head("games/1.mp4"), writer.head(NEW)
        assert old is not None
        assert new is not None
        assert old.described == new.described
        flat.delete(NEW)
        with pytest.raises(ConditionFailedError):
            writer.copy_large("games/1.mp4", NEW, etag, 10, replaces=other)
    assert NEW not in flat.contents()


def test_a_store_that_honours_the_condition_is_known(flat: Flat) -> None:
    """It is asked with objects of our own under temp/, and nothing is left of them."""
    require_replacing_copies(flat.writer, Environment.DEV)
    assert flat.contents() == {}


def test_a_store_that_ignores_the_condition_is_refused(flat: Flat) -> None:
    """Before anything of anybody's is replaced."""
    with closing(IgnoringWriter(flat.settings)) as writer, pytest.raises(StorageError) as caught:
        require_replacing_copies(writer, Environment.DEV)
    assert str(caught.value) == (
        f"The store at {flat.settings.endpoint!r} ignores the header cf-copy-destination-if-match:"
        " it would replace any object."
    )
    assert caught.value.hint == (
        "Replace objects on R2 only; elsewhere set the newer object aside by hand, delete it, and copy again."
    )
    assert flat.contents() == {}


def test_a_store_that_does_not_answer_is_not_called_honest(flat: Flat, cloudflare: LocalCloudflare) -> None:
    """An error is no refusal of the condition."""
    cloudflare.s3.faults.add(
        FaultRule(FaultAction.ERROR_BEFORE, operation="CopyObject", times=None, status=503)
    )
    try:
        with pytest.raises(StorageError, match="No answer about"):
            require_replacing_copies(flat.writer, Environment.DEV)
    finally:
        cloudflare.s3.faults.clear()
    assert flat.contents() == {}
