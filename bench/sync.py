"""The sync of a database beside litestream, over the same writes: requests, bytes, and what a lost machine loses.

    python bench/sync.py [--seconds 20] [--runs 5] [--rate 10]

One database of 300 KB in write-ahead-log mode and one local R2 that keeps R2's pace. An application, in a process of
its own, adds rows of 500 bytes and notes when each was acknowledged. After some seconds application and litestream are
killed at once, the disk is given up, and the database is restored from the bucket. litestream v0.5.5 runs with its own
defaults (a sync a second); it is built from its Go module into .local/litestream the first time.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from layout.documents.profiles import Profiles  # noqa: E402 - the repository is not installed
from layout.environment import Environment  # noqa: E402
from layout.errors import StorageError  # noqa: E402
from layout.keys import profiles_key  # noqa: E402
from layout.storage.profile_store import ProfileStore  # noqa: E402
from layout.storage.r2_storage import R2Storage  # noqa: E402
from layout.storage.settings import StorageSettings, load_settings  # noqa: E402
from layout.sync.database_sync import DatabaseSync, Durability  # noqa: E402
from local_cloudflare.cloudflare import LocalCloudflare  # noqa: E402
from local_cloudflare.engine.places import LOCAL, STAMP, read_stamp  # noqa: E402
from local_cloudflare.engine.steps import Step  # noqa: E402
from local_cloudflare.engine.toolchain import find_go, go_environment, install_go  # noqa: E402

USER, PROFILE = "anna", "a1b2c3d4"
BUCKET = "bench"
FILLED = 550  # rows of 500 bytes: 300 KB
PINNED = [REPOSITORY / "bench" / "litestream" / name for name in ("go.mod", "go.sum")]
LITESTREAM = "litestream"
MODES = (Durability.WAIT.value, Durability.BACKGROUND.value, LITESTREAM)

_CONFIGURATION = """
dbs:
  - path: {path}
    replica:
      type: s3
      bucket: {bucket}
      path: dev/backups/litestream
      endpoint: {endpoint}
      region: auto
      access-key-id: {access_key_id}
      secret-access-key: {secret}
      force-path-style: true
"""


def litestream() -> Path:
    """The built program.

    Raises:
        LocalCloudflareError: A toolchain or a module cannot be had.
    """
    folder = LOCAL / "litestream"
    stamp = hashlib.sha256(b"".join(file.read_bytes() for file in PINNED)).hexdigest()
    if read_stamp(folder) != stamp:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in PINNED:
            shutil.copy(file, folder)
        go = find_go(print) or install_go(print)
        words = [str(go), "build", "-trimpath", "-ldflags", "-s -w", "-o", "litestream"]
        step = Step("building litestream", "1 to 3 minutes on two cores from empty caches", print)
        step.run(
            [*words, "github.com/benbjohnson/litestream/cmd/litestream"],
            folder=folder,
            environment=go_environment(),
            hint="Run this once with access to a Go module proxy.",
            timeout=1800,
        )
        (folder / STAMP).write_text(stamp)
    return folder / "litestream"


def add_rows(connection: sqlite3.Connection, rows: int) -> None:
    """What each write does."""
    connection.execute("CREATE TABLE IF NOT EXISTS clips (number INTEGER PRIMARY KEY, body BLOB)")
    connection.executemany("INSERT INTO clips (body) VALUES (randomblob(500))", [()] * rows)


def write(mode: str, disk: str, rate: float) -> None:
    """The application: a row, a line to standard output with its number and the time, a pause; until it is killed."""
    path = Path(disk) / USER / "profiles" / PROFILE / "database.sqlite"
    databases = None
    if mode != LITESTREAM:
        storage = R2Storage(load_settings())
        databases = DatabaseSync(
            storage, profiles=ProfileStore(storage), base=disk, durability=Durability(mode)
        )
    number = FILLED
    began = time.monotonic()
    for turn in range(1_000_000):
        time.sleep(max(0.0, began + turn / rate - time.monotonic()))
        try:
            if databases is None:
                with closing(sqlite3.connect(path)) as connection, connection:
                    add_rows(connection, 1)
            else:
                with databases.connection(USER, PROFILE) as connection:
                    add_rows(connection, 1)
        except StorageError:
            number += 1
            continue
        number += 1
        os.write(1, f"{number} {time.time()}\n".encode())


@dataclass
class Run:
    """What one run came to.

    Attributes:
        writes: How many were acknowledged.
        seconds: For how long.
        requests: How many were sent meanwhile.
        sent: Bytes of their bodies.
        lost: Acknowledged writes that are not in the bucket.
        window: Seconds from the last acknowledged write that is there to the last one, 0 if nothing was lost.
        restore: Requests of the restore.
        received: Bytes of their answers.
    """

    writes: int
    seconds: float
    requests: int
    sent: int
    lost: int
    window: float
    restore: int
    received: int


def prepare(folder: Path, settings: StorageSettings) -> Path:
    """A database of 300 KB, in the bucket and on the disk."""
    storage = R2Storage(settings)
    storage.create(profiles_key(USER, environment=Environment.DEV), Profiles.first(PROFILE).to_json())
    disk = folder / "disk"
    with DatabaseSync(storage, profiles=ProfileStore(storage), base=disk) as databases:
        with databases.connection(USER, PROFILE) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        with databases.connection(USER, PROFILE) as connection:
            add_rows(connection, FILLED)
    return disk


def measure(mode: str, seconds: float, rate: float) -> Run:
    """One run, in a bucket of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with LocalCloudflare(folder / "cloudflare", buckets=[BUCKET], rate_limit=True) as cloudflare:
            return _measured(mode, seconds, rate, folder, cloudflare)


