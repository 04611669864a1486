"""The local mirror of a user's part of the bucket.

A key's segments from the user on are the path under a base folder::

    {env}/users/{user}/profiles/{profile}/database.sqlite
                {user}/profiles/{profile}/database.sqlite      under user_data/

A bucket can hold what a disk cannot: `a` beside `a/b`, `Clip` beside `clip`, names of any
byte count. So each path is checked against the disk it is meant for, and what does not fit is
refused with `LocalPathError` before anything is opened. Names that only Windows cannot hold are
refused on Windows only: refusing `aux.mp4` everywhere would lock a user out of a file that the
bucket and this disk both hold.

The base folder itself may be a symbolic link; nothing below it may lead out of its owner's folder.
The check looks at the disk as it is now. It protects against names, not against somebody who can
replace folders in the base while it runs.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from layout.environment import Environment
from layout.errors import LocalPathError
from layout.keys import profile_prefix, r2_key, user_prefix
from layout.mirror.disk import refuse_unfit
from layout.scheme.table import SCHEME
from layout.scheme.template import Key, KeyTemplate, PrefixTemplate
from layout.scheme.variables import Owner

__all__ = [
    "DATABASE_NAME",
    "PROFILE_FOLDERS",
    "ensure_directories",
    "get_database_path",
    "get_user_data_path",
    "local_path",
    "user_data_base",
    "user_folder",
]

BASE_VARIABLE = "USER_DATA_BASE"
DATABASE_NAME = "database.sqlite"
PROFILE_FOLDERS = ("raw_clips", "uploads", "working_videos", "final_videos")
"""The folders that an application expects to find in a profile."""

# The mirror has no environment in it: one machine serves one. Any will do to spell a key.
_ANY = Environment.DEV


def _position(template: KeyTemplate | PrefixTemplate, name: str) -> int:
    """Which segment of a key a variable is, the first being 0."""
    return [getattr(segment, "name", None) for segment in template.segments].index(name)


_USER_SEGMENT = _position(SCHEME.prefix("user"), "user")


def user_data_base(environ: Mapping[str, str] = os.environ) -> Path:
    """The base folder: `USER_DATA_BASE`, or `user_data` in the working directory.

    Raises:
        LocalPathError: If the variable is set to the empty text, which would be the working
            directory itself, or holds a line feed or another control character.
    """
    text = environ.get(BASE_VARIABLE, "user_data")
    if not text:
        raise LocalPathError(
            f"{BASE_VARIABLE} is {text!r}, which names no folder.",
            hint=f"Set {BASE_VARIABLE} to a folder; unset, it means user_data.",
        )
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise LocalPathError(
            f"{BASE_VARIABLE} is {text!r}, which holds a control character.",
            hint="Set it again, without the line feed that an editor or `echo` puts at the end.",
        )
    return Path(text)


def user_folder(user_id: str, *, base: str | os.PathLike[str] | None = None) -> Path:
    """The folder of a user: `{base}/{user}`. It need not exist.

    Args:
        user_id: The user.
        base: The base folder; None means `user_data_base()`.

    Raises:
        InvalidKeyError: If the user id cannot be a segment of a key.
        LocalPathError: If the disk cannot hold the folder, or it leads elsewhere.
    """
    return _checked(_segments(user_prefix(user_id, environment=_ANY)), base, owner=1, folder=True)


def get_user_data_path(
    user_id: str, profile_id: str | None = None, *, base: str | os.PathLike[str] | None = None
) -> Path:
    """The folder of a profile: `{base}/{user}/profiles/{profile}`. It need not exist.

    Args:
        user_id: The owner.
        profile_id: One of the owner's profiles; None means the current one, which must be a
            profile of this owner.
        base: The base folder; None means `user_data_base()`.

    Raises:
        InvalidKeyError: If an id cannot be a segment of a key.
        NoProfileError: If `profile_id` is None and there is no current profile of this owner.
        LocalPathError: If the disk cannot hold the folder, or it leads elsewhere.
    """
    segments = _segments(profile_prefix(user_id, profile_id, environment=_ANY))
    return _checked(segments, base, owner=len(segments), folder=True)


def get_database_path(
    user_id: str, profile_id: str | None = None, *, base: str | os.PathLike[str] | None = None
) -> Path:
    """The database of a profile: `{base}/{user}/profiles/{profile}/database.sqlite`.

    Arguments and errors as for `get_user_data_path`.
    """
    return local_path(r2_key(user_id, DATABASE_NAME, profile_id, environment=_ANY), base=base)


def local_path(key: Key, *, base: str | os.PathLike[str] | None = None) -> Path:
    """Where a user's object is on this machine. It need not exist, nor the folders above it.

    Args:
        key: A key of a row that belongs to a user.
        base: The base folder; None means `user_data_base()`.

    Raises:
        LocalPathError: If the key is of no user, or the disk cannot hold the path: a name or the
            whole too long, a file where a folder must be or the other way round, another spelling
            of the same name on a disk that ignores case, or a symbolic link that leads out of the
            owner's folder.
    """
    if key.template.owner is not Owner.USER:
        raise LocalPathError(
            f"The key {str(key)!r} belongs to no user, so it has no place in the local mirror.",
            hint="Only keys under users/ are mirrored; choose a path for this one yourself.",
            key=key,
        )
    # A profile's file stays in its profile, any other in its user's folder.
    folder = "profile" if "profile" in key.template.names else "user"
    return _checked(_segments(key), base, owner=_depth(key.template, folder), folder=False)


def ensure_directories(
    user_id: str,
    profile_id: str | None = None,
    *,
    base: str | os.PathLike[str] | None = None,
    folders: Iterable[str] = PROFILE_FOLDERS,
) -> Path:
    """Make a profile's folder and the folders in it, where they are missing.

    Args:
        user_id: The owner.
        profile_id: As for `get_user_data_path`.
        base: As for `get_user_data_path`.
        folders: Paths in the profile.

    Returns:
        The profile's folder.

    Raises:
        InvalidKeyError, NoProfileError, LocalPathError: As for `get_user_data_path`.
    """
    profile = get_user_data_path(user_id, profile_id, base=base)
    segments = _segments(profile_prefix(user_id, profile_id, environment=_ANY))
    profile.mkdir(parents=True, exist_ok=True)
    for name in folders:
        inner = _segments(r2_key(user_id, name, profile_id, environment=_ANY))
        _checked(inner, base, owner=len(segments), folder=True).mkdir(parents=True, exist_ok=True)
    return profile


def _depth(template: KeyTemplate, name: str) -> int:
    """How many segments of a local path end with a variable of its template."""
    return _position(template, name) - _USER_SEGMENT + 1


def _segments(key_or_prefix: str) -> list[str]:
    """What the mirror has of a key: everything from the user on."""
    return key_or_prefix.rstrip("/").split("/")[_USER_SEGMENT:]


def _checked(segments: list[str], base: str | os.PathLike[str] | None, *, owner: int, folder: bool) -> Path:
    """The path of these segments, if it fits the disk and stays in the first `owner` of them."""
    root = (user_data_base() if base is None else Path(base)).resolve()
    refuse_unfit(root, segments, owner=owner, folder=folder)
    return root.joinpath(*segments)
