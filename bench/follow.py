"""How long writers stand still for the cut of a migration: the last passes of `copy --follow`, verify, mark.

    python bench/follow.py [--objects 100000] [--changed 0.01]

The local R2 in a process of its own on the same cores (a plain S3 server lacks the condition on which a copy replaces
another). Its store is filled on both sides, and the plan is told that it copied the objects: what is measured comes
after that. Then a part of the old objects is written again, some new ones come and some go, the writers stop, and the
commands of the cut run, each a process of its own. Exit status 1: the cut took longer than the aim.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from layout.environment import Environment  # noqa: E402 - the repository is not installed
from layout.legacy import FLAT  # noqa: E402
from layout.migrate import BucketReader, PlanFile, PlanMeta, Progress, make_plan  # noqa: E402
from layout.migrate.bucket.reader import ListedObject  # noqa: E402
from layout.migrate.plan.journal import Journal  # noqa: E402
from layout.migrate.plan.moves import Proof  # noqa: E402
from layout.migrate.plan.rows import waiting  # noqa: E402
from layout.storage.settings import StorageSettings  # noqa: E402

USERS = 100
AIM = 30.0
BUCKET = "bench"
BATCH = 1_000
COMMAND = [sys.executable, "-c", "import sys, layout.command.main as m; sys.exit(m.main())", "migrate"]

_SERVER = """
import json, sys, tempfile
from pathlib import Path
from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.r2.store.models import ObjectMetadata, StoredObject
with tempfile.TemporaryDirectory() as folder, LocalCloudflare(Path(folder), buckets=["bench"]) as cloudflare:
    store = cloudflare.store
    found = store.bucket("bench")
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket="bench")
    answer = [cloudflare.s3_endpoint, keys.access_key_id, keys.secret_access_key]
    print(json.dumps(answer), flush=True)
    for line in sys.stdin:
        keys, body = json.loads(line)
        for key in keys:
            if body is None:
                store.objects.delete(found.id, key, lambda _: None)
                continue
            with store.incoming() as incoming:
                incoming.write((key.split("/")[-1] + body).encode().ljust(1024))
                described = ObjectMetadata({"content-type": "video/mp4"}, {})
                stored = incoming.finish()
                new = StoredObject(key, key, incoming.md5().hex(), store.now(), stored, described)
                store.objects.put(found.id, new, lambda _: None)
                incoming.keep()
        print("done", flush=True)
