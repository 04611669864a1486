"""What an application writes while a copy or a delete runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.data.flat_bucket.names import game_key
from tests.scripts.migration import Operator, operator_of

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

CLIP = b"O" * 4096


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Operator]:
    """The operator of an empty bucket, at which requests may be held up."""
    yield operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    cloudflare.s3.faults.clear()


@pytest.mark.parametrize("objects", [2, 40])
@pytest.mark.parametrize("parts", [False, True])
def test_metadata_that_an_application_writes_at_a_new_key_during_the_copy_is_not_the_old_objects(
    operator: Operator, cloudflare: LocalCloudflare, objects: int, *, parts: bool
) -> None:
    """The same bytes have the same ETag, so only headers and times tell; the copy of another object waits for R2."""
    for number in range(objects):
        store = operator.put_in_parts if parts and not number else operator.put
        store(game_key(number), CLIP, Metadata={"made_by": "old"})
    assert operator.statuses("plan") == [0]
    busy = FaultRule(FaultAction.ERROR_BEFORE, "CopyObject", f"dev/{game_key(1)}", times=None, status=503)
    cloudflare.s3.faults.add(busy)
    new_key = f"dev/{game_key(0)}"

    def write_over_the_copy() -> None:
        # After all other copies have ended but the batch's last, which waits for them: what comes within a request's
        # time of its own copy, no time tells apart.
        while len([key for key in operator.listed() if key.startswith("dev/games/")]) < max(1, objects - 2):
            pass
        # What is listed may not have been answered yet: another object keeps the copy waiting meanwhile.
        time.sleep(0.5)
        operator.put(new_key, CLIP, Metadata={"made_by": "new"})
        cloudflare.s3.faults.clear()

    with ThreadPoolExecutor(1) as application:
        written = application.submit(write_over_the_copy)
        status, out, _ = operator.run("copy")
        written.result()
    assert status == 3
    assert f"  {game_key(0)!r}: " in out
    assert operator.statuses("verify", "mark", "delete") == [3, 1, 1]
    assert operator.metadata(game_key(0)) == {"made_by": "old"}
    assert operator.metadata(new_key) == {"made_by": "new"}


def test_an_old_object_that_is_written_while_delete_looks_closer_at_another_is_kept(
    operator: Operator, cloudflare: LocalCloudflare
) -> None:
    """One that was touched is asked for; meanwhile a writer of the old layout comes back to its neighbour."""
    touched, written = game_key(0), game_key(1)
    operator.put(touched, CLIP)
    operator.put(written, CLIP)
    assert operator.statuses("plan", "copy", "verify", "mark") == [0, 0, 0, 0]
    operator.put(touched, CLIP)
    before = max(record.number for record in cloudflare.s3.requests)
    cloudflare.s3.faults.add(
        FaultRule(FaultAction.ERROR_BEFORE, "HeadObject", touched, times=None, status=503)
    )

    def write_again() -> None:
        while not any(one.operation == "HeadObject" for one in cloudflare.s3.requests.after(before)):
            pass
        operator.put(written, CLIP[::-1] + b"more")
        cloudflare.s3.faults.clear()

    with ThreadPoolExecutor(1) as application:
        late = application.submit(write_again)
        status, out, _ = operator.run("delete")
        late.result()
    assert status == 3
    assert out == (
        "Deleted 1 old objects, 4.0 KiB; 0 were gone before.\n1 kept:\n"
        f"  {written!r}: it was written again while the batch was looked at\n"
    )
    assert operator.listed() == ["dev/" + touched, "dev/" + written, "dev/layout.json", written]
