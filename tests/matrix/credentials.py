"""The rows of the matrix's first axis: every kind of credential that this project hands out."""

from dataclasses import dataclass
from enum import StrEnum

from layout.access import (
    AUDIT,
    BACKEND,
    AccessLevel,
    CredentialScope,
    ObjectPermission,
    scope_for_environment,
    scope_for_user,
    scope_for_whole_bucket,
)
from layout.environment import Environment
from tests.matrix.areas import BUCKET, USERS, USERS_ENVIRONMENT

__all__ = ["KINDS", "Kind", "Way"]


class Way(StrEnum):
    """How a credential comes to be."""

    TOKEN = "account token"
    SIGNED = "temporary, signed"
    ASKED = "temporary, by the API"


@dataclass(frozen=True)
class Kind:
    """A kind of credential.

    Attributes:
        who: What it is for, for people.
        scope: What it is declared to open; of a token, the whole of its bucket.
        way: How it comes to be.
        parent: The token, or what the credential is minted from.
    """

    who: str
    scope: CredentialScope
    way: Way = Way.SIGNED
    parent: AccessLevel = BACKEND

    @property
    def may_write(self) -> bool:
        """Both must allow it: a temporary credential never exceeds its parent."""
        return {self.scope.permission, self.parent.permission} == {ObjectPermission.READ_WRITE}

    @property
    def name(self) -> str:
        """Unlike every other."""
        if self.way is Way.TOKEN:
            return f"{self.way} {self.who}"
        asked = "read and write" if self.scope.permission is ObjectPermission.READ_WRITE else "read"
        parent = "" if self.parent is BACKEND else f", from {self.parent.name}"
        return f"{self.way}: {self.who}, {asked}{parent}"


def _token(level: AccessLevel) -> Kind:
    write = level.permission is ObjectPermission.READ_WRITE
    return Kind(level.name, scope_for_whole_bucket(BUCKET, write), Way.TOKEN, level)


def _environment(environment: Environment, write: bool) -> Kind:
    return Kind(f"environment {environment}", scope_for_environment(BUCKET, environment, write))


def _user(user: str, write: bool) -> Kind:
    scope = scope_for_user(BUCKET, USERS_ENVIRONMENT, user, write)
    return Kind(f"user {user} in {USERS_ENVIRONMENT}", scope)


def _whole(write: bool) -> Kind:
    return Kind("whole bucket", scope_for_whole_bucket(BUCKET, write))


def _by(way: Way, kind: Kind, parent: AccessLevel = BACKEND) -> Kind:
    return Kind(kind.who, kind.scope, way, parent)


_BOTH = (True, False)

KINDS: tuple[Kind, ...] = (
    _token(BACKEND),
    _token(AUDIT),
    *(_environment(environment, write) for environment in Environment for write in _BOTH),
    *(_user(user, write) for user in USERS for write in _BOTH),
    *(_whole(write) for write in _BOTH),
    *(_by(Way.ASKED, _environment(USERS_ENVIRONMENT, write)) for write in _BOTH),
    *(_by(Way.ASKED, _user(USERS[0], write)) for write in _BOTH),
    _by(Way.ASKED, _whole(True)),
    # A parent that only reads cannot be asked for more, but nothing stops its holder from signing more.
    _by(Way.SIGNED, _environment(USERS_ENVIRONMENT, True), AUDIT),
)
