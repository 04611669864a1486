"""The local R2 beside bare moto: one boto3 client, sequential small requests, in one run.

    python bench/local_r2.py

Both servers run in processes of their own on 127.0.0.1; the client is configured as `layout.storage.clients` does.
The rounds alternate, and the fastest round of each counts, since a busy machine only ever adds time. The aim is that
1,000 PUTs take at most 1.5 times what moto takes; exit status 1 says that it was missed. moto is installed into
`.local/bench` by `make bench` (requirements/bench.txt).
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from layout.storage.clients import s3_client  # noqa: E402 - the repository is not installed
from layout.storage.settings import StorageSettings  # noqa: E402

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REQUESTS = 1_000
ROUNDS = 3
MOST = 1.5
BUCKET = "bench"
BODY = b"x" * 1024

_LOCAL_R2 = """
import json, sys, tempfile
from pathlib import Path
from local_cloudflare.cloudflare import LocalCloudflare
with tempfile.TemporaryDirectory() as folder, LocalCloudflare(Path(folder), buckets=["bench"]) as cloudflare:
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket="bench")
    print(json.dumps([cloudflare.s3_endpoint, keys.access_key_id, keys.secret_access_key]), flush=True)
    sys.stdin.read()
"""
_MOTO = """
import json, sys
import boto3
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
endpoint = "http://%s:%s" % server.get_host_and_port()
# moto knows no region auto when a bucket is made.
keys = dict(aws_access_key_id="a" * 32, aws_secret_access_key="b" * 64)
boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys).create_bucket(Bucket="bench")
print(json.dumps([endpoint, *keys.values()]), flush=True)
sys.stdin.read()
server.stop()
"""


@contextlib.contextmanager
def serving(program: str, *folders: Path) -> Iterator["S3Client"]:
    """A client for a server in a process of its own, which ends when its stdin closes."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment, cwd=REPOSITORY,
        )  # fmt: skip
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                log.seek(0)
                sys.exit(f"the server did not start:\n{log.read().decode()}")
            endpoint, access_key_id, secret = json.loads(line)
            settings = StorageSettings(
                endpoint=endpoint,
                bucket=BUCKET,
                access_key_id=access_key_id,
                secret_access_key=SecretStr(secret),
            )
            with contextlib.closing(s3_client(settings)) as client:
                yield client
        finally:
            process.communicate(timeout=20)


OPERATIONS: dict[str, Callable[["S3Client", int], object]] = {
    "PUT, 1 KiB": lambda s3, number: s3.put_object(Bucket=BUCKET, Key=f"objects/{number:06}", Body=BODY),
    "GET": lambda s3, number: s3.get_object(Bucket=BUCKET, Key=f"objects/{number:06}")["Body"].read(),
    "HEAD": lambda s3, number: s3.head_object(Bucket=BUCKET, Key=f"objects/{number:06}"),
    "CopyObject": lambda s3, number: s3.copy_object(
        Bucket=BUCKET, Key=f"copies/{number:06}", CopySource={"Bucket": BUCKET, "Key": f"objects/{number:06}"}
    ),
}


def seconds(operation: Callable[["S3Client", int], object], s3: "S3Client") -> float:
    """How long the requests of one round take."""
    started = time.perf_counter()
    for number in range(REQUESTS):
        operation(s3, number)
    return time.perf_counter() - started


def main() -> int:
    """Print the table; 1 if the aim was missed."""
    best: dict[tuple[str, str], float] = {}
    with serving(_LOCAL_R2) as local, serving(_MOTO, REPOSITORY / ".local" / "bench") as moto:
        for _ in range(ROUNDS):
            for name, operation in OPERATIONS.items():
                for server, client in (("local R2", local), ("moto", moto)):
                    taken = seconds(operation, client)
                    best[name, server] = min(taken, best.get((name, server), taken))
    print(f"{REQUESTS:,} sequential requests of one boto3 client, best of {ROUNDS} rounds\n")
    print(f"{'operation':<12} {'local R2':>10} {'moto':>10} {'ratio':>7}")
    ratios = {}
    for name in OPERATIONS:
        ours, theirs = best[name, "local R2"], best[name, "moto"]
        ratios[name] = ours / theirs
        print(f"{name:<12} {ours:>8.2f} s {theirs:>8.2f} s {ratios[name]:>7.2f}")
    return 0 if ratios["PUT, 1 KiB"] <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
