"""One contender's operations, in a process of its own: `bench/backend.py` runs it and reads the line that it prints.

    python bench/backend_operations.py CONTENDER OPERATION COUNT        (R2_* in the environment say where)

CPU is that of the whole process, its threads included, between the first call and the last answer; the client is made
and has made a call before. Nothing of this project is imported for boto3 and aioboto3.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
BODY = b"0123456789" * 1_000
FILLED = "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES (hex(randomblob(150000)));"
CHANGE = "INSERT INTO notes VALUES ('goal')"
IN_FLIGHT = 16
PREFIX = "dev/users/anna/profiles/a1b2c3d4"


def cpu() -> float:
    """Seconds of CPU that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def percentile(sorted_seconds: list[float], part: float) -> float:
    """Milliseconds below which this part of the calls stayed."""
    return round(1_000 * sorted_seconds[min(len(sorted_seconds) - 1, int(part * len(sorted_seconds)))], 2)


def report(seconds: list[float], used: float, units: int) -> None:
    """Print what was measured; `units` is what the CPU is divided by."""
    seconds.sort()
    print(
        json.dumps(
            {
                "cpu_microseconds": round(1e6 * used / units, 1),
                "p50": percentile(seconds, 0.5),
                "p99": percentile(seconds, 0.99),
            }
        )
    )


async def in_tasks(call: Callable[[int], Awaitable[Any]], count: int, units: int | None = None) -> None:
    """Make calls, 16 in flight, and report."""
    seconds: list[float] = []
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            began = time.perf_counter()
            await call(number)
            seconds.append(time.perf_counter() - began)

    await call(count)
    began = cpu()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    report(seconds, cpu() - began, units or count)


def in_threads(
    call: Callable[[int], Any], count: int, units: int | None = None, threads: int = IN_FLIGHT
) -> None:
    """Make calls in 16 threads, and report."""

    def timed(number: int) -> float:
        began = time.perf_counter()
        call(number)
        return time.perf_counter() - began

    call(count)
    began = cpu()
    with ThreadPoolExecutor(threads) as pool:
        seconds = list(pool.map(timed, range(count)))
    report(seconds, cpu() - began, units or count)


def client_arguments() -> dict[str, Any]:
    """Of boto3 and aioboto3, set up as their users do for R2."""
    return {
        "endpoint_url": os.environ["R2_ENDPOINT"],
        "aws_access_key_id": os.environ["R2_ACCESS_KEY_ID"],
        "aws_secret_access_key": os.environ["R2_SECRET_ACCESS_KEY"],
        "region_name": "auto",
    }


async def layout(operation: str, count: int) -> None:
    """This project."""
    sys.path.insert(0, str(REPOSITORY))
    from datetime import timedelta

    from layout.keys import profile_prefix
    from layout.storage.r2_storage import AsyncR2Storage
    from layout.storage.settings import load_settings

    async with AsyncR2Storage(load_settings()) as storage:
        prefix = profile_prefix("anna", "a1b2c3d4", environment=storage.environment)

        def key(number: int) -> Any:
            return storage.get_profile_file_path("anna", "a1b2c3d4", f"raw_clips/{number:06}.mp4")

        async def list_all(_: int) -> None:
            async for _item in storage.list_files(prefix):
                pass

        async def presign(number: int) -> None:
            await storage.presign_get(key(number), lifetime=timedelta(hours=1))

        calls: dict[str, Callable[[int], Awaitable[Any]]] = {
            "upload": lambda number: storage.upload(key(number), BODY),
            "download": lambda number: storage.get(key(number)),
            "presign": presign,
        }
        if operation == "list":
            await in_tasks_one_by_one(list_all, count)
        elif operation == "presign":
            await in_tasks_one_by_one(presign, count, 1)
        else:
            await in_tasks(calls[operation], count)


async def in_tasks_one_by_one(call: Callable[[int], Awaitable[Any]], count: int, units: int = 10_000) -> None:
    """Make calls one after another, and report the CPU of each, or of each key that a listing shows."""
    seconds = []
    await call(0)
    began = cpu()
    for number in range(count):
        start = time.perf_counter()
        await call(number + 1)
        seconds.append(time.perf_counter() - start)
    report(seconds, cpu() - began, count * units)


def layout_sync(count: int) -> None:
    """A changed database of 300 KB of each of several users, uploaded."""
    sys.path.insert(0, str(REPOSITORY))
    from layout.documents.profiles import Profiles
    from layout.keys import profiles_key
    from layout.storage.profile_store import ProfileStore
    from layout.storage.r2_storage import R2Storage
    from layout.storage.settings import load_settings
    from layout.sync.database_sync import DatabaseSync

    with tempfile.TemporaryDirectory() as base, R2Storage(load_settings()) as storage:
        databases = DatabaseSync(storage, profiles=ProfileStore(storage), base=base)

        def fill(number: int) -> None:
            registry = profiles_key(f"user{number}", environment=storage.environment)
            storage.put(registry, Profiles.first("a1b2c3d4").to_json())
            with databases.connection(f"user{number}", "a1b2c3d4") as connection:
                connection.executescript(FILLED)

        def write(number: int) -> None:
            with databases.connection(f"user{number}", "a1b2c3d4") as connection:
                connection.execute(CHANGE)

        fill_all(fill, count)
        in_threads(write, count)
        databases.close()


