"""Listing the old side without the environment that was listed just before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layout.migrate import copy_objects, verify_plan
from layout.migrate.bucket.old_side import old_side_pages

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.layout.migrate.conftest import Flat

NEW = 2_500


def fill(cloudflare: LocalCloudflare, bucket: str) -> list[str]:
    """Objects of the new layout, more than two pages of them, and a few old ones around; gives the old keys."""
    made = cloudflare.store.bucket(bucket)
    assert made is not None
    for number in range(NEW):
        cloudflare.store.declare_object(made, f"dev/temp/{number:05}", 0)
    old = ["a/1", "dev", "dev.x/1", "dev0", "devä/1", "dex/1", "z/1"]
    for key in old:
        cloudflare.store.declare_object(made, key, 0)
    return sorted(old)


def listings(cloudflare: LocalCloudflare) -> int:
    """How many pages were asked for."""
    return cloudflare.s3.requests.count()["ListObjectsV2"]


def test_a_prefix_of_new_keys_is_left_out_and_nothing_beside_it(
    flat: Flat, cloudflare: LocalCloudflare, bucket: str
) -> None:
    """Two pages instead of three, and everything before and after the prefix."""
    old = fill(cloudflare, bucket)
    for but, pages in ((None, 3), ("dev/", 2), ("staging/", 3)):
        cloudflare.s3.requests.clear()
        found = [item.key for page in old_side_pages(flat.reader, but=but) for item in page]
        assert sorted(found) == old
        assert listings(cloudflare) == pages


def test_a_user_who_is_called_like_the_environment_is_seen_by_verify(flat: Flat) -> None:
    """Old keys under the environment's prefix, written after the plan was made, are found as others are."""
    flat.put("a/raw_clips/1.mp4")
    with flat.plan() as plan:
        assert copy_objects(plan, flat.writer, flat.quiet).complete
        assert verify_plan(plan, flat.reader, flat.quiet).ok
        flat.put("dev/raw_clips/1.mp4")
        verdict = verify_plan(plan, flat.reader, flat.quiet)
    assert [(one.sign, one.key, one.reason) for one in verdict.problems] == [
        ("+", "dev/raw_clips/1.mp4", "was written after the plan was made")
    ]
