"""Whether a disk can hold a path, asked before anything is opened."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path

from layout.errors import LocalPathError
from layout.scheme.segments import shown

# What file systems hold that say nothing of their own: 255 is the limit of nearly all.
_USUAL_NAME_BYTES = 255
_USUAL_PATH_BYTES = 4096

_WINDOWS_CHARACTERS = re.compile(r'[<>:"|?*]')
_WINDOWS_DEVICES = re.compile(
    r"(?:CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³]|CONIN\$|CONOUT\$)(?:\s*\..*)?", re.I
)


def refuse_unfit(
    root: Path,
    segments: list[str],
    *,
    owner: int,
    folder: bool,
    windows: bool = os.name == "nt",
    list_names: Callable[[Path], list[str]] = os.listdir,
) -> None:
    """Raise unless `root` joined with `segments` is a path that this disk can hold.

    Args:
        root: An absolute folder without symbolic links in it. It need not exist.
        segments: Segments of a key, at least one.
        owner: How many of them make up the owner's folder, which the path must not leave.
        folder: Whether the path is to be a folder; else it is to be a file.
        windows: Whether names that Windows cannot hold are refused.
        list_names: Gives the names in a folder.

    Raises:
        LocalPathError: Naming the path and what is in the way.
    """
    path = root.joinpath(*segments)
    _refuse_long(root, segments, path)
    for segment in segments:
        fault = windows_fault(segment) if windows else None
        if fault is not None:
            raise LocalPathError(
                f"Windows cannot hold the name {segment!r}: {fault}.",
                hint="Read this object from the bucket.",
            )
    parent = root
    for number, segment in enumerate(segments, start=1):
        is_folder = folder or number < len(segments)
        if not _refuse_present(parent, segment, path, is_folder=is_folder):
            return
        _refuse_other_spelling(parent, segment, list_names)
        parent = parent / segment
        if parent.is_symlink():
            _refuse_leaving(root.joinpath(*segments[:owner]), parent, is_inside=number > owner)


def windows_fault(name: str) -> str | None:
    """What keeps a segment of a key from being a file name on Windows, or None.

    Source: "Naming Files, Paths, and Namespaces" in the Windows documentation.
    """
    refused = _WINDOWS_CHARACTERS.search(name)
    if refused is not None:
        return f"it contains {refused.group()!r}"
    if name[-1] in ". ":
        return f"it ends in {name[-1]!r}"
    if _WINDOWS_DEVICES.fullmatch(name):
        return "it is the name of a device"
    return None


def other_spelling(
    parent: Path, name: str, list_names: Callable[[Path], list[str]] = os.listdir
) -> str | None:
    """The name that `parent / name`, which exists, really has on a disk that ignores case.

    None if the disk tells spellings apart, or the name is spelled as it stands there. A spelling
    that differs in normalisation only is the same name: ids and paths are in NFC, so no two of
    them can differ in that alone.
    """
    twins = {name.swapcase(), name.upper(), name.lower(), unicodedata.normalize("NFD", name)} - {name}
    # Listing a folder of many users costs milliseconds, so only a disk that answers to a twin is listed.
    if not any(_same(parent / name, parent / twin) for twin in twins):
        return None
    names = {unicodedata.normalize("NFC", listed): listed for listed in list_names(parent)}
    if name in names:
        return None
    return next((listed for nfc, listed in names.items() if nfc.casefold() == name.casefold()), None)


def _refuse_long(root: Path, segments: list[str], path: Path) -> None:
    existing = next(folder for folder in (root, *root.parents) if folder.exists())
    most = _limit(existing, "PC_NAME_MAX", _USUAL_NAME_BYTES)
    for segment in segments:
        size = len(os.fsencode(segment))
        if size > most:
            raise LocalPathError(
                f"The name {shown(segment)} has {size} bytes, more than the {most} that the disk at "
                f"{str(existing)!r} can hold.",
                hint="Read this object from the bucket, or mirror to another file system.",
            )
    # The limit counts the zero byte at the end of the path.
    size, most = len(os.fsencode(path)), _limit(existing, "PC_PATH_MAX", _USUAL_PATH_BYTES) - 1
    if size > most:
        raise LocalPathError(
            f"The path {shown(str(path))} has {size:,} bytes, more than the {most:,} "
            "that this system can open.",
            hint="Choose a base folder with a shorter path.",
        )


def _limit(folder: Path, name: str, usual: int) -> int:
    try:
        limit = os.pathconf(folder, name)
    except (AttributeError, OSError, ValueError):
        # Windows has no such call, and some file systems no answer.
        return usual
    return limit if limit > 0 else usual


def _refuse_present(parent: Path, name: str, path: Path, *, is_folder: bool) -> bool:
    """Raise if what is at `parent / name` is in the way. False if nothing is there."""
    place = parent / name
    try:
        mode = place.stat().st_mode
    except FileNotFoundError:
        if place.is_symlink():
            raise LocalPathError(
                f"The path {str(place)!r} is a symbolic link to nothing.", hint="Remove the symbolic link."
            ) from None
        return False
    except OSError as error:
        raise LocalPathError(
            f"The path {str(place)!r} cannot be looked at: {error.strerror}.",
            hint="Check the folder's owner and permissions, and its symbolic links.",
        ) from error
    if is_folder and not stat.S_ISDIR(mode):
        raise LocalPathError(
            f"The path {str(path)!r} needs a folder at {str(place)!r}, where a file is.",
            hint="A bucket holds both, a disk does not: read one of them from the bucket.",
        )
    if not is_folder and stat.S_ISDIR(mode):
        raise LocalPathError(
            f"The path {str(path)!r} is to be a file, but is a folder.",
            hint="A bucket holds both, a disk does not: read one of them from the bucket.",
        )
    return True


def _refuse_other_spelling(parent: Path, name: str, list_names: Callable[[Path], list[str]]) -> None:
    real = other_spelling(parent, name, list_names)
    if real is not None:
        raise LocalPathError(
            f"The names {name!r} and {real!r} are one on the disk at {str(parent)!r}, which ignores case.",
            hint="Mirror to a file system that tells upper and lower case apart.",
        )


def _refuse_leaving(owner: Path, link: Path, *, is_inside: bool) -> None:
    """Raise unless a symbolic link inside the owner's folder stays there. Others are never followed."""
    target = Path(os.path.realpath(link))
    if not is_inside or not target.is_relative_to(owner):
        raise LocalPathError(
            f"The path {str(link)!r} is a symbolic link that leads out of its owner's folder, to "
            f"{str(target)!r}.",
            hint="Remove the symbolic link; only the base folder itself may be one.",
        )


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
