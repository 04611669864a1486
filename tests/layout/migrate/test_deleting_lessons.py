"""How deletes went wrong elsewhere, and do not here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from layout.errors import StorageUnavailableError
from layout.migrate import PlanFile, copy_objects, delete_old_objects, verify_plan, write_marker
from local_cloudflare.r2.faults import FaultAction, FaultRule

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.layout.migrate.conftest import Flat

AT_ONCE = timedelta(0)
NEIGHBOURS = ("Ann", "an", "ann-2", "ann2", "anna", "joann")
NAMES = ("database.sqlite", "raw_clips/1.mp4", "raw_clips/ann.mp4")


def _move(flat: Flat, plan: PlanFile) -> None:
    """Copies, verifies and writes the marker."""
    copy_objects(plan, flat.writer, flat.quiet)
    write_marker(plan, verify_plan(plan, flat.reader, flat.quiet), flat.writer)


def _at_old_keys(flat: Flat) -> set[str]:
    return {key for key in flat.contents() if not key.startswith("dev/")}


@pytest.mark.parametrize("writers_stopped", [False, True])
def test_users_whose_ids_contain_each_other_keep_everything(flat: Flat, *, writers_stopped: bool) -> None:
    """Once all keys that contained an id were deleted, in any case, over the whole bucket."""
    others = {f"{user}/{name}" for user in NEIGHBOURS for name in NAMES}
    for key in [*others, *(f"ann/{name}" for name in NAMES)]:
        flat.put(key)
    with flat.plan(only=["ann"]) as plan:
        _move(flat, plan)
        report = delete_old_objects(plan, flat.writer, AT_ONCE, flat.quiet, writers_stopped=writers_stopped)
    assert (report.deleted, report.refused.total, report.errors.total) == (len(NAMES), 0, 0)
    assert _at_old_keys(flat) == others


@pytest.mark.parametrize("first", [1, 2, 3])
@pytest.mark.parametrize("action", [FaultAction.ERROR_BEFORE, FaultAction.RESET, FaultAction.TRUNCATE])
def test_what_cannot_be_looked_at_is_not_taken_for_absent(
    flat: Flat, cloudflare: LocalCloudflare, action: FaultAction, first: int
) -> None:
    """Once a failed question read as none made everything an orphan; stopped writers do not spare the look.

    The bucket's time, the old keys and the new ones are asked for by a listing each.
    """
    keys = {f"ann/{name}" for name in NAMES}
    for key in keys:
        flat.put(key)
    with flat.plan() as plan:
        _move(flat, plan)
        before = max(record.number for record in cloudflare.s3.requests)
        cloudflare.s3.faults.add(
            FaultRule(action, operation="ListObjectsV2", first=first, times=None, status=503)
        )
        try:
            with pytest.raises(StorageUnavailableError):
                delete_old_objects(plan, flat.writer, AT_ONCE, flat.quiet, writers_stopped=True)
        finally:
            cloudflare.s3.faults.clear()
    asked = {record.operation for record in cloudflare.s3.requests.after(before)}
    assert not asked & {"DeleteObject", "DeleteObjects"}
    assert _at_old_keys(flat) == keys
