"""What a backend does all day, beside plain boto3 in threads and aioboto3: CPU and latency, on one versitygw.

    python bench/backend.py [--objects 10000]

Small uploads and downloads (10 KB, 16 in flight), a listing of all keys, presigned URLs (each of another key), and the
upload of a changed database of 300 KB. Then the example application: what the middleware adds to a warm request, and a
download of 1 GiB through it beside one from the server itself.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import httpx2  # noqa: E402 - the repository is not installed

from demo.running_application import RunningApplication  # noqa: E402
from layout.keys import project_output_key  # noqa: E402
from layout.storage.r2_storage import R2Storage  # noqa: E402
from layout.storage.settings import StorageSettings  # noqa: E402
from layout.storage.startup_checks import open_storage  # noqa: E402
from tests.clients.install import FOLDER as CLIENTS  # noqa: E402
from tests.conformance.stores import versitygw  # noqa: E402

CONTENDERS = ("layout", "boto3", "aioboto3")
GIB = 1 << 30
REQUESTS = 300
HOUR = timedelta(hours=1)


def variables(settings: StorageSettings) -> dict[str, str]:
    """What a process needs to reach the store."""
    return {
        "APP_ENV": "dev",
        "R2_ENDPOINT": settings.endpoint,
        "R2_BUCKET": settings.bucket,
        "R2_ACCESS_KEY_ID": settings.access_key_id,
        "R2_SECRET_ACCESS_KEY": settings.secret_access_key.get_secret_value(),
    }


def measure(settings: StorageSettings, contender: str, operation: str, count: int) -> dict[str, float]:
    """One contender's figures of one operation."""
    python = CLIENTS / "libraries" / "bin" / "python" if contender == "aioboto3" else Path(sys.executable)
    done = subprocess.run(
        [str(python), "bench/backend_operations.py", contender, operation, str(count)],
        cwd=REPOSITORY,
        env=os.environ | variables(settings),
        capture_output=True,
        text=True,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def operations(settings: StorageSettings, objects: int) -> None:
    """Print one table."""
    print(
        "| | CPU: layout | boto3 | aioboto3 | p50, p99 ms: layout | boto3 | aioboto3 | boto3's CPU / layout's |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for operation, count, unit in [
        ("upload", objects, "upload of 10 KB"),
        ("download", objects, "download of 10 KB"),
        ("list", 3, "key of a listing"),
        ("presign", 2_000, "presigned URL"),
        ("sync", 200, "change in a database of 300 KB, stored"),
    ]:
        found = {each: measure(settings, each, operation, count) for each in CONTENDERS}
        cpu = [f"{found[each]['cpu_microseconds']:,.1f}" for each in CONTENDERS]
        latency = [f"{found[each]['p50']}, {found[each]['p99']}" for each in CONTENDERS]
        ratio = found["boto3"]["cpu_microseconds"] / found["layout"]["cpu_microseconds"]
        print(f"| {unit}, µs | {' | '.join(cpu + latency)} | {ratio:.1f} |", flush=True)


def application(settings: StorageSettings, folder: Path) -> None:
    """Print what a request through the example costs."""
    with (
        RunningApplication(variables(settings), folder / "disk") as running,
        running.client("anna") as client,
    ):
        client.get("/profiles").raise_for_status()
        profile = client.get("/profiles").json()["current"]
        path = f"users/anna/profiles/{profile}/raw_clips/a.mp4"
        client.post("/storage", data={"path": path}, files={"file": ("a", b"a")}).raise_for_status()
        client.post("/clips", json={"name": "a", "filename": "a.mp4"}).raise_for_status()
        signed_out = httpx2.Client(base_url=running.url)
        plain, whole = [_median_ms(each, "/") for each in (signed_out, client)]
        print(
            f"\nA warm reading request: {plain:.2f} ms without the middleware's work, {whole:.2f} ms with it."
        )
        large = project_output_key("anna", "p1", "large.mp4", environment=settings.app_env)
        with R2Storage(settings) as storage:
            storage.upload(large, (b"a" * (1 << 20) for _ in range(1024)))
            url = storage.presign_get(large, lifetime=HOUR).url
        seconds = [
            _seconds(client, "/storage/users/anna/projects/p1/output/large.mp4"),
            _seconds(httpx2.Client(), url),
        ]
        print(
            f"1 GiB through the router {GIB / seconds[0] / 1e6:,.0f} MB/s, from the server itself"
            f" {GIB / seconds[1] / 1e6:,.0f} MB/s: {seconds[1] / seconds[0]:.2f} of its speed."
        )


def _median_ms(client: httpx2.Client, path: str) -> float:
    """Milliseconds of one request, over one connection."""
    taken = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        client.get(path)
        taken.append(1_000 * (time.perf_counter() - began))
    return statistics.median(taken)


def _seconds(client: httpx2.Client, url: str) -> float:
    began = time.perf_counter()
    size = 0
    with client.stream("GET", url) as answer:
        for chunk in answer.iter_raw(1 << 20):
            size += len(chunk)
    assert size == GIB, size
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, versitygw(Path(name)) as store:
        settings = store.settings.model_copy(update={"account_id": None})
        # Writes the marker while nothing is there: the application wants one beside data.
        open_storage(settings).close()
        operations(settings, arguments.objects)
        application(settings, Path(name))


if __name__ == "__main__":
    main()
