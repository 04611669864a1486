"""The memory of an audit does not grow with the bucket."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from layout.migrate.bucket.reader import ListedObject
from tests.layout.audit.listed import ListedBucket, report_of


def keys(users: int) -> Iterator[ListedObject]:
    """Twenty clips for each user, an old key for each, and no document."""
    for user in range(users):
        for clip in range(20):
            key = f"dev/users/{user:08}/profiles/p1/raw_clips/{clip:04}.mp4"
            yield ListedObject(key, "e", 1_000, f"2026-{1 + clip % 11:02}-01T00:00:00.000Z")
        yield ListedObject(f"old/{user:08}/a.mp4", "e", 1_000, "2026-01-01T00:00:00.000Z")


def peak(folder: Path, users: int) -> int:
    """Bytes at most, for a bucket of so many users."""
    folder.mkdir()
    tracemalloc.start()
    try:
        report = report_of(ListedBucket(keys(users)), folder)
        assert (report.objects, report.users_total) == (users * 21, users)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_five_times_the_keys_need_the_same_memory(tmp_path: Path) -> None:
    """Beyond the number of users and cases that a report shows."""
    small, large = peak(tmp_path / "small", 600), peak(tmp_path / "large", 3_000)
    assert large < small * 1.3
