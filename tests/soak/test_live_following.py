"""copy --follow beside an old application that writes all the time: no acknowledged write is lost, nothing comes back.

300 writes by default, and a few kills; `make soak` asks for 2,000 by R2_LAYOUT_SOAK_WRITES.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.histories.history import History, Observed
from tests.histories.live_backend import LiveBackend
from tests.scripts.migration import Operator, operator_of
from tests.soak.contents import contents

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "migrate.py"
WRITES = int(os.environ.get("R2_LAYOUT_SOAK_WRITES", "300"))
KILLS = max(3, WRITES // 100)
SEED = int(os.environ.get("R2_LAYOUT_SOAK_SEED", "1"))
USERS, CLIPS = 12, 8


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Operator]:
    """The operator of an empty bucket; afterwards nothing fails on purpose any more."""
    yield operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    cloudflare.s3.faults.clear()


@dataclass
class Live:
    """A bucket while an application writes into it and a copy follows.

    Attributes:
        cloudflare: Where it is.
        operator: Runs the commands.
        history: What the application wrote.
        observed: What was seen at the new keys meanwhile.
        users: How many the bucket holds before.
        kills: How many runs of the copy were killed.
    """

    cloudflare: LocalCloudflare
    operator: Operator
    users: int = USERS
    history: History = field(default_factory=History)
    kills: int = 0

    def __post_init__(self) -> None:
        self.observed = Observed(self.history)
        self.backend = LiveBackend(self.operator.client, self.operator.bucket, self.history, SEED)
        self.backend.fill(self.users, CLIPS)

    def sides(self) -> tuple[dict[str, str], dict[str, str]]:
        """SHA-256 by old key, of what is at the old keys and at the new ones."""
        old, new = {}, {}
        for key, version in contents(self.cloudflare, self.operator.bucket).items():
            if not key.startswith("dev/"):
                old[key] = version.sha256
            elif "/profiles/" in key:
                _, _, user, _, _, path = key.split("/", 5)
                new[f"{user}/{path}"] = version.sha256
        return old, new

    def write(
        self, enough: Callable[[], bool], pause: float = 0.0, users: int | None = None
    ) -> threading.Thread:
        """The application at work, for all users that the bucket holds, or the first of them."""
        backend = replace(self.backend, pause=pause)
        working = threading.Thread(target=backend.run, args=(users or self.users, CLIPS, enough), daemon=True)
        working.start()
        return working

    def follow(self, *arguments: str) -> subprocess.Popen[str]:
        """A copy that follows, in a process of its own."""
        command = [
            "copy",
            "--plan",
            self.operator.plan,
            "--follow",
            "--interval",
            "0",
            "--execute",
            *arguments,
        ]
        return subprocess.Popen(
            [sys.executable, str(SCRIPT), *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def kill_once(self, random: Random) -> None:
        """A copy that follows and is killed soon after one of its requests, or while it starts."""
        process, log = self.follow(), self.cloudflare.s3.requests
        began, point = max((one.number for one in log), default=0), random.randint(1, 150)
        try:
            while process.poll() is None and len(log.after(began)) < point:
                time.sleep(0.002)
            time.sleep(random.uniform(0, 0.8))
            self.see()
        finally:
            process.kill()
        _, err = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, err
        self.kills += 1

    def see(self) -> None:
        """Looks at the new keys."""
        self.observed.see(self.sides()[1])

    def check(self) -> None:
        """Both sides hold what was acknowledged last, and the new one never went back meanwhile."""
        old, new = self.sides()
        assert self.history.faults(old) == []
        assert self.history.faults(new) == []
        assert self.observed.faults == []


@pytest.mark.timeout(120 + WRITES // 2)
def test_no_write_is_lost_while_a_copy_follows(cloudflare: LocalCloudflare, operator: Operator) -> None:
    """Then the cut: both sides agree, which verify confirms, and delete leaves all of it in the new layout."""
    live = Live(cloudflare, operator)
    assert operator.statuses("plan") == [0]
    working, process = live.write(lambda: live.history.acknowledged >= WRITES), live.follow()
    while working.is_alive():
        live.see()
        time.sleep(0.2)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert live.history.acknowledged >= WRITES
    status, out, _ = operator.run("copy", "--follow", "--until-equal")
    assert status == 0, out
    live.check()
    status, out, _ = operator.run("verify", "--deep")
    assert status == 0, out
    assert operator.statuses("mark", "delete") == [0, 0]
    old, new = live.sides()
    assert old == {}
    assert live.history.faults(new) == []


@pytest.mark.timeout(300 + WRITES)
@pytest.mark.parametrize("with_faults", [False, True], ids=["plain", "with faults"])
def test_no_write_is_lost_while_a_copy_that_follows_is_killed(
    cloudflare: LocalCloudflare, operator: Operator, *, with_faults: bool
) -> None:
    """Each run goes on where the one before was killed; with faults, one request in twenty fails."""
    live = Live(cloudflare, operator)
    assert operator.statuses("plan") == [0]
    random = Random(f"{SEED}/{with_faults}")  # noqa: S311 - draws moments, no secrets
    if with_faults:
        for number, action in enumerate(FaultAction):
            every = 20 * len(FaultAction)
            rule = FaultRule(action, first=1 + number, every=every, seconds=0.2, status=503, times=None)
            cloudflare.s3.faults.add(rule)
    working = live.write(lambda: live.kills >= KILLS, pause=0.05)
    while live.kills < KILLS:
        live.kill_once(random)
    working.join()
    cloudflare.s3.faults.clear()
    status, out, _ = operator.run("copy", "--follow", "--until-equal")
    assert status == 0, out
    live.check()
    status, out, _ = operator.run("verify", "--deep")
    assert status == 0, out
