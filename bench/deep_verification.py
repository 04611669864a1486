"""`verify --deep` on one machine beside the same on two Dask workers: what a scheduler costs an object.

    python bench/deep_verification.py [--objects 20000]

One versitygw, a plan of objects of 1 KiB that was copied, then both ways in turns, each a process of its own. The
workers run on the same cores, so nothing is won here: the CPU of all processes together is what to compare, that of the
scheduler and of the workers from the kernel's account of each, before and after; what they take idle counts on both
sides.
"""

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from bench import migrate  # noqa: E402 - the repository is not installed

TURNS = 3
WORKERS = 2


@dataclass(frozen=True)
class Cluster:
    """A scheduler with its workers: its address, and the processes."""

    address: str
    processes: list[subprocess.Popen[bytes]]

    def cpu(self) -> float:
        """Seconds of CPU that its processes have taken."""
        times = [psutil.Process(process.pid).cpu_times() for process in self.processes]
        return sum(one.user + one.system for one in times)


@contextlib.contextmanager
def cluster(folder: Path, environment: dict[str, str]) -> Iterator[Cluster]:
    """A scheduler on a free port of this machine, and workers of one thread each."""
    with contextlib.ExitStack() as stack:

        def start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"]
            process = subprocess.Popen(
                [*command, "--host", "127.0.0.1"],
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        place = folder / "scheduler.json"
        processes = [start("dask_scheduler", "--port", "0", "--scheduler-file", str(place))]
        while not (place.exists() and place.read_text(encoding="utf-8")):
            time.sleep(0.05)
        address: str = json.loads(place.read_text(encoding="utf-8"))["address"]
        one = ("--nworkers", "1", "--nthreads", "1", "--no-nanny")
        processes += [start("dask_worker", address, *one) for _ in range(WORKERS)]
        yield Cluster(address, processes)


def verdict_of(folder: Path) -> dict[str, object]:
    """What the last verification found, without what differs between two runs."""
    found: dict[str, object] = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    return {name: value for name, value in found.items() if name not in {"run", "run_id", "verified_at"}}


def measure(objects: int) -> None:
    """The least of some turns, a line for each way, and the difference an object."""
    with (
        tempfile.TemporaryDirectory() as name,
        migrate.filled_bucket(Path(name), objects) as settings,
        cluster(Path(name), migrate.environment_for(settings)) as workers,
    ):
        folder, environment = Path(name), migrate.environment_for(settings)
        commands = dict(migrate.steps(settings))
        for step in ("plan", "copy"):
            migrate.run(commands[step], environment, folder)
        local, spread = commands["verify --deep"], ["--scheduler", workers.address]
        costs: dict[str, list[tuple[float, float]]] = {"here": [], f"{WORKERS} workers": []}
        verdicts = []
        for _ in range(TURNS):
            for title, command in zip(costs, (local, [*local, *spread]), strict=True):
                before = workers.cpu()
                cost = migrate.run(command, environment, folder)
                costs[title].append((cost.cpu + workers.cpu() - before, cost.wall))
                verdicts.append(verdict_of(folder))
        if any(verdict != verdicts[0] for verdict in verdicts):
            sys.exit("The verdicts differ.")
    print(f"{'':<16} {'CPU us/object':>14} {'wall us/object':>15}")
    cpu = {title: min(one for one, _ in found) / objects * 1e6 for title, found in costs.items()}
    for title, found in costs.items():
        print(f"{title:<16} {cpu[title]:>14.0f} {min(wall for _, wall in found) / objects * 1e6:>15.0f}")
    here, there = cpu.values()
    print(f"{'overhead':<16} {there - here:>14.0f}\n\nthe same verdict each time")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure a deep verification on Dask workers.")
    parser.add_argument("--objects", type=int, default=20_000, help="objects of 1 KiB (default: 20000)")
    objects: int = parser.parse_args().objects
    print(
        f"{objects:,} objects of 1 KiB, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores,"
        f" {platform.machine()}, Python {platform.python_version()}, load before {os.getloadavg()[0]:.1f}\n"
    )
    measure(objects)
    return 0


if __name__ == "__main__":
    sys.exit(main())
