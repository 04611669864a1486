"""Every command on a full disk, with a credential that ends midway, and with a clock that is wrong by an hour."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from layout.access import scope_for_whole_bucket
from layout.storage.credentials.minting import local_minter
from layout.storage.settings import StorageSettings, load_settings
from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.data.flat_bucket.names import game_key
from tests.operator_environment import become_operator
from tests.scripts.migration import Operator, operator_of
from tests.soak.contents import contents

BUCKET = "films"
LATE = game_key(40)
FILES = {
    "anna/database.sqlite": b"rows",
    "anna/raw_clips/1.mp4": b"clip",
    **{game_key(number): f"game {number}".encode() for number in range(40)},
}
ALL = FILES | {LATE: b"a late game"}
ROAD = ("plan", "copy", "follow", "verify", "mark", "delete", "rollback", "remove")
MIDWAY = {"copy": 25, "delete": 25, "rollback": 40, "remove": 25}
"""After how many requests something happens, where the first ones would not be the midst."""

FULL = """
import resource, sys
size = int(sys.argv.pop(1))
from layout.command.main import main
import layout.command.migrate
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
sys.exit(main(sys.argv[1:]))
"""
steps = pytest.mark.parametrize("step", ROAD)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalCloudflare]:
    """A local Cloudflare whose clock no other test looks at."""
    with LocalCloudflare(tmp_path / "cloudflare", buckets=[BUCKET]) as running:
        yield running


@pytest.fixture
def operator(own: LocalCloudflare, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Operator:
    """The operator of a flat bucket of one user and many games."""
    operator = operator_of(own, BUCKET, monkeypatch, tmp_path)
    for key, body in FILES.items():
        operator.put(key, body, Metadata={"db-version": "7"})
    return operator


def words(step: str) -> tuple[str, ...]:
    """The command of a step."""
    if step == "follow":
        return "copy", "--follow", "--until-equal"
    if step == "remove":
        return "rollback", "--delete-new", "--bucket", BUCKET, "--min-age", "0"
    return (step,)


def run(operator: Operator, step: str) -> tuple[int, str]:
    """One step; status and output."""
    status, out, err = operator.run(*words(step))
    return status, out + err


def prepare(operator: Operator, step: str) -> None:
    """Something to do for a step that follows."""
    if step == "follow":
        operator.put(LATE, ALL[LATE], Metadata={"db-version": "7"})


def go_to(operator: Operator, step: str) -> None:
    """All steps before this one."""
    for name in ROAD[: ROAD.index(step)]:
        prepare(operator, name)
        finish(operator, name)
    prepare(operator, step)


def finish(operator: Operator, step: str) -> None:
    """A step that must succeed."""
    status, told = run(operator, step)
    assert status == 0, told


def check_nothing_is_lost(own: LocalCloudflare, step: str) -> None:
    """Each object that was stored is somewhere, whole."""
    stored = FILES if ROAD.index(step) < ROAD.index("follow") else ALL
    there = {version.sha256 for version in contents(own, BUCKET).values()}
    assert {hashlib.sha256(body).hexdigest() for body in stored.values()} <= there


def check_the_rest(operator: Operator, step: str) -> None:
    """The same command again, and then all others."""
    finish(operator, step)
    for name in ROAD[ROAD.index(step) + 1 :]:
        prepare(operator, name)
        finish(operator, name)
    check_the_end(operator)


def check_the_end(operator: Operator) -> None:
    """There and back, the bucket is the original one."""
    assert {key: operator.body(key) for key in operator.old_keys()} == ALL
    assert {operator.metadata(key)["db-version"] for key in ALL} == {"7"}
    assert operator.listed() == sorted([*ALL, "dev/layout.json"])


@contextmanager
def soon(own: LocalCloudflare, requests: int, happens: timedelta) -> Iterator[None]:
    """After some requests of the bucket the clients' clocks move on; each answer takes a moment meanwhile."""
    began, stopped = max((one.number for one in own.s3.requests), default=0), threading.Event()
    own.s3.faults.add(FaultRule(FaultAction.DELAY, seconds=0.05, times=None))

    def wait() -> None:
        while len(own.s3.requests.after(began)) < requests and not stopped.is_set():
            time.sleep(0.001)
        if not stopped.is_set():
            own.clock.advance(happens)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    try:
        yield
    finally:
        stopped.set()
        waiting.join()
        own.s3.faults.clear()


