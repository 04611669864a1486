"""What a copy keeps of an object beside its bytes, and what it says that it does not keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from layout.migrate import BucketWriter, CopyLimits, copy_objects, verify_plan
from layout.migrate.report import show
from layout.migrate.report.reasons import Reasons
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.layout.migrate.conftest import Flat


@pytest.mark.parametrize("expires", ["never", "0", "-1", "1632280617", "Thu, 01 Jan 2032 00:00:00 GMT"])
def test_an_expires_that_is_no_date_is_kept_part_by_part(flat: Flat, expires: str) -> None:
    """R2 keeps any text; what a client makes of it is neither sent nor compared."""

    def as_it_is(params: Any, **_: Any) -> None:
        params["headers"]["Expires"] = expires

    flat.client.meta.events.register("before-call.s3.PutObject", as_it_is)
    flat.put(game_key(1), b"y" * (11 << 20))
    writer = BucketWriter(flat.settings, CopyLimits(single=6 << 20, part=5 << 20))
    with flat.plan() as plan:
        assert copy_objects(plan, writer, flat.quiet).complete
        assert verify_plan(plan, flat.reader, flat.quiet, deep=True).ok
    writer.close()
    for key in (game_key(1), f"dev/{game_key(1)}"):
        answer: Any = flat.client.head_object(Bucket=flat.bucket, Key=key)
        assert answer["ExpiresString"] == expires


@pytest.mark.parametrize("in_parts", [False, True])
def test_the_storage_class_is_asked_for(flat: Flat, in_parts: bool) -> None:
    """An object for infrequent access stays one, whichever way its copy goes; the plan and the verdict say so."""
    if in_parts:
        flat.put_in_parts(game_key(1), [b"1"], StorageClass="STANDARD_IA")
    else:
        flat.put(game_key(1), StorageClass="STANDARD_IA")
    with flat.plan() as plan:
        lines = show.plan(plan, made=True, uploads=Reasons()).lines
        assert "  1 objects are of another storage class than STANDARD; copies are asked for it." in lines
        copy_objects(plan, flat.writer, flat.quiet)
        verdict = verify_plan(plan, flat.reader, flat.quiet)
    (new,) = flat.reader.page_after("dev")[0][:1]
    assert (new.key, new.storage_class, verdict.other_class) == (f"dev/{game_key(1)}", "STANDARD_IA", 0)


def test_a_copy_of_another_class_is_told_and_does_not_fail(flat: Flat) -> None:
    """Bytes and metadata are safe; what it costs is another matter."""
    flat.put(game_key(1), b"same", StorageClass="STANDARD_IA")
    flat.put(f"dev/{game_key(1)}", b"same")
    with flat.plan() as plan:
        verdict = verify_plan(plan, flat.reader, flat.quiet)
        lines = show.verdict(verdict, plan.path, Reasons()).lines
    assert (verdict.ok, verdict.other_class) == (True, 1)
    assert "1 new objects are of another storage class than the old ones." in lines


def test_a_plan_says_how_many_objects_lose_their_checksums(flat: Flat, cloudflare: LocalCloudflare) -> None:
    """Those that are too large for one copy, and those of parts, whose checksum is one of the parts' checksums."""
    found = cloudflare.store.bucket(flat.bucket)
    assert found is not None
    cloudflare.store.declare_object(found, game_key(1), 5 << 30)
    flat.put(game_key(2))
    flat.put_in_parts(game_key(3), [b"1"])
    with flat.plan() as plan:
        lines = show.plan(plan, made=True, uploads=Reasons()).lines
    told = "  2 objects were uploaded in parts, or go in parts since they are too large for one copy"
    assert f"{told}: additional checksums, where they have some, may be lost." in lines
