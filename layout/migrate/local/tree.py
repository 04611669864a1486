"""A local tree as a migration sees it: the files below its root, each under the key that it has in a bucket.

::

    user_data/a/database.sqlite                    a/database.sqlite                              old
    user_data/a/profiles/a1b2c3d4/database.sqlite  dev/users/a/profiles/a1b2c3d4/database.sqlite  new

So one plan, one old layout and one rule file mean the same for the bucket and for the tree. Which version of a file
it is, the ETag of an object, is told by its inode and by its time of modification in nanoseconds.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from layout.environment import Environment
from layout.errors import InvalidKeyError, LocalPathError, PlanError
from layout.keys import parse_key, users_prefix
from layout.legacy import is_new_key
from layout.legacy.flat import NEVER_USERS
from layout.migrate.bucket.reader import ListedObject
from layout.mirror.paths import local_path

__all__ = ["LocalTree", "look", "reason_of"]

_LAST_SECOND = 253_402_300_799  # of the year 9999, beyond which there is no date in Python


class LocalTree:
    """The files below one folder, which may itself be a symbolic link.

    Args:
        root: The folder.
        environment: The one in the keys of the new layout; paths have none.

    Raises:
        LocalPathError: There is no such folder.
    """

    def __init__(self, root: Path, environment: Environment) -> None:
        if not root.is_dir():
            raise LocalPathError(
                f"There is no folder {str(root)!r} to migrate.",
                hint="Name the folder of the local files with --root.",
            )
        self.root = root.resolve()
        if not is_text(str(self.root)):
            raise LocalPathError(
                f"The path {str(self.root)!r} is not UTF-8, and a plan could not name it.",
                hint="Rename the folder, or mount it elsewhere.",
            )
        self.environment = environment

    def files(self) -> Iterator[ListedObject]:
        """All that is in the tree and no folder: files, symbolic links, which are not followed, and the rest.

        A name that is not UTF-8 is given with escapes, so no path leads to it.

        Raises:
            LocalPathError: A folder cannot be read.
        """
        folders = [self.root]
        while folders:
            folder = folders.pop()
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
                inner = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
                found = [
                    self._listed(Path(entry.path), entry.stat(follow_symlinks=False))
                    for entry in entries
                    if entry not in inner
                ]
            except OSError as error:
                raise LocalPathError(
                    f"The folder {str(folder)!r} cannot be read: {reason_of(error)}.",
                    hint="Run the command as somebody who may read the whole tree.",
                ) from error
            yield from found
            folders += [Path(entry.path) for entry in reversed(inner)]

    def old_path(self, key: str) -> Path:
        """Where the file of an old key is."""
        return self.root / key

    def new_path(self, new_key: str) -> Path:
        """Where the file of a new key belongs.

        Raises:
            LocalPathError: The disk cannot hold it there, or the key is of no user.
        """
        return local_path(parse_key(new_key), base=self.root)

    def shown(self, path: Path) -> str:
        """A path for people: below the root."""
        return repr(str(path.relative_to(self.root)))

    def key_of(self, relative: str) -> str:
        """The key of a path below the root, which is written with slashes."""
        if relative.partition("/")[0] in NEVER_USERS:
            # A folder called like an environment: what lies in it is not what a key of that environment names.
            return f"./{relative}" if is_new_key(relative) else relative
        new_key = users_prefix(environment=self.environment) + relative
        return new_key if is_new_key(new_key) else relative

    def require_outside(self, path: Path) -> None:
        """Refuses a file of the migration itself inside the tree that it moves.

        Raises:
            PlanError: It is inside.
        """
        if path.resolve().is_relative_to(self.root):
            raise PlanError(
                f"The file {str(path)!r} would lie in the tree {str(self.root)!r} that it is about.",
                hint="Name a file outside of it.",
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other migrations of this tree from changing it meanwhile; the lock ends with the process.

        Raises:
            PlanError: One is at work.
        """
        descriptor = os.open(self.root, os.O_RDONLY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise PlanError(
                    f"Another migration is changing the tree {str(self.root)!r}.",
                    hint="Wait until it has ended.",
                ) from None
            yield
        finally:
            os.close(descriptor)

    def _listed(self, path: Path, found: os.stat_result) -> ListedObject:
        relative = os.fsencode(path.relative_to(self.root)).decode("utf-8", "backslashreplace")
        return _listed(self.key_of(relative), found)


def look(path: Path, key: str = "") -> ListedObject | None:
    """The file at a path, under a key; None if none is there, or no plain file.

    Raises:
        LocalPathError: It cannot be looked at.
    """
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LocalPathError(f"The file {str(path)!r} cannot be looked at: {reason_of(error)}.") from error
    return _listed(key, found) if stat.S_ISREG(found.st_mode) else None


def reason_of(error: OSError | InvalidKeyError) -> str:
    """What the system says, without its number and without the path."""
    return getattr(error, "strerror", None) or str(error)


def is_text(name: str) -> bool:
    """Whether a name of a file is UTF-8."""
    return os.fsencode(name).decode("utf-8", "ignore") == name


def _listed(key: str, found: os.stat_result) -> ListedObject:
    seconds = min(max(found.st_mtime_ns // 1_000_000_000, 0), _LAST_SECOND)
    modified = datetime.fromtimestamp(seconds, UTC).isoformat()
    return ListedObject(key, f"{found.st_ino:x}.{found.st_mtime_ns:x}", found.st_size, modified)
