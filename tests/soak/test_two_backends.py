"""Two machines with the example application serve the same users on one bucket, and are killed meanwhile.

A checker over the history of all requests decides: whatever was acknowledged is there in the end, on a machine that
has seen nothing; nothing is there that its user did not write; and no answer ever held another user's data. Some 60
requests and one kill by default; `make soak` makes 2,000 and kills 20 times.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import httpx2
import pytest

from demo.running_application import RunningApplication

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

REQUESTS = int(os.environ.get("R2_LAYOUT_SOAK_REQUESTS") or 60)
BACKEND_KILLS = int(os.environ.get("R2_LAYOUT_SOAK_BACKEND_KILLS") or 1)
SEED = int(os.environ.get("R2_LAYOUT_SOAK_SEED") or 1)
USERS = 8 if REQUESTS < 500 else 24
FILE = "clip.mp4"


@dataclass
class History:
    """What was asked and answered, of all users.

    Attributes:
        attempted: Names that a user wanted to be written.
        acknowledged: Those of them that were answered with 201.
        strange: Answers that no request may get.
        counts: How often each status was answered; 0 is no answer.
    """

    attempted: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    acknowledged: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    strange: list[str] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    lock: threading.Lock = field(default_factory=threading.Lock)


class Machine:
    """One of the two: an application with a disk of its own, which stays when it is killed."""

    def __init__(self, variables: dict[str, str], disk: Path) -> None:
        self._variables = variables
        self._disk = disk
        self._application = RunningApplication(variables, disk)
        self._lock = threading.Lock()

    def ask(self, user: str, method: str, path: str, **options: object) -> httpx2.Response | None:
        """The answer; None if the machine gave none, since it was killed meanwhile."""
        with self._lock:
            application = self._application
        try:
            with application.client(user) as client:
                return client.request(method, path, **options)  # type: ignore[arg-type]
        except httpx2.HTTPError:
            return None

    def kill(self) -> None:
        """As a machine ends that loses its power; it comes back with its disk."""
        with self._lock:
            self._application.kill()
            self._application = RunningApplication(self._variables, self._disk)

    def stop(self) -> None:
        """Politely."""
        self._application.stop()


@pytest.fixture
def machines(cloudflare: LocalCloudflare, bucket: str, tmp_path: Path) -> Iterator[list[Machine]]:
    """Two, on one bucket."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    variables = {
        "APP_ENV": "dev",
        "CLOUDFLARE_ACCOUNT_ID": cloudflare.account_id,
        "R2_ENDPOINT": cloudflare.s3_endpoint,
        "R2_BUCKET": bucket,
        "R2_ACCESS_KEY_ID": keys.access_key_id,
        "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
        "SESSION_SECRET": "the same on both",
    }
    made = [Machine(variables, tmp_path / name) for name in ("one", "other", "last")]
    yield made
    for machine in made:
        machine.stop()


@pytest.mark.timeout(3600)
def test_no_acknowledged_write_is_lost_and_no_user_meets_another(machines: list[Machine]) -> None:
    """Whichever machine is asked, and however often one is killed."""
    *serving, last = machines
    users = [f"user{number}" for number in range(USERS)]
    for user in users:
        _prepare(serving[0], user)
    history, random = History(), Random(SEED)  # noqa: S311 - a plan that can be repeated
    plan = [
        (number, random.choice(users), random.choice(serving), random.random()) for number in range(REQUESTS)
    ]
    kills = {REQUESTS * (number + 1) // (BACKEND_KILLS + 1) for number in range(BACKEND_KILLS)}

    def one(step: tuple[int, str, Machine, float]) -> None:
        number, user, machine, what = step
        if number in kills:
            machine.kill()
        if what < 0.5:
            _write(history, machine, user, f"{user}:{number}")
        else:
            _read(history, machine, user)

    with ThreadPoolExecutor(8) as threads:
        for _ in threads.map(one, plan):
            pass
    written = sum(map(len, history.acknowledged.values()))
    print(  # noqa: T201 - what `make soak` reports
        f"{REQUESTS} requests, {len(kills)} kills, {written} writes acknowledged: {dict(history.counts)}"
    )
    assert history.strange == []
    assert written > REQUESTS // 10
    for user in users:
        answer = last.ask(user, "GET", "/clips")
        assert answer is not None
        names = [clip["name"] for clip in answer.json()]
        assert len(names) == len(set(names)), user
        assert history.acknowledged[user] <= set(names), user
        assert set(names) <= history.attempted[user], user


def _prepare(machine: Machine, user: str) -> None:
    """The file that all clips of a user name."""
    answer = machine.ask(user, "GET", "/profiles")
    assert answer is not None
    path = f"users/{user}/profiles/{answer.json()['current']}/raw_clips/{FILE}"
    stored = machine.ask(user, "POST", "/storage", data={"path": path}, files={"file": (FILE, user.encode())})
    assert stored is not None
    assert stored.status_code == 201, stored.text


def _write(history: History, machine: Machine, user: str, name: str) -> None:
    with history.lock:
        history.attempted[user].add(name)
    answer = machine.ask(user, "POST", "/clips", json={"name": name, "filename": FILE})
    with history.lock:
        history.counts[answer.status_code if answer is not None else 0] += 1
        if answer is not None and answer.status_code == 201:
            history.acknowledged[user].add(name)
        elif answer is not None and answer.status_code not in {409, 503}:
            history.strange.append(f"{user} {name}: {answer.status_code} {answer.text}")


def _read(history: History, machine: Machine, user: str) -> None:
    answer = machine.ask(user, "GET", "/clips")
    with history.lock:
        history.counts[answer.status_code if answer is not None else 0] += 1
        if answer is None or answer.status_code == 503:
            return
        if answer.status_code != 200:
            history.strange.append(f"{user} reads: {answer.status_code} {answer.text}")
            return
        foreign = [clip["name"] for clip in answer.json() if not clip["name"].startswith(f"{user}:")]
        if foreign:
            history.strange.append(f"{user} reads {foreign}")
