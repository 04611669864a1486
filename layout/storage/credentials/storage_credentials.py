"""A credential as both clients take it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

__all__ = ["CredentialSource", "StorageCredentials"]


@dataclass(frozen=True)
class StorageCredentials:
    """What signs a request. Its repr shows stars in place of the secrets.

    Attributes:
        access_key_id: Id of the token; a temporary credential carries its parent's.
        secret_access_key: 64 hexadecimal digits.
        session_token: Scope and expiry, of a temporary credential only.
        expires_at: Aware time in UTC after which R2 refuses the credential; None if it does not expire.
    """

    access_key_id: str
    secret_access_key: SecretStr
    session_token: SecretStr | None = None
    expires_at: datetime | None = None


CredentialSource = Callable[[], StorageCredentials]
"""Called before each request; answers from memory unless the credential must be renewed."""
