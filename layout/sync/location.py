"""Where a synced database is: its key in the bucket, its file on this machine, and what lies beside the file.

::

    {profile}/database.sqlite               the database, with its -wal and -shm while it is open
    {profile}/.sync/database.sqlite.json    what is known of it: `layout.sync.baseline`
    {profile}/.sync/database.sqlite.same    a second name of the file that this is known of
    {profile}/.sync/database.sqlite.part    a version of the bucket that is being verified
    {profile}/.sync/database.sqlite.conflicts    its conflicts, a line each: `layout.sync.conflict_log`
    {profile}/.sync/database.sqlite.open    locked, shared, by whoever has it open: `layout.sync.file_locks`
    {profile}/.sync/database.sqlite.work    locked by whoever compares it with the bucket
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from layout.environment import Environment
from layout.errors import InvalidKeyError, NoProfileError
from layout.keys import Key, r2_key
from layout.legacy import DATABASE_ENDINGS
from layout.mirror.paths import local_path
from layout.scheme.segments import shown

__all__ = ["FOLDER", "Database", "locate", "remnants"]

FOLDER = ".sync"
"""Name of the folder beside a database."""


@dataclass(frozen=True)
class Database:
    """One synced database.

    Attributes:
        user_id: Its owner.
        profile_id: The owner's profile that it belongs to.
        name: Its path in the profile.
        key: Its object.
        path: Its file, which need not exist.
    """

    user_id: str
    profile_id: str
    name: str
    key: Key
    path: Path

    def beside(self, ending: str) -> Path:
        """A file about the database: `.sync/{file name}.{ending}`."""
        return self.path.parent / FOLDER / f"{self.path.name}.{ending}"

    def __str__(self) -> str:
        return str(self.key)


def locate(
    user_id: str,
    profile_id: str,
    name: str,
    *,
    environment: Environment,
    base: str | os.PathLike[str] | None,
) -> Database:
    """The database of that owner and profile; what is current in this context plays no part.

    Args:
        user_id: The owner.
        profile_id: One of the owner's profiles.
        name: The database's path in the profile.
        environment: Of its key.
        base: Of the local mirror; None means `layout.mirror.paths.user_data_base()`.

    Raises:
        NoProfileError: The profile is missing. It is never taken from the context: a function once wrote one
            profile's database over another's, whose id a request had left there.
        InvalidKeyError: An id or the name cannot be in a key, or the name is none of a database.
        LocalPathError: This disk cannot hold the file.
    """
    if not isinstance(profile_id, str):
        raise NoProfileError(
            f"The profile of a database must be named, not {shown(str(profile_id))}.",
            hint="Pass the profile's id: what is current in the context is not used for databases.",
        )
    key = r2_key(user_id, name, profile_id, environment=environment)
    if not name.endswith(DATABASE_ENDINGS):
        raise InvalidKeyError(
            f"The name {shown(name)} is none of a database.",
            hint=f"End it with {' or '.join(DATABASE_ENDINGS)}: by that it is kept from being written as a file.",
        )
    fields = key.fields
    return Database(fields["user"], fields["profile"], fields["path"], key, local_path(key, base=base))


def remnants(path: Path) -> Iterator[Path]:
    """The files that SQLite keeps beside a database; one of another file is replayed into this one."""
    for ending in ("-wal", "-shm", "-journal"):
        yield path.with_name(f"{path.name}{ending}")
