"""Which keys and prefixes a storage may use: those of its environment, and of the users whom it serves."""

from collections.abc import Collection

from layout.environment import Environment
from layout.errors import InvalidKeyError
from layout.keys import Key, environment_prefix, users_prefix

__all__ = ["OwnKeys"]


class OwnKeys:
    """What one storage may address.

    Attributes:
        bucket: Name of the bucket, for messages.
        environment: The only one.
        users: The only ones whose keys are used, beside those that belong to no user; None: all.
    """

    def __init__(self, bucket: str, environment: Environment, users: Collection[str] | None) -> None:
        self.bucket = bucket
        self.environment = environment
        self.users = None if users is None else frozenset(users)

    def own(self, key: Key) -> Key:
        """The key itself, if this storage may use it.

        Raises:
            InvalidKeyError: It is plain text, or a key of another environment or of a user who is not served.
        """
        if not isinstance(key, Key):
            raise InvalidKeyError(
                f"{key!r} is plain text, not a Key.",
                hint="Build keys with layout.keys, or read a listed one with layout.keys.parse_key.",
                bucket=self.bucket,
            )
        if key.fields["env"] != self.environment:
            raise InvalidKeyError(
                f"The key {str(key)!r} is of {key.fields['env']}, but APP_ENV is {str(self.environment)!r}.",
                hint="Pass the environment to the key builder, or set APP_ENV to the one meant.",
                bucket=self.bucket,
                key=key,
            )
        self._serve(key.fields.get("user"))
        return key

    def own_prefix(self, prefix: str) -> str:
        """The prefix itself, if this storage may list it.

        Raises:
            InvalidKeyError: It does not end with `/`, leaves the environment, or is of a user who is not served.
        """
        environment = environment_prefix(environment=self.environment)
        if not prefix.startswith(environment) or not prefix.endswith("/"):
            raise InvalidKeyError(
                f"The prefix {prefix!r} does not begin with {environment!r} and end with '/'.",
                hint="Build prefixes with layout.keys; without the slash, 'anna' would include 'annabel'.",
                bucket=self.bucket,
            )
        users = users_prefix(environment=self.environment)
        self._serve(prefix.removeprefix(users).partition("/")[0] if prefix.startswith(users) else None)
        return prefix

    def _serve(self, user: str | None) -> None:
        if user and self.users is not None and user not in self.users:
            raise InvalidKeyError(
                f"The user {user!r} is none of those whom this process serves.",
                hint="Send the request to a process that serves this user, or all.",
                bucket=self.bucket,
            )
