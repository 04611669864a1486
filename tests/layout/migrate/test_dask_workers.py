"""A deep verification on Dask workers: the verdict of the local run, whatever happens to a worker."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.errors import SettingsError
from layout.migrate import copy_objects, verify_plan
from layout.migrate.dask_workers import DaskWorkers
from layout.migrate.equality import Known
from layout.migrate.plan.rows import planned_for
from layout.migrate.plan.schema import FORMAT
from layout.migrate.worker_task import read_pairs
from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layout.migrate import Verdict
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.layout.migrate.conftest import Flat

ROOT = Path(__file__).resolve().parents[3]
OBJECTS = 450


@dataclass
class Cluster:
    """A scheduler and its workers, processes of their own on this machine."""

    folder: Path
    stack: ExitStack
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    address: str = ""

    def start(self) -> None:
        """The scheduler, on a free port of this machine."""
        place = self.folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(place)]
        scheduler = self._run("dask_scheduler", *options)
        end = time.monotonic() + 60
        while not self.address and time.monotonic() < end:
            assert scheduler.poll() is None
            time.sleep(0.05)
            if place.exists() and (text := place.read_text(encoding="utf-8")):
                self.address = json.loads(text)["address"]

    def add_worker(self, **variables: str) -> None:
        """A worker with these variables of ours, and no others."""
        options = [
            "--nworkers",
            "1",
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
            "--host",
            "127.0.0.1",
        ]
        self.workers.append(self._run("dask_worker", self.address, *options, **variables))

    def _run(self, module: str, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("R2_", "CLOUDFLARE_"))
        }
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
            cwd=self.folder,
            env=kept | {"PYTHONPATH": str(ROOT)} | variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        return process


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler without workers."""
    with ExitStack() as stack:
        cluster = Cluster(tmp_path, stack)
        cluster.start()
        yield cluster


@pytest.fixture
def variables(flat: Flat, cloudflare: LocalCloudflare) -> dict[str, str]:
    """What a worker needs: where the bucket is, and a credential that reads."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Read", bucket=flat.bucket)
    return {
        "APP_ENV": "dev",
        "R2_BUCKET": flat.bucket,
        "R2_ENDPOINT": cloudflare.s3_endpoint,
        "R2_ACCESS_KEY_ID": keys.access_key_id,
        "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
    }


def fill(flat: Flat) -> None:
    """Games of which one was uploaded in parts."""
    for number in range(OBJECTS):
        flat.put(game_key(number), b"%d" % number)
    flat.put_in_parts(game_key(OBJECTS), [b"1" * (5 << 20), b"2"])


def essence(verdict: Verdict) -> object:
    """A verdict without what differs between two runs."""
    return verdict.model_dump(exclude={"run", "run_id", "verified_at"})


def test_workers_give_the_verdict_of_the_local_run(
    flat: Flat, cluster: Cluster, variables: dict[str, str], cloudflare: LocalCloudflare
) -> None:
    """Every body is read by a worker with its own credential, also of a difference that no ETag shows."""
    fill(flat)
    cluster.add_worker(**variables)
    cluster.add_worker(**variables)
    with flat.plan() as plan:
        assert copy_objects(plan, flat.writer, flat.quiet).complete
        flat.put(f"dev/{game_key(7)}", b"other")
        here = verify_plan(plan, flat.reader, flat.quiet, deep=True)
        before = max(record.number for record in cloudflare.s3.requests)
        there = verify_plan(plan, flat.reader, flat.quiet, bodies=DaskWorkers(cluster.address, plan))
        assert essence(there) == essence(here)
        assert (there.deep, there.counts["="], there.counts["*"]) == (True, OBJECTS, 1)
        read = [found for found in cloudflare.s3.requests.after(before) if found.operation == "GetObject"]
        by_worker = [found for found in read if found.access_key_id == variables["R2_ACCESS_KEY_ID"]]
        assert len(by_worker) >= 2 * OBJECTS


def test_the_batch_of_a_lost_worker_is_read_by_another(
    flat: Flat, cluster: Cluster, variables: dict[str, str], cloudflare: LocalCloudflare
) -> None:
    """A worker is killed in the middle; the verdict is that of an undisturbed run."""
    fill(flat)
    cluster.add_worker(**variables)
    cluster.add_worker(**variables)
    with flat.plan() as plan:
        assert copy_objects(plan, flat.writer, flat.quiet).complete
        workers = DaskWorkers(cluster.address, plan)
        cloudflare.s3.faults.add(
            FaultRule(FaultAction.DELAY, operation="GetObject", times=None, every=4, seconds=0.05)
        )
        before = max(record.number for record in cloudflare.s3.requests)

        class Killing(DaskWorkers):
            """Kills a worker once bodies are being read."""

            def _result(self, future: object) -> dict[int, Known]:
                end = time.monotonic() + 60
                while not cloudflare.s3.requests.after(before) and time.monotonic() < end:
                    time.sleep(0.01)
                cluster.workers[0].kill()
                return super()._result(future)

        workers.__class__ = Killing
        try:
            verdict = verify_plan(plan, flat.reader, flat.quiet, bodies=workers)
        finally:
            cloudflare.s3.faults.clear()
    assert (verdict.ok, verdict.counts["="]) == (True, OBJECTS + 1)


def test_no_secret_is_in_a_task(flat: Flat) -> None:
    """What is sent to a scheduler names objects; the credential is the worker's own."""
    flat.put(game_key(1))
    with flat.plan() as plan:
        row = planned_for(plan, f"dev/{game_key(1)}")
        sent = pickle.dumps((read_pairs, [(row, None)]))
    assert flat.settings.secret_access_key is not None
    assert flat.settings.secret_access_key.get_secret_value().encode() not in sent
    assert str(flat.settings.access_key_id).encode() not in sent


