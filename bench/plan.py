"""Planning at any number of keys: time and memory of `migrate plan`, and the size of its file.

    python bench/plan.py [--keys 100000 1000000]

The bucket is made up: a server makes each page of its listing on the way, so that ten million keys need no disk but the
plan's. It is a process of its own on the same cores; CPU of the planning process alone is what is counted.
"""

import argparse
import multiprocessing
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

REPOSITORY = Path(__file__).resolve().parents[1]
BUCKET = "made-up"
OF_A_USER = 1_000
MEMORY_AIM, FILE_AIM, RATE_AIM = 1.2, 300, 15_000

_ENTRY = (
    "<Contents><Key>{key}</Key><LastModified>2026-01-05T10:00:{second:02}.{number:03}Z</LastModified>"
    "<ETag>&quot;{etag:032x}&quot;</ETag><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
_NO_KEY = b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"
_NO_UPLOADS = b"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"


def key_of(number: int) -> str:
    """The key at a place of the listing, which is in the order of the keys."""
    return f"user-{number // OF_A_USER:06}/raw_clips/clip-{number % OF_A_USER:04}.mp4"


def page(first: int, last: int, total: int) -> bytes:
    """One page of the listing."""
    entries = [
        _ENTRY.format(
            key=key_of(number), second=number % 60, number=number % 1_000, etag=number * 7919, size=1_024
        )
        for number in range(first, last)
    ]
    more = last < total
    token = f"<NextContinuationToken>{last}</NextContinuationToken>" if more else ""
    head = f"<KeyCount>{last - first}</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>{token}"
    return f"<ListBucketResult>{head}{''.join(entries)}</ListBucketResult>".encode()


def serve(total: int, tell: "Connection") -> None:
    """A bucket of so many keys, until the process is ended; tells its port."""

    class Bucket(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
            if "list-type" in asked:
                first = int(asked.get("continuation-token", "0"))
                most = int(asked.get("max-keys", "1000"))
                # Only the first page of all is asked for by a prefix: of what is not there.
                self._answer(
                    200,
                    page(first, min(first + most, total), total)
                    if not asked.get("prefix")
                    else page(0, 0, 0),
                )
            elif "uploads" in asked:
                self._answer(200, _NO_UPLOADS)
            else:
                self._answer(404, _NO_KEY)

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: ten thousand pages."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Bucket) as server:
        tell.send(server.server_port)
        server.serve_forever()


def measure(total: int) -> tuple[float, float, float, float]:
    """Seconds of CPU and of wall time, MiB at most, and bytes of the plan's file, for so many keys.

    Raises:
        SystemExit: The plan failed; with what it printed.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(total, there), daemon=True)
    server.start()
    port = here.recv()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="r2-layout-bench-") as folder,
            tempfile.TemporaryFile() as log,
        ):
            environment = {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(REPOSITORY),
                "APP_ENV": "dev",
                "R2_ENDPOINT": f"http://127.0.0.1:{port}",
                "R2_BUCKET": BUCKET,
                "R2_ACCESS_KEY_ID": "key",
                "R2_SECRET_ACCESS_KEY": "secret",
            }
            script = str(REPOSITORY / "scripts" / "migrate.py")
            command = [sys.executable, script, "plan", "flat", "--plan", "plan.sqlite"]
            started = time.perf_counter()
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                log.seek(0)
                sys.exit(f"plan of {total:,} keys ended with {process.returncode}:\n{log.read().decode()}")
            size = (Path(folder) / "plan.sqlite").stat().st_size
    finally:
        server.kill()
        server.join()
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, size


def main() -> None:
    """Print a table, and the ratios that are aimed at."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keys", type=int, nargs="+", default=[100_000, 1_000_000])
    sizes = parser.parse_args().keys
    print(
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}, {resource.getpagesize()} bytes a page\n"
    )
    print("| keys | CPU s | keys a second of CPU | wall s | MiB at most | plan file, bytes a key |")
    print("|---|---|---|---|---|---|")
    memory = []
    for total in sizes:
        cpu, wall, most, size = measure(total)
        memory.append(most)
        print(
            f"| {total:,} | {cpu:,.1f} | {total / cpu:,.0f} | {wall:,.1f} | {most:,.0f} | {size / total:,.0f} |",
            flush=True,
        )
    print(f"\nmemory, the largest / the first: {max(memory) / memory[0]:.2f} (aim {MEMORY_AIM})")
    print(f"aims: {RATE_AIM:,} keys a second of one core, {FILE_AIM} bytes a key")


if __name__ == "__main__":
    main()
