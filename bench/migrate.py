"""The flat migration beside s5cmd, rclone and boto3, on one versitygw, in one run.

    python bench/migrate.py [--objects 20000]

Every step is a process of its own: what is measured is its CPU (user and system, the kernel's account of that process)
and its wall time, per object, start of the program included. The server runs on the same cores, and whatever else this
machine does counts into the wall time: CPU, and ratios within a run, are what to compare. s5cmd and boto3 copy the
same objects into another bucket of the same server; rclone too, if it is on PATH or was built by `make check-clients`.
"""

import argparse
import asyncio
import contextlib
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from layout.storage.clients import object_store  # noqa: E402 - the repository is not installed
from layout.storage.settings import StorageSettings  # noqa: E402
from tests.clients import install as clients  # noqa: E402
from tests.conformance.stores import versitygw  # noqa: E402

USERS = 20
BODY = bytes(1024)
IN_FLIGHT = 16
OTHER = "copied-by-others"
COPY_AIM, MOST_OF_RCLONE, DEEP_AIM, PLAN_AIM = 1.0, 0.5, 1_000, 1e6 / 15_000

_BOTO3 = """
import sys
from concurrent.futures import ThreadPoolExecutor
from layout.storage.clients import s3_client
from layout.storage.settings import load_settings
settings = load_settings()
s3, other = s3_client(settings), sys.argv[1]
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=settings.bucket, Prefix="user-")
keys = [item["Key"] for page in pages for item in page["Contents"]]
def copy(key):
    s3.copy_object(Bucket=other, Key="boto3/" + key, CopySource={"Bucket": settings.bucket, "Key": key})
with ThreadPoolExecutor(16) as pool:
    list(pool.map(copy, keys))
"""


@dataclass(frozen=True)
class Cost:
    """What one process took: seconds of CPU and of wall time, and its memory at most, in MiB."""

    cpu: float
    wall: float
    memory: float


def run(command: Sequence[str], environment: dict[str, str], folder: Path) -> Cost:
    """Run one step to its end.

    Raises:
        SystemExit: It failed; with what it printed.
    """
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=folder
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            sys.exit(f"{' '.join(command[:5])} ended with {process.returncode}:\n{log.read().decode()}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def environment_for(settings: StorageSettings) -> dict[str, str]:
    """The variables that every client here reads: this project's, and those of AWS's tools and of rclone."""
    secret = settings.secret_access_key.get_secret_value()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(REPOSITORY),
        "APP_ENV": "dev",
        "R2_ENDPOINT": settings.endpoint,
        "R2_BUCKET": settings.bucket,
        "R2_ACCESS_KEY_ID": settings.access_key_id,
        "R2_SECRET_ACCESS_KEY": secret,
        "AWS_ACCESS_KEY_ID": settings.access_key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": "auto",
        "S3_ENDPOINT_URL": settings.endpoint,
        "RCLONE_CONFIG": "/dev/null",
        "RCLONE_CONFIG_STORE_TYPE": "s3",
        "RCLONE_CONFIG_STORE_PROVIDER": "Other",
        "RCLONE_CONFIG_STORE_ENDPOINT": settings.endpoint,
        "RCLONE_CONFIG_STORE_REGION": "auto",
        "RCLONE_CONFIG_STORE_ENV_AUTH": "true",
    }


async def fill(settings: StorageSettings, objects: int) -> None:
    """Store the objects of a flat bucket: users at its root, whose clips are 1 KiB each."""
    store, slots = object_store(settings), asyncio.Semaphore(IN_FLIGHT)

    async def put(number: int) -> None:
        async with slots:
            key = f"user-{number % USERS:02}/raw_clips/clip-{number:07}.mp4"
            await store.put_async(key, BODY, attributes={"Content-Type": "video/mp4"})

    for first in range(0, objects, 1_000):
        await asyncio.gather(*(put(number) for number in range(first, min(first + 1_000, objects))))


@contextlib.contextmanager
def filled_bucket(folder: Path, objects: int) -> Iterator[StorageSettings]:
    """A versitygw with the objects, and with an empty bucket for the others' copies."""
    with versitygw(folder) as store:
        # Without an account no credential is minted: this server does not know R2's temporary ones.
        settings = store.settings.model_copy(update={"account_id": None})
        (folder / "data" / OTHER).mkdir()
        asyncio.run(fill(settings, objects))
        yield settings


