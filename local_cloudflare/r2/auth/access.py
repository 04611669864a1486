"""What a credential of the S3 endpoint is, and what it grants."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Credential", "CredentialLookup", "Grant", "Permission"]


class Permission(StrEnum):
    """The four presets of R2 (CFD r2/api/tokens.mdx)."""

    ADMIN_READ_WRITE = "admin-read-write"
    ADMIN_READ_ONLY = "admin-read-only"
    OBJECT_READ_WRITE = "object-read-write"
    OBJECT_READ_ONLY = "object-read-only"

    @property
    def is_admin(self) -> bool:
        """May see (and, with writing, change) buckets and their configuration."""
        return self in {Permission.ADMIN_READ_WRITE, Permission.ADMIN_READ_ONLY}

    @property
    def may_write(self) -> bool:
        """May change what it opens."""
        return self in {Permission.ADMIN_READ_WRITE, Permission.OBJECT_READ_WRITE}

    def covers(self, other: "Permission") -> bool:
        """Whether a holder of this permission may hand out `other`."""
        return (self.is_admin or not other.is_admin) and (self.may_write or not other.may_write)


@dataclass(frozen=True)
class Grant:
    """One permission on one bucket, or on every bucket (`bucket="*"`) of a jurisdiction."""

    bucket: str
    jurisdiction: str
    permission: Permission

    def opens(self, bucket: str, jurisdiction: str) -> bool:
        """Whether this grant speaks about that bucket."""
        return self.jurisdiction in {"*", jurisdiction} and self.bucket in {"*", bucket}


@dataclass(frozen=True)
class Credential:
    """An S3 credential: an account token's, as the control plane knows it.

    Attributes:
        access_key_id: The token's id (CFD r2/api/tokens.mdx).
        secret_access_key: Lower-case hex SHA-256 of the token's value. Never logged.
        grants: What it opens. Empty: nothing.
        active: False for a disabled, expired or not yet valid token.
        reason: Why it is not active; for people who read the request log.
        allowed_networks: CIDR networks that may use it. Empty: all.
        denied_networks: CIDR networks that may not; they win over the allowed.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    grants: tuple[Grant, ...] = ()
    active: bool = True
    reason: str = ""
    allowed_networks: tuple[str, ...] = ()
    denied_networks: tuple[str, ...] = ()


CredentialLookup = Callable[[str], Credential | None]
"""By access key id. None: no such token, deleted ones included."""
