"""References in documents: CPU of resolving and updating them beside a plain `bulk_write`, and memory of the scan.

    python bench/references.py [--references 100000] [--memory 100000 1000000]

Half of the references stand in scenes inside projects, half in records of uploads. Both ways write to one server of
MongoDB's protocol; CPU of the client process alone is counted. For the memory, the documents are made on the way by a
collection that is none: each size is a process of its own.
"""

import argparse
import multiprocessing
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, cast

from pymongo import UpdateOne

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from layout.environment import Environment
from layout.legacy import SCENES
from layout.migrate.plan.file import PlanFile, PlanMeta
from layout.migrate.referring import name_objects, read_documents, resolve_references, rewrite_references
from layout.migrate.report.progress import Progress
from layout.references.connecting import Documents, open_database
from layout.references.scenes import SCENES_TABLE
from tests.mongo.server import MongoServer

SCENES_OF_PROJECT = 20
BULK = 1_000
AIM, MEMORY_AIM = 2.0, 1.2
OLD, NEW = "scenes/s{0}/media/{0:014}.tmp", "dev/users/anna/projects/p{1}/scenes/s{0}/media/{0:014}.tmp"


def project(number: int) -> dict[str, Any]:
    """A project whose scenes name objects."""
    first = number * SCENES_OF_PROJECT
    scenes = [
        {"id": f"s{one}", "title": "Scene", "media": {"storageKey": OLD.format(one), "type": "image"}}
        for one in range(first, first + SCENES_OF_PROJECT)
    ]
    return {"_id": f"p{number}", "proj_id": f"proj_p{number}", "user_id": "anna", "scenes": scenes}


def record(number: int) -> dict[str, Any]:
    """A record of an upload."""
    return {
        "_id": number,
        "project_id": f"p{number // SCENES_OF_PROJECT}",
        "scene_id": f"s{number}",
        "object_key": OLD.format(number),
    }