def _measured(mode: str, seconds: float, rate: float, folder: Path, cloudflare: LocalCloudflare) -> Run:
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=BUCKET)
    variables = {
        "APP_ENV": "dev",
        "R2_BUCKET": BUCKET,
        "R2_ENDPOINT": cloudflare.s3_endpoint,
        "R2_ACCESS_KEY_ID": keys.access_key_id,
        "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
    }
    os.environ.update(variables)
    disk = prepare(folder, load_settings())
    path = disk / USER / "profiles" / PROFILE / "database.sqlite"
    # litestream follows the variables of AWS's SDK.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    configuration = folder / "litestream.yml"
    configuration.write_text(
        _CONFIGURATION.format(
            path=path,
            bucket=BUCKET,
            endpoint=cloudflare.s3_endpoint,
            access_key_id=keys.access_key_id,
            secret=keys.secret_access_key,
        )
    )
    told = folder / "acknowledged"
    processes = []
    if mode == LITESTREAM:
        words = [str(litestream()), "replicate", "-config", str(configuration)]
        processes.append(
            subprocess.Popen(words, env=bare, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        time.sleep(3)  # its first snapshot is not what is measured
    with told.open("wb") as file:
        words = [sys.executable, __file__, "--write", mode, "--disk", str(disk), "--rate", str(rate)]
        processes.append(subprocess.Popen(words, env=bare, stdout=file))
        while not told.stat().st_size:
            time.sleep(0.01)
        number = max(one.number for one in cloudflare.s3.requests)
        time.sleep(seconds * random.uniform(0.8, 1.2))  # noqa: S311 - a moment within the pace, no secret
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()
    acknowledged = [(int(line.split()[0]), float(line.split()[1])) for line in told.read_text().splitlines()]
    sent = cloudflare.s3.requests.after(number)
    number = max(one.number for one in cloudflare.s3.requests)
    rows = _restored(mode, folder, configuration, path, bare)
    restored = cloudflare.s3.requests.after(number)
    there = [when for row, when in acknowledged if row in rows]
    lost = len(acknowledged) - len(there)
    return Run(
        writes=len(acknowledged),
        seconds=acknowledged[-1][1] - acknowledged[0][1],
        requests=len(sent),
        sent=sum(one.bytes_in for one in sent),
        lost=lost,
        window=acknowledged[-1][1] - max(there) if lost else 0.0,
        restore=len(restored),
        received=sum(one.bytes_out for one in restored),
    )


def _restored(mode: str, folder: Path, configuration: Path, path: Path, bare: dict[str, str]) -> set[int]:
    """The rows of the bucket's database, on another disk."""
    found = folder / "restored.sqlite"
    if mode == LITESTREAM:
        words = [str(litestream()), "restore", "-config", str(configuration), "-o", str(found), str(path)]
        subprocess.run(words, env=bare, check=True, capture_output=True)
        with closing(sqlite3.connect(found)) as connection:
            return {row for (row,) in connection.execute("SELECT number FROM clips")}
    storage = R2Storage(load_settings())
    databases = DatabaseSync(storage, profiles=ProfileStore(storage), base=folder / "other")
    with databases.connection(USER, PROFILE) as connection:
        return {row for (row,) in connection.execute("SELECT number FROM clips")}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure the sync of a database beside litestream.")
    parser.add_argument("--seconds", type=float, default=20, help="of writing, a run (default: 20)")
    parser.add_argument("--runs", type=int, default=5, help="of each (default: 5)")
    parser.add_argument("--rate", type=float, default=10, help="writes a second that are tried (default: 10)")
    parser.add_argument("--write", choices=MODES, help=argparse.SUPPRESS)
    parser.add_argument("--disk", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        write(arguments.write, arguments.disk, arguments.rate)
        return 0
    litestream()
    print(
        "| | writes a second | requests a minute | KB sent a write | lost writes, median (most) |"
        " seconds lost, median (most) | restore: requests, KB |"
    )
    print("|---|---|---|---|---|---|---|")
    for mode in MODES:
        runs = [measure(mode, arguments.seconds, arguments.rate) for _ in range(arguments.runs)]
        seconds, writes = sum(run.seconds for run in runs), sum(run.writes for run in runs)
        received = statistics.median(run.received for run in runs)
        lost, window = [run.lost for run in runs], [run.window for run in runs]
        cells = [
            LITESTREAM if mode == LITESTREAM else f"`Durability.{mode.upper()}`",
            f"{writes / seconds:.1f}",
            f"{60 * sum(run.requests for run in runs) / seconds:.0f}",
            f"{sum(run.sent for run in runs) / writes / 1000:.1f}",
            f"{statistics.median(lost):.0f} ({max(lost)})",
            f"{statistics.median(window):.1f} ({max(window):.1f})",
            f"{statistics.median(run.restore for run in runs):.0f}, {received / 1000:.0f}",
        ]
        print(f"| {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