def test_a_full_disk_is_one_clear_error_and_with_room_again_the_same_command_goes_on(
    own: LocalCloudflare, operator: Operator
) -> None:
    """At each step: nothing that was in the bucket is gone, whatever the plan could not note."""
    error = (
        "Error: The plan 'plan.sqlite' cannot be used: disk I/O error.\n"
        "Try: Check the path, its rights and the free space.\n"
    )
    for step in ROAD:
        prepare(operator, step)
        done = subprocess.run(
            [sys.executable, "-c", FULL, "4096", "migrate", *operator.words(*words(step))],
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        )
        assert (done.returncode, done.stderr) == (1, error), step
        check_nothing_is_lost(own, step)
        finish(operator, step)
    check_the_end(operator)


def test_a_credential_that_only_reads_is_said_and_changes_nothing(
    own: LocalCloudflare, operator: Operator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What only looks needs no other; after the refusal the same command goes on with one that writes."""
    for step in ROAD:
        prepare(operator, step)
        there = contents(own, BUCKET)
        become_operator(own, BUCKET, monkeypatch, tmp_path, group="Workers R2 Storage Bucket Item Read")
        status, told = run(operator, step)
        assert status == (0 if step in {"plan", "verify"} else 1), told
        assert ("403 AccessDenied" in told) == (status == 1), told
        assert contents(own, BUCKET) == there
        operator_of(own, BUCKET, monkeypatch, tmp_path)
        finish(operator, step)
    check_the_end(operator)


def test_each_command_twice_is_the_same_as_once(own: LocalCloudflare, operator: Operator) -> None:
    """The second run finds all done, and moves and changes no object."""
    for step in ROAD:
        prepare(operator, step)
        finish(operator, step)
        there = contents(own, BUCKET)
        finish(operator, step)
        now = contents(own, BUCKET)
        there.pop("dev/layout.json", None)
        now.pop("dev/layout.json", None)
        assert now == there, step
    check_the_end(operator)


@pytest.mark.parametrize("step", [step for step in ROAD if step not in {"rollback", "remove"}])
def test_commands_that_come_too_early_lose_nothing(
    own: LocalCloudflare, operator: Operator, step: str
) -> None:
    """The later ones from the last one on: each is done, as far as it can be, or refused; then the road goes on."""
    go_to(operator, step)
    for name in reversed(ROAD[ROAD.index(step) + 1 :]):
        if name != "rollback":
            status, told = run(operator, name)
            assert status in {0, 1, 3}, told
            check_nothing_is_lost(own, step)
    check_the_rest(operator, step)


@steps
def test_a_credential_that_ends_midway_is_said_and_with_a_new_one_the_same_command_goes_on(
    own: LocalCloudflare, operator: Operator, step: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was done is noted, what was not is neither lost nor half."""
    go_to(operator, step)
    become_operator(own, BUCKET, monkeypatch, tmp_path, group="Workers R2 Storage Bucket Item Write")
    lend(load_settings(), monkeypatch)
    with soon(own, MIDWAY.get(step, 3), timedelta(minutes=10)):
        status, told = run(operator, step)
    assert status == 1, told
    assert "a temporary credential that has ended" in told
    check_nothing_is_lost(own, step)
    operator_of(own, BUCKET, monkeypatch, tmp_path)
    check_the_rest(operator, step)


def lend(parent: StorageSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the commands hold a temporary credential of five minutes."""
    minted = local_minter(parent)(scope_for_whole_bucket(BUCKET, write=True), timedelta(minutes=5))
    assert minted.session_token is not None
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", minted.secret_access_key.get_secret_value())
    monkeypatch.setenv("R2_SESSION_TOKEN", minted.session_token.get_secret_value())


@steps
def test_a_clock_that_is_wrong_by_an_hour_is_one_clear_error_and_changes_nothing(
    own: LocalCloudflare, operator: Operator, step: str
) -> None:
    """R2 refuses what it signs."""
    go_to(operator, step)
    there = contents(own, BUCKET)
    own.clock.advance(timedelta(hours=1))
    status, told = run(operator, step)
    assert status == 1, told
    assert told.endswith(
        ": 403 RequestTimeTooSkewed.\nTry: Set the clock of this machine; R2 allows 15 minutes of difference.\n"
    )
    assert contents(own, BUCKET) == there


def test_no_decision_hangs_on_the_clock_of_this_machine(own: LocalCloudflare, operator: Operator) -> None:
    """It lags behind the bucket's by an hour more before each step; what it signs is let through here."""
    for step in ROAD:
        own.clock.advance(timedelta(hours=1), clients_follow=False)
        prepare(operator, step)
        finish(operator, step)
        check_nothing_is_lost(own, step)
    check_the_end(operator)