def steps(settings: StorageSettings) -> Iterator[tuple[str, list[str]]]:
    """What is measured, in order."""
    ours = [sys.executable, "-c", "import sys, layout.command.main as m; sys.exit(m.main())", "migrate"]
    plan, verdict = ["--plan", "plan.sqlite"], ["--verdict", "verdict.json"]
    source = f"s3://{settings.bucket}/user-*"
    yield "start", [*ours, "copy", "--help"]
    yield "plan", [*ours, "plan", "flat", *plan]
    yield "copy", [*ours, "copy", *plan, "--execute"]
    yield "s5cmd cp", [str(clients.programs() / "s5cmd"), "cp", source, f"s3://{OTHER}/s5cmd/"]
    rclone = shutil.which("rclone", path=f"{clients.rclone_folder()}{os.pathsep}{os.environ['PATH']}")
    if rclone:
        pair = [f"store:{settings.bucket}", f"store:{OTHER}/rclone"]
        # What this project has written is left out: the others copy the same objects, and no more.
        yield "rclone copy", [rclone, "copy", "--transfers", "16", "--exclude", "/dev/**", *pair]
    yield "boto3, 16 threads", [sys.executable, "-c", _BOTO3, OTHER]
    yield "verify", [*ours, "verify", *plan, *verdict]
    yield "verify --deep", [*ours, "verify", "--deep", *plan, *verdict]
    yield "mark", [*ours, "mark", *plan, *verdict, "--execute"]
    # This server knows no condition on a delete; without the option objects would go fifty at a time.
    gone = ["--bucket", settings.bucket, "--min-age", "0", "--writers-stopped"]
    yield "delete", [*ours, "delete", *plan, *verdict, *gone, "--execute"]


def measure(objects: int) -> dict[str, Cost]:
    """Every step's cost, and a line for each while it runs."""
    if missing := clients.missing():
        sys.exit(missing)
    costs: dict[str, Cost] = {}
    with tempfile.TemporaryDirectory() as name, filled_bucket(Path(name), objects) as settings:
        environment = environment_for(settings)
        print(f"{'':<18} {'CPU us/object':>14} {'wall us/object':>15} {'CPU s':>8} {'MiB':>6}")
        for title, command in steps(settings):
            cost = costs[title] = run(command, environment, Path(name))
            print(
                f"{title:<18} {cost.cpu / objects * 1e6:>14.0f} {cost.wall / objects * 1e6:>15.0f}"
                f" {cost.cpu:>8.2f} {cost.memory:>6.0f}",
                flush=True,
            )
        size = (Path(name) / "plan.sqlite").stat().st_size
        print(f"\nplan file: {size / objects:.0f} bytes an object")
    return costs


def report(costs: dict[str, Cost], objects: int) -> bool:
    """Print the ratios beside the aims; whether all were met."""
    met = []

    def line(what: str, figure: float, aim: float) -> None:
        met.append(figure <= aim)
        print(f"{what:<46} {figure:>8.2f}   aim: at most {aim:.2f}{'' if met[-1] else '   MISSED'}")

    cpu = {title: cost.cpu for title, cost in costs.items()}
    line("copy / s5cmd cp", cpu["copy"] / cpu["s5cmd cp"], COPY_AIM)
    print(f"{'copy / boto3':<46} {cpu['copy'] / cpu['boto3, 16 threads']:>8.2f}")
    if "rclone copy" in cpu:
        together = cpu["plan"] + cpu["copy"] + cpu["verify"]
        line("(plan + copy + verify) / rclone copy", together / cpu["rclone copy"], MOST_OF_RCLONE)
    start = cpu["start"]
    line("plan, without the start, us/object", (cpu["plan"] - start) / objects * 1e6, PLAN_AIM)
    line("verify --deep, us/object", cpu["verify --deep"] / objects * 1e6, DEEP_AIM)
    return all(met)


def main() -> int:
    """Print the table; 1 if an aim was missed."""
    parser = argparse.ArgumentParser(description="Measure the flat migration beside other tools.")
    parser.add_argument("--objects", type=int, default=20_000, help="objects of 1 KiB (default: 20000)")
    objects: int = parser.parse_args().objects
    # Each in-flight request of every client is an open file of the server.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    now = datetime.now(UTC)
    print(
        f"{objects:,} objects of 1 KiB, {now:%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {platform.machine()},"
    )
    print(f"Python {platform.python_version()}, load before {os.getloadavg()[0]:.1f}\n")
    return 0 if report(measure(objects), objects) else 1


if __name__ == "__main__":
    sys.exit(main())
