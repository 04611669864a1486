"""The old application at work: media and databases that are put again and again, deletes, and users who appear."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from tests.histories.history import History

__all__ = ["LiveBackend", "sha256_of"]

_PAUSE = 1.1  # seconds: R2 takes one write a second on a key


def sha256_of(body: bytes) -> str:
    """As a history knows a body."""
    return hashlib.sha256(body).hexdigest()


def _database(version: str) -> bytes:
    """A SQLite file that holds a version."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE db_version (version TEXT)")
        database.execute("INSERT INTO db_version VALUES (?)", (version,))
        database.commit()
        return database.serialize()


@dataclass(frozen=True)
class LiveBackend:
    """Writes into a bucket in the flat layout, each thread for users of its own, and notes what was acknowledged.

    Attributes:
        client: What writes; threads share it.
        bucket: Its name.
        history: Where the writes are noted, by old key.
        seed: Draws what is written.
        threads: How many there are.
        pause: Seconds that each rests before a write.
    """

    client: S3Client
    bucket: str
    history: History
    seed: int
    threads: int = 3
    pause: float = 0.0

    def fill(self, users: int, clips: int) -> None:
        """What the bucket holds before: users with a database and clips."""
        for user in range(users):
            for number in range(clips):
                self._put(f"user{user}/raw_clips/{number}.mp4", f"first clip {user} {number}".encode())
            self._put(f"user{user}/database.sqlite", _database(f"first of user {user}"))

    def run(self, users: int, clips: int, enough: Callable[[], bool]) -> None:
        """Writes to the users and clips of `fill`, and to new ones, until it is enough."""
        threads = [
            threading.Thread(target=self._work, args=(number, users, clips, enough), daemon=True)
            for number in range(self.threads)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, thread: int, users: int, clips: int, enough: Callable[[], bool]) -> None:
        random = Random(f"{self.seed}/{thread}")  # noqa: S311 - draws writes, no secrets
        mine = [f"user{user}" for user in range(users) if user % self.threads == thread]
        written: dict[str, float] = {}
        for number in count():
            if enough():
                return
            user = random.choice(mine)
            clip = f"{user}/raw_clips/{random.randrange(clips)}.mp4"
            what = random.random()
            if what < 0.05:
                user = f"late{thread}-{number}"
                mine.append(user)
            key = f"{user}/database.sqlite" if what < 0.35 else clip
            if what > 0.8:
                key = f"{user}/working_videos/{number}.mp4"
            if time.monotonic() - written.get(key, -_PAUSE) < _PAUSE:
                time.sleep(0.01)
                continue
            time.sleep(self.pause)
            written[key] = time.monotonic()
            if 0.35 <= what < 0.45:
                self._delete(key)
            elif key.endswith(".sqlite"):
                self._put(key, _database(f"{number} of thread {thread}"))
            else:
                self._put(key, f"{key}, write {number} of thread {thread}".encode())

    def _put(self, key: str, body: bytes) -> None:
        try:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=body)
        except (BotoCoreError, ClientError):
            self.history.add(key, sha256_of(body), acknowledged=False)
        else:
            self.history.add(key, sha256_of(body), acknowledged=True)

    def _delete(self, key: str) -> None:
        try:
            self.client.delete_object(Bucket=self.bucket, Key=key)
        except (BotoCoreError, ClientError):
            self.history.add(key, None, acknowledged=False)
        else:
            self.history.add(key, None, acknowledged=True)