"""


class Server:
    """A local R2 in a process of its own, whose store takes objects without requests."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        endpoint, access_key_id, secret = json.loads(self._answer())
        self.settings = StorageSettings(
            endpoint=endpoint,
            bucket=BUCKET,
            access_key_id=access_key_id,
            secret_access_key=SecretStr(secret),
        )

    def _answer(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            sys.exit("the local R2 has ended")
        return line

    def store(self, keys: list[str], body: str | None) -> None:
        """Put objects whose bodies hold their names and this text, 1 KiB each; None deletes them."""
        for first in range(0, len(keys), BATCH):
            if self._process.stdin:
                self._process.stdin.write(json.dumps([keys[first : first + BATCH], body]) + "\n")
                self._process.stdin.flush()
            self._answer()


@contextmanager
def serving() -> Iterator[Server]:
    """A local R2 that ends with this."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=REPOSITORY,
    )
    try:
        yield Server(process)
    finally:
        if process.stdin:
            process.stdin.close()
        process.wait(timeout=60)


def old_keys(objects: int) -> list[str]:
    """The keys of a flat bucket: one object in a hundred is a database."""
    clips = [f"user-{number % USERS:03}/raw_clips/clip-{number:07}.mp4" for number in range(objects - USERS)]
    return [*clips, *(f"user-{number:03}/database.sqlite" for number in range(USERS))]


def copied_plan(server: Server, path: Path) -> None:
    """A finished plan of the bucket whose objects are all copied, as far as store and plan know."""
    meta = PlanMeta.new(FLAT.name, server.settings, Environment.DEV)
    reader = BucketReader(server.settings)
    with PlanFile.open_or_create(path, meta) as plan:
        make_plan(plan, reader, FLAT, Progress(quiet=True))
        rows, last = [], ""
        while batch := waiting(plan, last, BATCH):
            rows += batch
            last = batch[-1].new_key
        server.store([row.new_key for row in rows], "")
        there = {item.key: item for page in reader.pages("dev/") for item in page}
        with plan.transaction():
            for row in rows:
                new: ListedObject = there[row.new_key]
                Journal(plan).copied(row, new, Proof.ETAG)
    reader.close()


def change(server: Server, keys: list[str], part: float) -> int:
    """What the application does in its last minute: databases and clips again, new clips, a few deleted ones."""
    count = max(10, int(len(keys) * part))
    again = keys[-USERS:][: count // 3]
    clips = keys[:: max(1, len(keys) // count)][: count // 2]
    new = [f"user-{number % USERS:03}/raw_clips/new-{number:05}.mp4" for number in range(count // 10)]
    gone = [key for key in keys[1 :: max(1, len(keys) // count)] if key.endswith(".mp4")][: count // 20]
    more = keys[2 :: max(1, len(keys) // count)]
    clips += [key for key in more if key.endswith(".mp4")][
        : count - len(again) - len(clips) - len(new) - len(gone)
    ]
    server.store([*again, *clips], " again")
    server.store(new, " new")
    server.store(gone, None)
    return len({*again, *clips}) + len(new) + len(gone)


def environment_of(settings: StorageSettings) -> dict[str, str]:
    """The variables of the commands."""
    return os.environ | {
        "PYTHONPATH": str(REPOSITORY),
        "APP_ENV": "dev",
        "R2_BUCKET": settings.bucket,
        "R2_ENDPOINT": settings.endpoint or "",
        "R2_ACCESS_KEY_ID": settings.access_key_id or "",
        "R2_SECRET_ACCESS_KEY": settings.secret_access_key.get_secret_value()
        if settings.secret_access_key
        else "",
    }


def timed(arguments: list[str], environment: dict[str, str], folder: Path) -> float:
    """Seconds that a command takes, start included; what it prints is printed.

    Raises:
        SystemExit: It failed.
    """
    began = time.perf_counter()
    process = subprocess.run(
        [*COMMAND, *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - began
    print(f"$ migrate {' '.join(arguments)}\n{process.stdout}{process.stderr}", end="", flush=True)
    if process.returncode:
        sys.exit(f"ended with {process.returncode}")
    return seconds


def main() -> int:
    """Print what each command of the cut says and takes; 1 if the aim was missed."""
    parser = argparse.ArgumentParser(description="Measure how long writers stand still for the cut.")
    parser.add_argument("--objects", type=int, default=100_000, help="old objects of 1 KiB (default: 100000)")
    parser.add_argument("--changed", type=float, default=0.01, help="the part that changed (default: 0.01)")
    arguments = parser.parse_args()
    keys = old_keys(arguments.objects)
    plan = ["--plan", "plan.sqlite"]
    verdict = ["--verdict", "verdict.json"]
    with tempfile.TemporaryDirectory() as name, serving() as server:
        folder = Path(name)
        server.store(keys, "")
        copied_plan(server, folder / "plan.sqlite")
        environment = environment_of(server.settings)
        # Nothing is left to copy but the users' profile files.
        timed(["copy", *plan, "--execute"], environment, folder)
        changed = change(server, keys, arguments.changed)
        print(f"{len(keys):,} objects, {changed:,} changes, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC,")
        print(f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}\n")
        cut = timed(["copy", *plan, "--follow", "--until-equal", "--execute"], environment, folder)
        verified = timed(["verify", *plan, *verdict], environment, folder)
        marked = timed(["mark", *plan, *verdict, "--execute"], environment, folder)
    print(
        f"\n{'until both sides agree':<24} {cut:>6.1f} s   aim: at most {AIM:.0f} s{'' if cut <= AIM else '   MISSED'}"
    )
    print(f"{'verify':<24} {verified:>6.1f} s\n{'mark':<24} {marked:>6.1f} s")
    print(f"{'writers stand still':<24} {cut + verified + marked:>6.1f} s")
    return 0 if cut <= AIM else 1


if __name__ == "__main__":
    sys.exit(main())