def new_key(number: int) -> str:
    """Where an object moves."""
    return NEW.format(number, number // SCENES_OF_PROJECT)


def fill(documents: Documents, references: int) -> None:
    """Documents as they are before a migration."""
    for name, made in (
        ("projects", [project(number) for number in range(references // 2 // SCENES_OF_PROJECT)]),
        ("r2_file_paths", [record(number) for number in range(references // 2)]),
    ):
        documents[name].drop()
        for start in range(0, len(made), BULK):
            documents[name].insert_many(made[start : start + BULK])


def make_plan(folder: Path, database: str, objects: int) -> PlanFile:
    """A plan whose objects are all verified at their new keys."""
    meta = PlanMeta(
        plan_id="0" * 32,
        layout=SCENES.name,
        bucket="films",
        endpoint="http://127.0.0.1",
        environment=Environment.DEV,
        created_at="2026-01-01T00:00:00Z",
        documents=database,
    )
    plan = PlanFile.open_or_create(folder / "plan.sqlite", meta)
    rows = (
        (
            OLD.format(one),
            "e",
            1,
            "2026-01-01T00:00:00Z",
            "verified",
            "scene",
            "scene",
            "STANDARD",
            new_key(one),
        )
        for one in range(objects)
    )
    with plan.transaction() as written:
        written.executemany(
            "INSERT INTO objects (key, etag, size, modified, state, area, rule, storage_class, new_key)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    name_objects(plan, SCENES)
    return plan


def plain(documents: Documents, references: int) -> None:
    """The same updates by hand: as many in a bulk, on the same condition."""
    half = range(references // 2)
    for start in range(0, len(half), BULK):
        documents["projects"].bulk_write(
            [
                UpdateOne(
                    {
                        "_id": f"p{one // SCENES_OF_PROJECT}",
                        "scenes": {"$elemMatch": {"id": f"s{one}", "media.storageKey": OLD.format(one)}},
                    },
                    {"$set": {"scenes.$.media.storageKey": new_key(one)}},
                )
                for one in half[start : start + BULK]
            ],
            ordered=False,
        )
        documents["r2_file_paths"].bulk_write(
            [
                UpdateOne({"_id": one, "object_key": OLD.format(one)}, {"$set": {"object_key": new_key(one)}})
                for one in half[start : start + BULK]
            ],
            ordered=False,
        )


def timed(what: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds of this process, and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    what()
    return time.process_time() - cpu, time.perf_counter() - wall


def compare(references: int) -> None:
    """Prints the table of both ways."""
    quiet = Progress(quiet=True)
    with tempfile.TemporaryDirectory(prefix="r2-layout-bench-") as text:
        folder = Path(text)
        (folder / "mongo").mkdir()
        server = MongoServer(folder / "mongo")
        try:
            with open_database(server.uri, "bench", patience_ms=60_000) as documents:
                fill(documents, references)
                by_hand = timed(lambda: plain(documents, references))
                fill(documents, references)
                with make_plan(folder, "bench", references // 2) as plan:
                    read = timed(lambda: read_documents(plan, documents, SCENES_TABLE, quiet))
                    resolved = timed(lambda: resolve_references(plan, quiet))
                    done: list[int] = []
                    written = timed(lambda: done.append(rewrite_references(plan, documents, quiet).written))
                if done != [references]:
                    sys.exit(f"{done[0]:,} of {references:,} references were rewritten.")
        finally:
            server.stop()
    print("| step | CPU, microseconds a reference | wall s | ratio of CPU |\n|---|---|---|---|")
    both = (resolved[0] + written[0], resolved[1] + written[1])
    for name, (cpu, wall) in {
        "plain `bulk_write`": by_hand,
        "documents read into the plan": read,
        "resolved": resolved,
        "rewritten and journalled": written,
        "resolved and rewritten": both,
    }.items():
        print(
            f"| {name} | {cpu / references * 1e6:,.1f} | {wall:,.1f} | {cpu / by_hand[0]:.2f} |", flush=True
        )
    print(f"\naim: resolved and rewritten at most {AIM}\n")


class Streamed:
    """A collection of as many projects as are wanted, each made when it is read."""

    def __init__(self, total: int) -> None:
        self._total, self._next = total, 0

    def find(self, wanted: dict[str, Any]) -> Self:
        """The next ones; its ids are texts."""
        self._total = self._total if wanted["_id"]["$type"] == "string" else 0
        return self

    def find_one(self, *_: object) -> None:
        """No id is of another type."""

    def sort(self, *_: object) -> Self:
        """They are in order."""
        return self

    def limit(self, most: int) -> Iterator[dict[str, Any]]:
        """A page."""
        first, self._next = self._next, min(self._next + most, self._total)
        return (project(number) for number in range(first, self._next))


class StreamedDatabase:
    """Projects, and nothing in the other collections."""

    name = "bench"

    def __init__(self, projects: int) -> None:
        self._projects = projects

    def __getitem__(self, name: str) -> Streamed:
        return Streamed(self._projects if name == "projects" else 0)


def scan(references: int, answer: "multiprocessing.SimpleQueue[tuple[int, float, int]]") -> None:
    """Reads and resolves all of them."""
    quiet = Progress(quiet=True)
    with (
        tempfile.TemporaryDirectory(prefix="r2-layout-bench-") as folder,
        make_plan(Path(folder), "bench", references) as plan,
    ):
        streamed = cast("Documents", StreamedDatabase(references // SCENES_OF_PROJECT))
        read_documents(plan, streamed, SCENES_TABLE, quiet)
        resolve_references(plan, quiet)
        found = plan.value("SELECT count(*) FROM document_references WHERE state = 'rewrite'")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    answer.put((found, usage.ru_utime + usage.ru_stime, usage.ru_maxrss))


def remember(sizes: list[int]) -> None:
    """Prints the table of memory."""
    spawn = multiprocessing.get_context("spawn")
    most = []
    print("| references, streamed | CPU s | MiB at most |\n|---|---|---|")
    for references in sizes:
        answer: multiprocessing.SimpleQueue[tuple[int, float, int]] = spawn.SimpleQueue()
        process = spawn.Process(target=scan, args=(references, answer))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"the scan of {references:,} references ended with {process.exitcode}")
        found, cpu, peak = answer.get()
        if found != references:
            sys.exit(f"{found:,} of {references:,} references were resolved.")
        most.append(peak)
        print(f"| {references:,} | {cpu:,.1f} | {peak / 1024:,.0f} |", flush=True)
    print(f"\nmemory, the largest / the first: {max(most) / most[0]:.2f} (aim {MEMORY_AIM})")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--references", type=int, default=100_000)
    parser.add_argument("--memory", type=int, nargs="+", default=[100_000, 1_000_000])
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}\n", flush=True)
    compare(arguments.references)
    remember(arguments.memory)


if __name__ == "__main__":
    main()
