"""Synced databases of applications that are killed again and again, while requests fail.

Where the answer waits for the upload, two machines write the same databases, and each loses its disk now and then.
After each kill, of every database in the bucket: it is whole, it is not empty, it never has fewer rows than before, and
it has at least what was acknowledged: all of it where the answer waited for the upload, else what was a whole cycle
ago. A few seconds by default; `make soak` asks for minutes by R2_LAYOUT_SOAK_MINUTES.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from layout.documents.profiles import Profiles
from layout.environment import Environment
from layout.errors import DatabaseConflictError, ObjectMissingError, StorageUnavailableError
from layout.keys import backups_prefix, profiles_key, r2_key
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import load_settings
from layout.sync.database_sync import DatabaseSync, Durability
from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.operator_environment import become_operator
from tests.soak.sync_writer import PROFILE, USERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_cloudflare.cloudflare import LocalCloudflare

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60 * float(os.environ.get("R2_LAYOUT_SOAK_MINUTES", "0.02"))
SEED = int(os.environ.get("R2_LAYOUT_SOAK_SEED", "1"))
PATIENCE = 60.0


@dataclass
class Soak:
    """One bucket, the machines that write into it, and what was seen of both.

    Attributes:
        storage: The bucket.
        folder: Where the disks are.
        mode: When the application answers.
        disks: How many disks each machine has had.
        running: The application of each machine.
        rows: Rows of each user's database in the bucket, at the last look.
        kills: How many applications were killed.
    """

    storage: R2Storage
    folder: Path
    mode: Durability
    disks: list[int]
    running: dict[int, subprocess.Popen[str]] = field(default_factory=dict)
    rows: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    kills: int = 0

    def base(self, machine: int) -> Path:
        """The machine's disk."""
        return self.folder / f"machine-{machine}" / f"disk-{self.disks[machine]}"

    def acknowledged(self) -> dict[str, set[str]]:
        """What the application has answered up to now."""
        told: dict[str, set[str]] = defaultdict(set)
        file = self.folder / "acknowledged"
        for line in file.read_text().splitlines() if file.exists() else ():
            user, row = line.split()
            told[user].add(row)
        return told

    def start(self) -> None:
        """The application of each machine where none runs."""
        for machine in range(len(self.disks)):
            if machine not in self.running:
                disk, file = self.base(machine), self.folder / "acknowledged"
                self.running[machine] = subprocess.Popen(
                    [sys.executable, "-m", "tests.soak.sync_writer", str(disk), self.mode.value, str(file)],
                    env=os.environ | {"PYTHONPATH": str(ROOT)},
                    stderr=subprocess.PIPE,
                    text=True,
                )

    def wait_for(self, before: dict[str, set[str]], wanted: dict[str, set[str]]) -> None:
        """Until an application has answered once more, and the bucket has those rows."""
        deadline = time.monotonic() + PATIENCE
        while self.acknowledged() == before or self.missing(wanted):
            assert time.monotonic() < deadline, f"{self.missing(wanted)} rows of the last cycle are missing"
            for process in self.running.values():
                assert process.poll() is None, process.communicate()[1]
            time.sleep(0.05)
            self.look()

    def kill(self, machine: int) -> None:
        """Its application did not end by itself, and does now."""
        process = self.running.pop(machine)
        process.kill()
        _, err = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, err
        self.kills += 1

    def end(self) -> None:
        """No application runs any more."""
        for machine in list(self.running):
            self.kill(machine)

    def look(self) -> None:
        """Every database is whole, not empty, and has no fewer rows than before."""
        for user in USERS:
            found = self.read(user)
            assert found >= self.rows[user], f"{user}: {len(self.rows[user] - found)} rows are gone"
            self.rows[user] = found

    def read(self, user: str) -> set[str]:
        """The rows of a database in the bucket; it is kept on the disk for whoever looks into a failure."""
        body = self.body(user)
        if body is None:
            assert not self.rows[user], f"{user}: the database is gone"
            return set()
        path = self.folder / f"{user}.sqlite"
        path.write_bytes(body)
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            tables = database.execute("SELECT name FROM sqlite_schema WHERE name = 'clips'").fetchall()
            found = {row for (row,) in database.execute("SELECT row FROM clips")} if tables else set()
        assert found or not self.rows[user], f"{user}: the database is empty"
        return found

    def body(self, user: str) -> bytes | None:
        """What the bucket has; asked again where a fault cuts the answer off."""
        key = r2_key(user, "database.sqlite", PROFILE, environment=Environment.DEV)
        while True:
            try:
                return self.storage.get(key).body
            except ObjectMissingError:
                return None
            except StorageUnavailableError:
                continue

    def missing(self, wanted: dict[str, set[str]]) -> int:
        """How many of these rows the bucket does not have."""
        return sum(len(rows - self.rows[user]) for user, rows in wanted.items())


@pytest.fixture
def storage(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[R2Storage]:
    """The bucket of users with a profile each; afterwards nothing fails on purpose any more."""
    become_operator(cloudflare, bucket, monkeypatch, tmp_path)
    storage = R2Storage(load_settings())
    for user in USERS:
        storage.create(profiles_key(user, environment=Environment.DEV), Profiles.first(PROFILE).to_json())
    yield storage
    cloudflare.s3.faults.clear()


@pytest.mark.timeout(180 + 4 * SECONDS)
@pytest.mark.parametrize("mode", Durability, ids=lambda mode: mode.value)
def test_no_acknowledged_write_is_lost_by_kills_and_faults(
    cloudflare: LocalCloudflare, storage: R2Storage, tmp_path: Path, mode: Durability
) -> None:
    """One application is killed in each cycle; where two write, the other one goes on."""
    random = Random(f"{SEED}/{mode.value}")  # noqa: S311 - draws moments, no secrets
    soak = Soak(storage, tmp_path, mode, disks=[0, 0] if mode is Durability.WAIT else [0])
    for number, action in enumerate(FaultAction):
        every = 20 * len(FaultAction)
        rule = FaultRule(action, first=1 + 20 * number, every=every, seconds=0.2, status=503, times=None)
        cloudflare.s3.faults.add(rule)
    began, a_cycle_ago = time.monotonic(), soak.acknowledged()
    try:
        while time.monotonic() - began < SECONDS or soak.kills < 2:
            before = soak.acknowledged()
            soak.start()
            soak.wait_for(before, a_cycle_ago)
            time.sleep(random.uniform(0, 1.5))
            machine = random.randrange(len(soak.disks))
            soak.kill(machine)
            a_cycle_ago = soak.acknowledged()
            if mode is Durability.WAIT:
                soak.look()
                assert soak.missing(a_cycle_ago) == 0
                soak.disks[machine] += random.random() < 0.3
    finally:
        soak.end()
    cloudflare.s3.faults.clear()
    for machine in range(len(soak.disks)):
        base = soak.base(machine)
        with DatabaseSync(storage, profiles=ProfileStore(storage), base=base) as databases:
            for future in databases.recover():
                # Of two machines one may have a change left that was never acknowledged, and is refused.
                with contextlib.suppress(DatabaseConflictError):
                    future.result(PATIENCE)
    soak.look()
    assert soak.missing(soak.acknowledged()) == 0
    counted = sum(len(rows) for rows in soak.acknowledged().values())
    kept = len(list(storage.list_files(backups_prefix(environment=Environment.DEV))))
    # One machine alone has nobody to lose against, itself included.
    assert mode is Durability.WAIT or kept == 0
    print(  # noqa: T201 - for make soak
        f"{mode.value}: {counted:,} acknowledged writes, {soak.kills} kills, {kept} refused and kept, none lost"
    )
