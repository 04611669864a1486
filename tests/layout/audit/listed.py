"""A bucket that is nothing but a listing: sizes and times that no test could store."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

from layout.audit.collect import collect
from layout.audit.inventory import Inventory
from layout.audit.judge import judge
from layout.migrate.bucket.reader import ListedObject, ObjectHead, OpenUpload
from layout.migrate.report.progress import Progress

if TYPE_CHECKING:
    from layout.audit.references import ReferenceSource
    from layout.audit.report import Report
    from layout.migrate.bucket.reader import BucketReader

__all__ = ["NOW", "ListedBucket", "report_of", "video_bucket"]

NOW = datetime(2026, 11, 27, 10, tzinfo=UTC)
JSON = {"content-type": "application/json"}


class ListedBucket:
    """What an audit asks of a bucket."""

    name = "reel-ballers-users"
    endpoint = "https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com"

    def __init__(
        self,
        objects: Iterable[ListedObject],
        uploads: Iterable[str] = (),
        profiles: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._objects, self._uploads, self._profiles = objects, uploads, profiles or {}

    def now(self) -> datetime:
        """A fixed time."""
        return NOW

    def pages(self) -> Iterator[list[ListedObject]]:
        """The listing."""
        page: list[ListedObject] = []
        for item in self._objects:
            page.append(item)
            if len(page) == 1_000:
                yield page
                page = []
        yield page

    def open_uploads(self) -> Iterator[OpenUpload]:
        """Those that were named."""
        for key in self._uploads:
            yield OpenUpload(key, "2026-11-26T08:00:00Z", "id")

    def read_described(self, key: str) -> tuple[bytes, ObjectHead]:
        """A registry with one profile or two, or another small document; one in forty has no content type."""
        described = {} if sum(key.encode()) % 40 == 0 else JSON
        names = self._profiles.get(key, ("p1",))
        document: object = {"default": "p1", "profiles": {name: {"name": None} for name in names}}
        if key.endswith("selected-profile.json"):
            document = {"profileId": "p1"}
        return json.dumps(document).encode(), ObjectHead("e", 1, NOW, described)


def report_of(bucket: ListedBucket, folder: Path, *sources: ReferenceSource) -> Report:
    """Its report."""
    with Inventory(folder / "inventory.sqlite") as inventory:
        reader = cast("BucketReader", bucket)
        return judge(collect(reader, inventory, sources, Progress(quiet=True)))


def video_bucket(users: int = 40) -> ListedBucket:
    """What a year of the video application may leave: most of it in order, some of it not."""
    chance = random.Random(11)  # noqa: S311 - the same bucket every time
    objects: list[ListedObject] = []
    registered: dict[str, tuple[str, ...]] = {}

    def put(key: str, size: int, days: float) -> None:
        written = (NOW - timedelta(days=days)).isoformat().replace("+00:00", "Z")
        objects.append(ListedObject(key, "e", size, written))

    for env, share in (("dev", 0.1), ("staging", 0.2), ("prod", 1.0)):
        put(f"{env}/layout.json", 210, 330)
        for number in range(int(120 * share)):
            name = f"{number:064x}"
            put(f"{env}/games/{name}.mp4", chance.randrange(400 << 20, 3 << 30), 330 * chance.random())
        for number in range(max(2, int(users * share))):
            user = f"{chance.getrandbits(128):032x}" if number else "a"
            profiles = ("p1", "p2")[: 1 + number % 2]
            if number % 13 != 7:
                registered[f"{env}/users/{user}/profiles.json"] = (*profiles, *(("p3",) * (number == 3)))
                put(f"{env}/users/{user}/profiles.json", 120, 320)
                put(f"{env}/users/{user}/selected-profile.json", 25, 200)
            for profile in profiles:
                folder = f"{env}/users/{user}/profiles/{profile}"
                put(f"{folder}/database.sqlite", chance.randrange(90_000, 400_000), 3)
                for clip in range(chance.randrange(1, 14)):
                    days = 330 * chance.random() ** 2
                    put(f"{folder}/raw_clips/Tor_{clip}.mp4", chance.randrange(1 << 20, 90 << 20), days)
                    put(f"{folder}/final_videos/Tor_{clip}.mp4", chance.randrange(1 << 20, 60 << 20), days)
            if number % 11 == 5:
                put(f"{env}/users/{user}/profiles/stray/raw_clips/a.mp4", 5 << 20, 100)
            put(f"{env}/temp/export_{number}.mp4", 30 << 20, chance.random())
            put(f"{env}/backups/deleted/{number}/a.mp4", 12 << 20, 29 * chance.random())
    put("prod/backups/conflicts/old.sqlite", 300_000, 61)
    for number in range(9):
        put(f"e2e-{number}/database.sqlite", 90_000, 250)
    put('<script>alert(1)</script>/raw_clips/"><img src=x onerror=alert(2)>.mp4', 1 << 20, 40)
    put("test-connection.txt", 4, 300)
    return ListedBucket(objects, ["prod/users/a/profiles/p1/raw_clips/coming.mp4"], registered)
