"""Deleting one version of an object."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from layout.migrate.bucket.observing import listed_at
from layout.migrate.bucket.removing_versions import remove_version
from local_cloudflare.r2.faults import FaultAction, FaultRule

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.layout.migrate.conftest import Flat

KEY = "dev/games/1.mp4"


def test_the_version_that_was_seen_is_deleted(flat: Flat) -> None:
    """Its time is compared to the second; what is gone already is no failure."""
    flat.put(KEY)
    seen = listed_at(flat.reader, KEY)
    assert seen is not None
    assert remove_version(flat.writer, seen) == ""
    assert flat.contents() == {}
    assert remove_version(flat.writer, seen) == ""


def test_a_version_of_another_time_stays(flat: Flat) -> None:
    """Somebody has written it since."""
    flat.put(KEY)
    seen = listed_at(flat.reader, KEY)
    assert seen is not None
    earlier = replace(seen, modified="2020-01-01T00:00:00.123Z")
    assert remove_version(flat.writer, earlier) == f"the object at {KEY} was written again just now: it stays"
    assert list(flat.contents()) == [KEY]


def test_a_bucket_that_does_not_answer_is_a_reason(flat: Flat, cloudflare: LocalCloudflare) -> None:
    """The object may be gone or not: the next pass looks again."""
    flat.put(KEY)
    seen = listed_at(flat.reader, KEY)
    assert seen is not None
    cloudflare.s3.faults.add(
        FaultRule(FaultAction.ERROR_BEFORE, operation="DeleteObject", times=None, status=503)
    )
    try:
        assert remove_version(flat.writer, seen).startswith("No answer about ")
    finally:
        cloudflare.s3.faults.clear()
    assert list(flat.contents()) == [KEY]
