"""What is set aside of a database in `{env}/backups/`: where, and how it is found again.

As a migration sets aside what it replaces, in the folder `replaced` of the backups::

    {env}/backups/replaced/sync/{key without its environment}/{time}-{why}-v{version}-{start of the hash}.sqlite

Nobody can change or delete it for 30 days; then R2 removes it. The name sorts by time, so a listing tells all.
"""

import enum
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from layout import times
from layout.environment import Environment
from layout.keys import Key, backup_key, parse_key
from layout.set_aside import replaced_key
from layout.storage.r2_storage import R2Storage
from layout.sync.location import Database

__all__ = ["Backup", "Why", "backups_of", "new_backup_key"]

_FOLDER = "sync"
_NAME = re.compile(r"(?P<time>\d{8}T\d{6}Z)-(?P<why>[a-z]+)-v(?P<version>\d+)-(?P<hash>[0-9a-f]{12})\.sqlite")
_LONGEST = len("20261127T054000Z-conflict-v1000000000-0123456789ab.sqlite")


class Why(enum.StrEnum):
    """Why a version was set aside."""

    CONFLICT = "conflict"
    """It lost against another writer's."""
    REPLACED = "replaced"
    """A newer one took its place, and the history is kept."""
    RESTORED = "restored"
    """An older one was brought back in its place."""


@dataclass(frozen=True)
class Backup:
    """A version that was set aside.

    Attributes:
        key: Where.
        name: Last segment of the key, by which a person names it.
        time: When, as `20261127T054000Z`.
        why: Why.
        version: Its number.
        size: Bytes.
    """

    key: Key
    name: str
    time: str
    why: Why
    version: int
    size: int


def new_backup_key(database: Database, why: Why, version: int, sha256: str) -> Key:
    """Where a version that is set aside now goes."""
    time = re.sub("[-:]", "", times.utc_now())
    return _key(database, f"{time}-{why}-v{version}-{sha256[:12]}.sqlite")


def backups_of(storage: R2Storage, database: Database) -> Iterator[Backup]:
    """What was set aside of a database and is still there, the oldest first; one request for a thousand of them."""
    prefix = str(_key(database, "x"))[:-1]
    for item in storage.list_files(prefix):
        name = item.key.removeprefix(prefix)
        if found := _NAME.fullmatch(name):
            why = Why(found["why"]) if found["why"] in set(Why) else Why.REPLACED
            yield Backup(parse_key(item.key), name, found["time"], why, int(found["version"]), item.size)


def _key(database: Database, name: str) -> Key:
    environment = Environment(database.key.fields["env"])
    longest = replaced_key(_FOLDER, f"{database.key}/{'x' * _LONGEST}", environment)
    if longest.endswith("x" * _LONGEST):
        return replaced_key(_FOLDER, f"{database.key}/{name}", environment)
    # Its hash stands for a key that gets too long with a name behind it.
    digest = hashlib.sha256(database.key.encode()).hexdigest()
    return backup_key(f"replaced/{_FOLDER}/%long/{digest}/{name}", environment=environment)
