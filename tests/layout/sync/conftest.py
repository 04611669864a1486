"""Synced databases of a user `anna` in a fresh bucket, and what was asked of the bucket about them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layout.documents.profiles import Profiles
from layout.environment import Environment
from layout.errors import StorageUnavailableError
from layout.keys import Key, backups_prefix, profiles_key, r2_key
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import StorageSettings
from layout.sync.agenda import Clock
from layout.sync.database_sync import DatabaseSync
from tests.layout.storage.conftest import _no_ambient_settings, local, storage  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

USER, PROFILE = "anna", "a1b2c3d4"
KEY = r2_key(USER, "database.sqlite", PROFILE, environment=Environment.DEV)


@dataclass
class Asked:
    """The requests to a bucket since the last look.

    Attributes:
        cloudflare: Whose log it is.
        bucket: The bucket.
        number: Of the last request that was looked at.
    """

    cloudflare: LocalCloudflare
    bucket: str
    number: int = 0

    def look(self) -> list[str]:
        """Operation and last segment of the key, of each request since the last look."""
        found = [one for one in self.cloudflare.s3.requests.after(self.number) if one.bucket == self.bucket]
        self.number = max([self.number, *(one.number for one in found)])
        return [f"{one.operation} {one.key.rpartition('/')[2]}" for one in found]


@pytest.fixture
def asked(cloudflare: LocalCloudflare, bucket: str, registry: ProfileStore) -> Asked:
    """What is asked from now on, when the registry is there."""
    assert registry
    looked = Asked(cloudflare, bucket)
    looked.look()
    return looked


@pytest.fixture
def registry(storage: R2Storage) -> ProfileStore:  # noqa: F811 - the fixture
    """The registry, in which anna has her profile."""
    key = profiles_key(USER, environment=Environment.DEV)
    storage.create(key, Profiles.first(PROFILE).to_json())
    return ProfileStore(storage)


@dataclass
class RushingClock(Clock):
    """A clock on which nobody waits: it goes forward to the moment that is waited for.

    Attributes:
        time: What it shows.
        waited: How long was waited, each time.
        still: Whether it stands still.
    """

    time: float = 1_000.0
    waited: list[float] = field(default_factory=list)
    still: bool = False

    def now(self) -> float:
        """What it shows."""
        return self.time

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Until then, or until the condition is notified if there is nothing else to wait for."""
        if seconds is None or self.still:
            condition.wait()
        else:
            self.waited.append(seconds)
            self.time += seconds


@pytest.fixture
def clock() -> RushingClock:
    """The clock of all machines."""
    return RushingClock()


Machines = Callable[..., DatabaseSync]


@pytest.fixture
def machine(
    storage: R2Storage,  # noqa: F811 - the fixture
    registry: ProfileStore,
    tmp_path: Path,
    clock: RushingClock,
) -> Iterator[Machines]:
    """Makes the sync of a machine, which has a disk of that name."""
    made: list[DatabaseSync] = []

    def make(disk: str = "disk", **options: Any) -> DatabaseSync:
        chosen: dict[str, Any] = {"storage": storage, "profiles": registry, "clock": clock} | options
        made.append(DatabaseSync(base=tmp_path / disk, **chosen))
        return made[-1]

    yield make
    for one in made:
        one._uploads.close(one._all())


def write(databases: DatabaseSync, text: str, **where: Any) -> None:
    """A writing request: one row."""
    with databases.connection(USER, PROFILE, **where) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS clips (name TEXT)")
        connection.execute("INSERT INTO clips VALUES (?)", (text,))


def rows(databases: DatabaseSync, **where: Any) -> list[str]:
    """A reading request: the rows."""
    with databases.connection(USER, PROFILE, **where) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'clips'").fetchall():
            return []
        return [name for (name,) in connection.execute("SELECT name FROM clips ORDER BY rowid")]


def rows_of(image: bytes, path: Path) -> list[str]:
    """The rows in an object's body."""
    path.write_bytes(image)
    with closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM clips ORDER BY rowid")]


class Unreliable(R2Storage):
    """A bucket that refuses or holds up replacements when a test wants it to.

    Attributes:
        errors: Raised in turn instead of replacing.
        lost: How many answers to come are lost although the replacement took effect.
        lost_backups: Likewise, of backups.
        before: Called before each replacement.
    """

    def __init__(self, settings: StorageSettings) -> None:
        super().__init__(settings)
        self.errors: list[Exception] = []
        self.lost = self.lost_backups = 0
        self.before: Callable[[], object] = lambda: None

    def replace(self, *args: Any, **options: Any) -> str:
        """As the bucket does, after that."""
        self.before()
        if self.errors:
            raise self.errors.pop(0)
        e_tag = super().replace(*args, **options)
        if self.lost:
            self.lost -= 1
            raise StorageUnavailableError("Lost.")
        return e_tag

    def create(self, key: Key, *args: Any, **options: Any) -> str:
        """As the bucket does; of a backup the answer may be lost."""
        e_tag = super().create(key, *args, **options)
        if self.lost_backups and key.startswith(backups_prefix(environment=self.environment)):
            self.lost_backups -= 1
            raise StorageUnavailableError("Lost.")
        return e_tag


@pytest.fixture
def unreliable(local: StorageSettings) -> Unreliable:  # noqa: F811 - the fixture
    """The same bucket, which does not always answer."""
    return Unreliable(local)
