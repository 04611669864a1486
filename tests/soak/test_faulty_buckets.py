"""Every fault of the local R2, alone and mixed at one request in twenty, during each command of a migration.

500 objects by default; `make soak` asks for 5,000 by R2_LAYOUT_SOAK_OBJECTS. A command is complete, or ends with a
status that says so and with a right account of what is left; run again without faults, it finishes.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.scripts.migration import operator_of
from tests.soak.contents import contents, store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.scripts.migration import Operator
    from tests.soak.contents import Contents

OBJECTS = int(os.environ.get("R2_LAYOUT_SOAK_OBJECTS", "500"))

FAULTS = {
    "lost answers": [FaultRule(FaultAction.ERROR_AFTER, every=20, times=None)],
    "resets": [FaultRule(FaultAction.RESET, every=20, times=None)],
    "resets after the effect": [FaultRule(FaultAction.RESET_AFTER, every=20, times=None)],
    "cut list pages": [
        FaultRule(FaultAction.TRUNCATE, operation="ListObjectsV2", every=3, keep_bytes=700, times=None)
    ],
    "a storm of 429": [
        FaultRule(FaultAction.ERROR_BEFORE, status=429, first=30, times=max(5, OBJECTS // 500))
    ],
    "a burst of 503": [
        FaultRule(FaultAction.ERROR_BEFORE, status=503, first=10, times=max(5, OBJECTS // 500))
    ],
    "slow answers": [FaultRule(FaultAction.DELAY, every=20, seconds=0.3, times=None)],
    "all of them": [
        FaultRule(action, first=1 + number, every=20 * len(FaultAction), seconds=0.3, status=503, times=None)
        for number, action in enumerate(FaultAction)
    ],
}


def fill(cloudflare: LocalCloudflare, bucket: str) -> None:
    """Flat objects of ten users."""
    for number in range(OBJECTS):
        user, clip = number % 10, number // 10
        key = f"user{user}/raw_clips/{clip}.mp4" if clip else f"user{user}/database.sqlite"
        store(cloudflare, bucket, key, b"body %d" % number, {"number": str(number)})


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Operator]:
    """An operator of a full bucket; afterwards nothing fails on purpose any more."""
    fill(cloudflare, bucket)
    yield operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    cloudflare.s3.faults.clear()


def run(cloudflare: LocalCloudflare, operator: Operator, command: str, faults: list[FaultRule]) -> Any:
    """Runs a command while requests fail, then again while none does; what the first run said of itself."""
    for rule in faults:
        cloudflare.s3.faults.add(rule)
    status, out, err = operator.run(command, "--json")
    cloudflare.s3.faults.clear()
    assert status in (0, 1, 3), err
    if status == 0:
        return json.loads(out)
    again, _, error = operator.run(command, "--json")
    assert again == 0, error
    return json.loads(out) if out else None


def at_new_keys(found: Contents) -> int:
    """How many of the users' objects are at their new keys."""
    return sum("/profiles/" in key for key in found)


@pytest.mark.parametrize("name", FAULTS)
def test_a_migration_is_complete_or_says_what_is_left(
    cloudflare: LocalCloudflare, bucket: str, operator: Operator, name: str
) -> None:
    """Each command under faults, then once more without; nothing is lost, and no account is wrong."""
    before = contents(cloudflare, bucket)
    plan = run(cloudflare, operator, "plan", FAULTS[name])
    assert plan is None or sum(area["objects"] for area in plan["areas"]) == OBJECTS
    for rule in FAULTS[name]:
        cloudflare.s3.faults.add(rule)
    status, out, err = operator.run("copy", "--json")
    cloudflare.s3.faults.clear()
    there = at_new_keys(contents(cloudflare, bucket))
    if out:
        report = json.loads(out)
        assert (report["left"] == 0) == (status == 0)
        # An answer that was lost may hide a copy until the next run: what is left is never told too small.
        assert OBJECTS - there <= report["left"] == OBJECTS - report["copied"]
    else:
        assert status == 1
        assert json.loads(err)["error"]
    again, told, error = operator.run("copy")
    assert again == 0, told + error
    assert contents(cloudflare, bucket).items() >= before.items()
    run(cloudflare, operator, "verify", FAULTS[name])
    run(cloudflare, operator, "mark", FAULTS[name])
    run(cloudflare, operator, "delete", FAULTS[name])
    after = contents(cloudflare, bucket)
    assert sorted(map(repr, (version for key, version in after.items() if "/profiles/" in key))) == sorted(
        map(repr, before.values())
    )
    assert not before.keys() & after.keys()


def sides(found: Contents) -> tuple[Contents, Contents]:
    """What is at the users' old keys, and at their new ones, by old key."""
    new = {}
    for key, version in found.items():
        if "/profiles/" in key:
            _, _, user, _, _, path = key.split("/", 5)
            new[f"{user}/{path}"] = version
    return {key: version for key, version in found.items() if key.startswith("user")}, new


@pytest.mark.parametrize("name", ["lost answers", "cut list pages", "a storm of 429", "all of them"])
def test_a_copy_that_follows_agrees_or_says_what_is_left(
    cloudflare: LocalCloudflare, bucket: str, operator: Operator, name: str
) -> None:
    """Of a plan that is stale by the time it is followed; both sides are the same in the end."""
    assert operator.run("plan")[0] == 0
    for number in range(20):
        operator.put(f"user{number % 10}/raw_clips/{number // 10 + 1}.mp4", b"again %d" % number)
        operator.put(f"user{number % 10}/uploads/late{number}.mp4", b"late %d" % number)
    for user in range(5):
        operator.delete(f"user{user}/raw_clips/5.mp4")
    for rule in FAULTS[name]:
        cloudflare.s3.faults.add(rule)
    status, out, err = operator.run("copy", "--follow", "--until-equal", "--interval", "0", "--json")
    cloudflare.s3.faults.clear()
    old, new = sides(contents(cloudflare, bucket))
    if status == 0:
        assert json.loads(out.splitlines()[-1])["equal"]
        assert new == old
    elif out and not err:
        assert json.loads(out.splitlines()[-1])["left"] > 0
    else:
        assert status == 1
        assert json.loads(err)["error"]
    status, out, _ = operator.run("copy", "--follow", "--until-equal")
    assert status == 0, out
    old, new = sides(contents(cloudflare, bucket))
    assert new == old
    assert operator.run("verify")[0] == 0
