"""A credential as both clients take it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from layout.errors import CredentialsError
from layout.storage.printable import unprintable

__all__ = ["CredentialSource", "StorageCredentials"]


@dataclass(frozen=True)
class StorageCredentials:
    """What signs a request. Its repr shows stars in place of the secrets.

    Raises:
        CredentialsError: A value holds a character that cannot be sent.

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

    def __post_init__(self) -> None:
        """A header with such a character would be refused far from here, and quoted."""
        token = self.session_token.get_secret_value() if self.session_token else ""
        values = {
            "access key id": self.access_key_id,
            "secret access key": self.secret_access_key.get_secret_value(),
            "session token": token,
        }
        for name, value in values.items():
            if problem := unprintable(value):
                raise CredentialsError(
                    f"The {name} of the credential holds {problem}.",
                    hint="Take the value again from where it was made, without anything around it.",
                )


CredentialSource = Callable[[], StorageCredentials]
"""Called before each request; answers from memory unless the credential must be renewed."""