def fill_all(fill: Callable[[int], None], count: int) -> None:
    """Make all databases, and let the second pass in which R2 takes no other write on them."""
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        list(pool.map(fill, range(count + 1)))
    time.sleep(1.1)


def file_of(base: str, number: int) -> str:
    """Of one user's database, for those who keep them by hand."""
    return f"{base}/user{number}.sqlite"


def fill_by_hand(base: str, count: int) -> None:
    """The same databases, in write-ahead-log mode as both applications had them."""
    for number in range(count + 1):
        with contextlib.closing(sqlite3.connect(file_of(base, number))) as connection:
            connection.executescript("PRAGMA journal_mode = WAL;" + FILLED)


def changed_by_hand(base: str, number: int) -> bytes:
    """Write, checkpoint, and read the file: what both applications did before an upload."""
    with contextlib.closing(sqlite3.connect(file_of(base, number))) as connection:
        with connection:
            connection.execute(CHANGE)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return Path(file_of(base, number)).read_bytes()


def boto3(operation: str, count: int, base: str) -> None:
    """boto3 in threads, as both applications had it; databases lie in the folder `base`."""
    import boto3 as library
    from botocore.config import Config

    bucket = os.environ["R2_BUCKET"]
    client = library.client(
        "s3", **client_arguments(), config=Config(max_pool_connections=IN_FLIGHT, signature_version="s3v4")
    )

    def name(number: int) -> str:
        return f"{PREFIX}/raw_clips/{number:06}.mp4"

    def list_all(_: int) -> None:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{PREFIX}/"):
            for _item in page["Contents"]:
                pass

    def sync(number: int) -> None:
        # Ask for the version, then write: what one of the two did for each change.
        key = f"dev/users/user{number}/profiles/a1b2c3d4/database.sqlite"
        with contextlib.suppress(client.exceptions.ClientError):
            client.head_object(Bucket=bucket, Key=key)
        client.put_object(
            Bucket=bucket, Key=key, Body=changed_by_hand(base, number), Metadata={"db-version": "1"}
        )

    calls: dict[str, Callable[[int], Any]] = {
        "upload": lambda number: client.put_object(Bucket=bucket, Key=name(number), Body=BODY),
        "download": lambda number: client.get_object(Bucket=bucket, Key=name(number))["Body"].read(),
        "sync": sync,
    }
    if operation == "list":
        in_threads(list_all, count, count * 10_000, threads=1)
    elif operation == "presign":
        in_threads(
            lambda number: client.generate_presigned_url(
                "get_object", {"Bucket": bucket, "Key": name(number)}
            ),
            count,
            threads=1,
        )
    else:
        in_threads(calls[operation], count)


async def aioboto3(operation: str, count: int, base: str) -> None:
    """aioboto3 in tasks; databases lie in the folder `base`."""
    import aioboto3 as library  # type: ignore[import-not-found] # of another virtual environment
    from botocore.config import Config

    bucket = os.environ["R2_BUCKET"]
    config = Config(max_pool_connections=IN_FLIGHT, signature_version="s3v4")
    async with library.Session().client("s3", **client_arguments(), config=config) as client:

        def name(number: int) -> str:
            return f"{PREFIX}/raw_clips/{number:06}.mp4"

        async def download(number: int) -> None:
            answer = await client.get_object(Bucket=bucket, Key=name(number))
            await answer["Body"].read()

        async def list_all(_: int) -> None:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{PREFIX}/")
            async for page in pages:
                for _item in page["Contents"]:
                    pass

        async def presign(number: int) -> None:
            await client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": name(number)})

        async def sync(number: int) -> None:
            key = f"dev/users/user{number}/profiles/a1b2c3d4/database.sqlite"
            with contextlib.suppress(client.exceptions.ClientError):
                await client.head_object(Bucket=bucket, Key=key)
            body = await asyncio.to_thread(changed_by_hand, base, number)
            await client.put_object(Bucket=bucket, Key=key, Body=body, Metadata={"db-version": "1"})

        calls: dict[str, Callable[[int], Awaitable[Any]]] = {
            "upload": lambda number: client.put_object(Bucket=bucket, Key=name(number), Body=BODY),
            "download": download,
            "sync": sync,
        }
        if operation == "list":
            await in_tasks_one_by_one(list_all, count)
        elif operation == "presign":
            await in_tasks_one_by_one(presign, count, 1)
        else:
            await in_tasks(calls[operation], count)


def main() -> None:
    """Run one operation of one contender."""
    contender, operation, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if contender != "layout":
        with tempfile.TemporaryDirectory() as base:
            if operation == "sync":
                fill_by_hand(base, count)
            if contender == "boto3":
                boto3(operation, count, base)
            else:
                asyncio.run(aioboto3(operation, count, base))
    elif operation == "sync":
        layout_sync(count)
    else:
        asyncio.run(layout(operation, count))


if __name__ == "__main__":
    main()
