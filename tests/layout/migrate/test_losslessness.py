"""Whatever is written while a migration runs: what existed only once is there at the end, or a command said no."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import pytest

from layout.errors import LayoutError
from layout.migrate import (
    BucketWriter,
    PlanFile,
    check_delete,
    copy_objects,
    delete_old_objects,
    verify_plan,
    write_marker,
)
from layout.migrate.plan.totals import count_blocked
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from tests.layout.migrate.conftest import Flat

OLD_KEY, NEW_KEY = game_key(1), f"dev/{game_key(1)}"
STEPS = ("plan", "copy", "verify", "mark", "delete")
BODY, OTHER = b"same size", b"SAME SIZE"

Version = tuple[str, str]


def store(flat: Flat, key: str, *, parts: bool, body: bytes, count: str) -> None:
    """Stores an object at once, or by an upload of one part, whose ETag is no hash of the body."""
    arguments = {"ContentType": "video/mp4", "Metadata": {"ref_count": count}}
    if parts:
        flat.put_in_parts(key, [body], **arguments)
    else:
        flat.put(key, body, **arguments)


def versions(flat: Flat) -> dict[str, Version]:
    """Body and headers of what is at both keys, read from the bucket itself."""
    found = {}
    for key in (OLD_KEY, NEW_KEY):
        head = flat.reader.head(key)
        if head is not None:
            found[key] = hashlib.sha256(flat.body(key)).hexdigest(), repr(sorted(head.described.items()))
    return found


def migrate(flat: Flat, name: str, before: Callable[[str], None]) -> bool:
    """All five commands; whether each of them would have ended with 0."""
    before("plan")
    with flat.plan(name) as plan:
        if count_blocked(plan):
            return False
        try:
            return run_steps(plan, flat.writer, flat, before)
        except LayoutError:
            return False


def run_steps(plan: PlanFile, writer: BucketWriter, flat: Flat, before: Callable[[str], None]) -> bool:
    """The four commands that follow a plan."""
    before("copy")
    if not copy_objects(plan, writer, flat.quiet).complete:
        return False
    before("verify")
    verdict = verify_plan(plan, flat.reader, flat.quiet)
    if not verdict.ok:
        return False
    before("mark")
    write_marker(plan, verdict, writer)
    before("delete")
    check_delete(plan, verdict, writer, flat.bucket)
    # In one request: what is tried here is the look before it.
    report = delete_old_objects(plan, writer, timedelta(0), flat.quiet, writers_stopped=True)
    return not (report.refused or report.errors or report.left or report.young)


@pytest.mark.parametrize(("key", "step"), list(product((OLD_KEY, NEW_KEY), STEPS))[1:])
def test_nothing_that_existed_once_is_gone_after_five_successes(flat: Flat, step: str, key: str) -> None:
    """One foreign write before each step, in every form; and the harmless ones do not stop the migration."""
    finished = []
    for number, (old_parts, parts, body, count) in enumerate(
        product((False, True), (False, True), (BODY, OTHER), ("1", "2"))
    ):
        for left_over in (OLD_KEY, NEW_KEY, "dev/layout.json"):
            flat.delete(left_over)
        store(flat, OLD_KEY, parts=old_parts, body=BODY, count="1")
        once: dict[str, Version] = {}

        write = partial(store, flat, key, parts=parts, body=body, count=count)

        def before(now: str, write: Callable[[], None] = write, once: dict[str, Version] = once) -> None:
            if now == step:
                write()
            if now == "delete":
                once.update(versions(flat))

        if not migrate(flat, f"{number}.sqlite", before):
            continue
        finished.append((body, count))
        left = set(versions(flat).values())
        if (key, step) == (NEW_KEY, "delete"):
            # A live application wrote over the copy: its version stays, and what it replaced is its business.
            assert once[NEW_KEY] in left
        else:
            assert set(once.values()) <= left, (old_parts, parts, body, count)
    assert (BODY, "1") in finished
