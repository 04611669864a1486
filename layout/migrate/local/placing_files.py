"""Giving one file its new name: a link, or a copy that is read again before it gets the name. Nothing is replaced.

A name is given with link(2), which fails if it is taken; where a file system has no links, a finished copy gets its
name by renameat2(2) with RENAME_NOREPLACE. A copy is written under a name of its own in the folder of its target,
with owner, mode, times and extended attributes; it is synchronised, read again and compared by SHA-256 before.
"""

import ctypes
import errno
import hashlib
import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from layout.errors import LocalPathError
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.local.tree import look
from layout.migrate.plan.moves import Proof

__all__ = [
    "CANNOT_GO_ON",
    "ForeignFileError",
    "is_one_file",
    "make_folders",
    "part_of",
    "place_file",
    "same_bytes",
    "synchronise",
    "write_new",
]

CANNOT_GO_ON = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})
"""What the next file would meet too."""

_NO_LINKS = frozenset({errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_CHUNK_BYTES = 1 << 20
_AT_FDCWD = -100
_RENAME_NOREPLACE = 1


class ForeignFileError(LocalPathError):
    """Another file has the name."""


def place_file(
    old: Path,
    new: Path,
    planned: ListedObject,
    *,
    link: Callable[..., None] | None = os.link,
) -> tuple[ListedObject, Proof]:
    """Gives a file its new name beside the old one.

    Args:
        old: Where it is.
        new: Where it belongs; the folder exists.
        planned: Which version of it.
        link: Makes a hard link; None: the file is copied, as a database must be.

    Returns:
        What is at the new path, and by what it is known to be the same file.

    Raises:
        LocalPathError: The old file is not the planned version, or changes meanwhile; nothing is at the new path.
        ForeignFileError: Another file is at the new path.
        OSError: The system refuses; nothing is at the new path.
    """
    _require_version(old, planned)
    if link is not None:
        try:
            link(old, new, follow_symlinks=False)
        except FileExistsError:
            return _compared(old, new)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        else:
            linked = look(new, planned.key)
            if linked is None or (linked.etag, linked.size) != (planned.etag, planned.size):
                new.unlink()
                raise _changed(old)
            return linked, Proof.LINK
    if os.path.lexists(new):
        return _compared(old, new)
    return _copy(old, new, planned), Proof.BODIES


def is_one_file(one: Path, other: Path) -> bool:
    """Whether two paths are names of one file."""
    try:
        found, wanted = one.lstat(), other.lstat()
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino) and stat.S_ISREG(found.st_mode)


def same_bytes(one: Path, other: Path) -> bool:
    """Whether two files have one SHA-256; both are read.

    Raises:
        OSError: One cannot be read.
    """
    return _sha256(one) == _sha256(other)


def make_folders(root: Path, old: Path, new: Path) -> list[Path]:
    """Makes the folders above a new path, each with mode and owner of the old one that it stands for.

    Folders without one, those of the profile, are as the user's.

    Returns:
        The folders that a new entry must be synchronised in.
    """
    user = root / new.relative_to(root).parts[0]
    missing = []
    folder = new.parent
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for folder in reversed(missing):
        depth = len(new.relative_to(folder).parts) - 1
        above = old.parents[depth] if depth < len(old.parents) else root
        model = above if above.is_relative_to(user) else user
        wanted = (model if model.is_dir() else root).stat()
        part = part_of(folder)
        if part.is_dir():
            part.rmdir()
        part.mkdir(0o700)
        made = part.stat()
        if (made.st_uid, made.st_gid) != (wanted.st_uid, wanted.st_gid):
            os.chown(part, wanted.st_uid, wanted.st_gid)
        part.chmod(stat.S_IMODE(wanted.st_mode))
        # Only now has it the name, so that a run that is killed leaves no folder that nobody may enter.
        part.rename(folder)
    return [one.parent for one in missing]


def write_new(path: Path, content: bytes, like: Path) -> None:
    """Writes a file that is not there yet, whole or not at all, with the owner of a folder.

    Raises:
        OSError: The system refuses; FileExistsError: there is one.
    """
    part = part_of(path)
    part.unlink(missing_ok=True)
    wanted = like.stat()
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if (part.stat().st_uid, part.stat().st_gid) != (wanted.st_uid, wanted.st_gid):
            os.chown(part, wanted.st_uid, wanted.st_gid)
        _name(part, path)
    finally:
        part.unlink(missing_ok=True)
    synchronise(path.parent)


def synchronise(folder: Path) -> None:
    """Lets a folder's entries survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_version(path: Path, planned: ListedObject) -> None:
    found = look(path)
    if found is None:
        raise LocalPathError(f"The file {str(path)!r} is gone.", hint="Make a new plan.")
    if (found.etag, found.size) != (planned.etag, planned.size):
        raise _changed(path)


def _changed(path: Path) -> LocalPathError:
    return LocalPathError(
        f"The file {str(path)!r} was written since the plan was made.",
        hint="Stop what writes to it, and make a new plan.",
    )


def _compared(old: Path, new: Path) -> tuple[ListedObject, Proof]:
    """What is at a new path that was taken, if it is the same: an interrupted run put it there, or somebody else."""
    there, here = look(new), look(old)
    if there is not None and here is not None:
        if is_one_file(old, new):
            return there, Proof.LINK
        if there.size == here.size and same_bytes(old, new):
            return there, Proof.BODIES
    raise ForeignFileError(
        f"Another file is at {str(new)!r}.", hint="Compare the two, and move one of them out of the tree."
    )


def _copy(old: Path, new: Path, planned: ListedObject) -> ListedObject:
    part = part_of(new)
    part.unlink(missing_ok=True)
    try:
        digest = _copy_bytes(old, part)
        wanted, made = old.lstat(), part.lstat()
        if (made.st_uid, made.st_gid) != (wanted.st_uid, wanted.st_gid):
            os.chown(part, wanted.st_uid, wanted.st_gid)
        shutil.copystat(old, part, follow_symlinks=False)
        _require_version(old, planned)
        if _sha256(part, from_disk=True) != digest:
            raise LocalPathError(
                f"The copy of {str(old)!r} reads back with other bytes than were written.",
                hint="Check the disk; the file stays where it is.",
            )
        _name(part, new)
    finally:
        part.unlink(missing_ok=True)
    found = look(new, planned.key)
    if found is None:
        raise LocalPathError(f"The copy at {str(new)!r} is gone.", hint="Stop what changes the tree.")
    return found


def _copy_bytes(old: Path, part: Path) -> str:
    digest = hashlib.sha256()
    source = os.open(old, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(source, "rb", buffering=0) as reading, part.open("xb", buffering=0) as writing:
        part.chmod(0o600)
        while chunk := reading.read(_CHUNK_BYTES):
            digest.update(chunk)
            view = memoryview(chunk)
            while view:
                view = view[writing.write(view) :]
        os.fsync(writing.fileno())
    return digest.hexdigest()


def _sha256(path: Path, *, from_disk: bool = False) -> str:
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if from_disk and hasattr(os, "posix_fadvise"):
            # What was just written is in memory, which is not what a later reader gets.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def part_of(path: Path) -> Path:
    """Where a file or folder is made: always the same name for one target, so that what a crash left is found again."""
    return path.with_name(f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}.r2-layout-part")


def _name(part: Path, path: Path) -> None:
    """Gives a finished file its name, which must be free; its first name may go then."""
    try:
        os.link(part, path, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _rename_to_free_name(part, path)


def _rename_to_free_name(part: Path, path: Path) -> None:
    if not sys.platform.startswith("linux"):
        raise LocalPathError(
            f"The file system at {str(path.parent)!r} has no hard links, and this system has no other way"
            " to give a file a name without replacing another.",
            hint="Move the tree to a file system with hard links.",
        )
    library = ctypes.CDLL(None, use_errno=True)
    if library.renameat2(_AT_FDCWD, os.fsencode(part), _AT_FDCWD, os.fsencode(path), _RENAME_NOREPLACE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(path))
