"""Which objects a request may read or write: by the path, the user, and what the scheme says of the row.

A path is that of a key below its environment: `users/{user}/...` or `games/...`. So no URL names a bucket, an account
or an environment. Whatever a user may not reach is answered as a file that is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from layout.errors import InvalidKeyError, ObjectMissingError
from layout.keys import Key, environment_prefix, parse_key
from layout.legacy import Phase, phase_of
from layout.scheme.variables import Access
from layout.storage.r2_storage import AsyncR2Storage

__all__ = ["Reach", "Use", "path_of"]


class Use(Enum):
    """What a request wants of an object."""

    READ = "read"
    WRITE = "write"


def _nobody(_: str) -> bool:
    return False


@dataclass(frozen=True)
class Reach:
    """What is reached over HTTP.

    Attributes:
        storage: Its environment is the only one.
        may_write_shared: Which users may write what all users share, such as games; nobody unless told.
    """

    storage: AsyncR2Storage
    may_write_shared: Callable[[str], bool] = _nobody

    def key(self, path: str, user_id: str, use: Use) -> Key:
        """The key at a path, if this user may use it so.

        Raises:
            ObjectMissingError: No key is at the path, or it is none of the user's. Nothing tells which.
        """
        try:
            key = parse_key(environment_prefix(environment=self.storage.environment) + path)
            self.storage.own(key)
        except InvalidKeyError:
            raise self.missing() from None
        if not self._allows(key, user_id, use):
            raise self.missing()
        return key

    def missing(self) -> ObjectMissingError:
        """What a path that is not the user's comes to."""
        return ObjectMissingError("There is no such object.", bucket=self.storage.bucket)

    def _allows(self, key: Key, user_id: str, use: Use) -> bool:
        access = key.template.access
        if access is Access.EVERYONE:
            return use is Use.READ or self.may_write_shared(user_id)
        if access is not Access.USER or key.fields["user"] != user_id:
            return False
        return use is Use.READ or not _is_managed(key)


def path_of(key: Key) -> str:
    """The path of a key, as URLs have it before they are percent-encoded."""
    return str(key).partition("/")[2]


def _is_managed(key: Key) -> bool:
    """Whether only the layout itself writes the object: profile documents, and the databases that are synced."""
    if key.template.content_type is not None:
        return True
    return phase_of(key.fields.get("path", "")) is Phase.DATABASE