def refused(cluster: Cluster, flat: Flat) -> tuple[str, str | None]:
    """What `--scheduler` says before anything is verified."""
    with flat.plan() as plan, pytest.raises(SettingsError) as caught:
        DaskWorkers(cluster.address, plan)
    return str(caught.value), caught.value.hint


def test_a_scheduler_without_workers_is_an_error(
    flat: Flat, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing waits for ever."""
    monkeypatch.setattr("layout.migrate.dask_workers._SECONDS", 0.5)
    assert refused(cluster, flat) == (
        f"The scheduler {cluster.address!r} has no workers.",
        f"Start some: dask worker {cluster.address}",
    )


def test_a_scheduler_that_is_not_there_is_an_error(
    flat: Flat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port on which nobody listens, and an address that is none."""
    monkeypatch.setattr("layout.migrate.dask_workers._SECONDS", 0.5)
    hint = "Start one with `dask scheduler`, workers with `dask worker`, and name it as tcp://host:port."
    for address, kind in (("tcp://127.0.0.1:9", "OSError"), ("nonsense://1", "ValueError")):
        cluster = Cluster(tmp_path, ExitStack(), address=address)
        assert refused(cluster, flat) == (f"The scheduler {address!r} does not answer: {kind}.", hint)


def test_a_worker_with_a_parent_token_is_refused(
    flat: Flat, cluster: Cluster, variables: dict[str, str], cloudflare: LocalCloudflare
) -> None:
    """A worker needs a credential and never what mints one."""
    cluster.add_worker(**variables, CLOUDFLARE_ACCOUNT_ID=cloudflare.account_id)
    message, hint = refused(cluster, flat)
    assert message.startswith("The worker tcp://127.0.0.1:")
    assert message.endswith(
        " cannot read the bucket: its R2_SECRET_ACCESS_KEY is that of a parent token, from which others can be minted."
    )
    assert hint == (
        "Start it with R2_BUCKET, R2_ENDPOINT and a temporary credential that may read:"
        " r2-layout credentials mint --whole-bucket --read-only."
    )


def test_a_worker_without_settings_is_refused(flat: Flat, cluster: Cluster) -> None:
    """It says which variable is missing."""
    cluster.add_worker()
    message, _ = refused(cluster, flat)
    assert " cannot read the bucket: " in message
    assert "R2_" in message


def test_a_worker_for_another_bucket_is_refused(
    flat: Flat, cluster: Cluster, variables: dict[str, str]
) -> None:
    """Its settings and the plan's are shown."""
    cluster.add_worker(**variables | {"R2_BUCKET": "another-bucket"})
    message, hint = refused(cluster, flat)
    endpoint = variables["R2_ENDPOINT"]
    assert message.endswith(
        f" reads 'another-bucket' at {endpoint!r} by format {FORMAT};"
        f" the plan is about {flat.bucket!r} at {endpoint!r} by format {FORMAT}."
    )
    assert hint == "Start it with the settings, and the version of r2-layout, that the plan was made with."


def test_without_dask_there_is_one_clear_error(
    flat: Flat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is named, and how to install it."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert refused(Cluster(tmp_path, ExitStack(), address="tcp://127.0.0.1:9"), flat) == (
        "Spreading a verification needs Dask, which is not installed.",
        "Install it: pip install 'r2-layout[dask]'. The workers need the same.",
    )
