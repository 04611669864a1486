"""The profile of the current request.

Filled at the edge only (a middleware, a command), by a `with` block; what lies deeper reads it
through the builders in `layout.keys` or is given user and profile explicitly.

>>> with use_profile("anna", "a1b2c3d4"):
...     current_profile()
CurrentProfile(user_id='anna', profile_id='a1b2c3d4')
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from layout.errors import NoProfileError
from layout.scheme.segments import clean_segment, shown

__all__ = ["CurrentProfile", "current_profile", "current_profile_id", "use_no_profile", "use_profile"]


@dataclass(frozen=True, slots=True)
class CurrentProfile:
    """Whose data the current request works on.

    Attributes:
        user_id: The user, in NFC.
        profile_id: One of that user's profiles, in NFC.
    """

    user_id: str
    profile_id: str


_current: ContextVar[CurrentProfile | None] = ContextVar("layout_current_profile", default=None)


@contextlib.contextmanager
def use_profile(user_id: str, profile_id: str) -> Iterator[CurrentProfile]:
    """Make this the current profile inside the block.

    It does not check that the user has this profile: that needs `profiles.json`, which
    `Profiles.require` looks into.

    Raises:
        InvalidKeyError: If one of them cannot be a segment of a key.
    """
    current = CurrentProfile(clean_segment(user_id, "user id"), clean_segment(profile_id, "profile id"))
    with _use(current):
        yield current


@contextlib.contextmanager
def use_no_profile() -> Iterator[None]:
    """Make no profile current inside the block, whatever is current around it.

    For work that a request starts but that is not the request's: a queue, a scheduled job.
    """
    with _use(None):
        yield


@contextlib.contextmanager
def _use(current: CurrentProfile | None) -> Iterator[None]:
    # The outer value is set again as a value. ContextVar.reset restores what its token remembers,
    # which is another thing, and fails when the block ends in another context than it began in.
    outer = _current.get()
    _current.set(current)
    try:
        yield
    finally:
        _current.set(outer)


def current_profile() -> CurrentProfile:
    """The profile of the current request.

    Raises:
        NoProfileError: If there is none.
    """
    current = _current.get()
    if current is None:
        raise NoProfileError(
            "There is no current profile.",
            hint="Pass profile_id, or work inside `with use_profile(user_id, profile_id):`.",
        )
    return current


def current_profile_id(user_id: str) -> str:
    """The current profile's id, provided that it is a profile of this user.

    Raises:
        NoProfileError: If there is no current profile, or it is another user's. Building this
            user's key with another one's profile would address an object of neither.
    """
    current = current_profile()
    if user_id != current.user_id and _nfc(user_id) != current.user_id:
        raise NoProfileError(
            f"The current profile {current.profile_id!r} belongs to the user {current.user_id!r}, "
            f"not to the user {shown(user_id)}.",
            hint="Pass profile_id to work on another user's data.",
        )
    return current.profile_id


def _nfc(text: object) -> object:
    return unicodedata.normalize("NFC", text) if isinstance(text, str) else text
