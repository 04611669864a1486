"""scripts/migrate.py, killed again and again: what the bucket has is not asked for twice."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.environment import Environment
from layout.migrate import PlanFile
from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.data.flat_bucket.names import game_key
from tests.scripts.migration import Operator, operator_of

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from local_cloudflare.r2.request_log import RequestLog

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "migrate.py"
OBJECTS = 300
KILLED_AFTER = 60
EMPTY = "d41d8cd98f00b204e9800998ecf8427e"


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Operator]:
    """An operator with a finished plan of a bucket in which every copy takes a while."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    made = cloudflare.store.bucket(bucket)
    assert made is not None
    for number in range(OBJECTS):
        cloudflare.store.declare_object(made, game_key(number), 0, etag=EMPTY)
    assert operator.statuses("plan") == [0]
    cloudflare.s3.faults.add(FaultRule(FaultAction.DELAY, operation="CopyObject", times=None, seconds=0.05))
    yield operator
    cloudflare.s3.faults.clear()


def copied(requests: RequestLog) -> set[str]:
    """The new keys that copies have made."""
    return {one.key for one in requests if one.operation == "CopyObject" and one.status == 200}


def kill_a_copy(requests: RequestLog) -> set[str]:
    """Begins a copy and kills it once it has made some; gives the new keys of those."""
    requests.clear()
    command = [sys.executable, str(SCRIPT), "copy", "--plan", "plan.sqlite", "--execute"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while len(copied(requests)) < KILLED_AFTER and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
    # What was under way is answered to nobody.
    time.sleep(0.3)
    return copied(requests)


def noted() -> int:
    """How many objects the plan knows to be copied."""
    with PlanFile.open(Path("plan.sqlite")) as plan:
        assert plan.meta.environment is Environment.DEV
        return int(plan.value("SELECT count(*) FROM objects WHERE state = 'copied'"))


def test_what_a_killed_run_has_copied_is_compared_and_not_copied_again(
    operator: Operator, cloudflare: LocalCloudflare
) -> None:
    """No copy is repeated, and two HEADs an object show that all of it is as the old one: counted at the bucket."""
    requests = cloudflare.s3.requests
    there = kill_a_copy(requests)
    assert KILLED_AFTER <= len(there) < OBJECTS
    assert noted() == 0
    requests.clear()
    assert operator.run("copy")[0] == 0
    asked = [one.key for one in requests if one.operation == "CopyObject"]
    assert not there & set(asked)
    assert len(asked) == OBJECTS - len(there)
    looked = [one.key for one in requests if one.operation == "HeadObject"]
    assert len(looked) < 2 * len(there) + 10
    assert noted() == OBJECTS


def test_runs_that_are_killed_one_after_the_other_each_come_further(
    operator: Operator, cloudflare: LocalCloudflare
) -> None:
    """Each notes first what the one before it has copied, and copies more; none copies anything twice."""
    requests = cloudflare.s3.requests
    done: set[str] = set()
    while len(done) + KILLED_AFTER + 32 < OBJECTS:
        more = kill_a_copy(requests)
        assert not done & more
        assert noted() >= len(done)
        done |= more
    assert operator.run("copy")[0] == 0
    assert noted() == OBJECTS
    assert operator.statuses("verify") == [0]
