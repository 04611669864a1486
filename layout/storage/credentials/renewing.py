"""Temporary credentials that renew themselves before they end.

::

    settings = load_settings()                                                     # the parent token
    scope = scope_for_environment(settings.bucket, settings.app_env, write=True)
    credentials = RenewingCredentials(local_minter(settings), scope, timedelta(hours=12))
    storage = open_storage(settings, credentials=credentials)
"""

import logging
import os
import threading
import weakref
from collections.abc import Callable
from datetime import datetime, timedelta

from layout.access import CredentialScope
from layout.errors import CredentialsError, LayoutError
from layout.storage.credentials.minting import Minter
from layout.storage.credentials.storage_credentials import StorageCredentials
from layout.times import current_time

__all__ = ["RenewingCredentials"]

logger = logging.getLogger(__name__)

LONGEST_MARGIN = timedelta(minutes=15)
# Of a short life, this part is left for renewing: 15 of 60 seconds.
MARGIN_PART = 4
# Between two attempts that fail, a part of the margin: about 8 attempts before the credential ends.
PAUSE_PART = 8


# A fork copies a lock as it is, and none of the threads that could release it.
_all: "weakref.WeakSet[RenewingCredentials]" = weakref.WeakSet()


def _renew_locks() -> None:
    for credentials in _all:
        credentials._lock = threading.Lock()  # noqa: SLF001 - of this module


os.register_at_fork(after_in_child=_renew_locks)


class RenewingCredentials:
    """A `CredentialSource` for both clients: call it, and it answers with a credential that is still valid.

    It renews when a quarter of the lifetime is left, or 15 minutes if that is less. One thread renews while
    the others go on with what they have. If minting fails, a warning says so and the credential is used
    until it ends; after that each call raises `CredentialsError` with the cause, until minting works again.
    A job that needs the whole bucket for longer than the hour that it may be opened for holds one of these.
    A forked process goes on with what its parent had, and renews for itself.
    """

    def __init__(
        self,
        minter: Minter,
        scope: CredentialScope,
        lifetime: timedelta,
        *,
        now: Callable[[], datetime] = current_time,
    ) -> None:
        """Nothing is minted yet.

        Args:
            minter: From `layout.storage.credentials.minting`.
            scope: What each credential opens.
            lifetime: How long each lives: 1 minute to 7 days, for a whole bucket 1 hour at most.
            now: The clock, aware; another one in tests.
        """
        self.scope = scope
        self.lifetime = lifetime
        self.margin = min(lifetime / MARGIN_PART, LONGEST_MARGIN)
        self._minter = minter
        self._now = now
        self._lock = threading.Lock()
        self._current: StorageCredentials | None = None
        self._cause: LayoutError | None = None
        self._next_attempt: datetime | None = None
        _all.add(self)

    def __repr__(self) -> str:
        return f"RenewingCredentials(scope={self.scope!r}, lifetime={self.lifetime!r})"

    def __call__(self) -> StorageCredentials:
        """A valid credential.

        Raises:
            CredentialsError: There is none: minting failed, and nothing valid is left.
        """
        current = self._current
        if current is not None and self._left(current) > self.margin:
            return current
        usable = current if current is not None and self._left(current) > timedelta() else None
        if not self._lock.acquire(blocking=usable is None):
            # Another thread is renewing; there is time.
            assert usable is not None  # noqa: S101 - the lock was only tried because of it
            return usable
        try:
            return self._renewed()
        finally:
            self._lock.release()

    def _renewed(self) -> StorageCredentials:
        """With the lock held: the new credential, else the old one while it is valid."""
        current = self._current
        if current is not None and self._left(current) > self.margin:
            return current
        if self._next_attempt is None or self._now() >= self._next_attempt:
            try:
                return self._mint()
            except LayoutError as error:
                self._cause = error
                self._next_attempt = self._now() + self.margin / PAUSE_PART
                if current is not None and self._left(current) > timedelta():
                    self._warn(current, error)
        if current is not None and self._left(current) > timedelta():
            return current
        raise self._ended(current)

    def _mint(self) -> StorageCredentials:
        minted = self._minter(self.scope, self.lifetime)
        self._current, self._cause, self._next_attempt = minted, None, None
        return minted

    def _left(self, credentials: StorageCredentials) -> timedelta:
        end = credentials.expires_at
        return timedelta.max if end is None else end - self._now()

    def _warn(self, current: StorageCredentials, cause: LayoutError) -> None:
        logger.warning(
            "The temporary credential for %s could not be renewed and ends in %d seconds: %s",
            self._what(),
            self._left(current).total_seconds(),
            cause,
        )

    def _ended(self, current: StorageCredentials | None) -> CredentialsError:
        if current is None or current.expires_at is None:
            message = f"There is no temporary credential for {self._what()}: {self._cause}"
        else:
            end = current.expires_at.isoformat()
            message = (
                f"The temporary credential for {self._what()} ended at {end}; renewing fails: {self._cause}"
            )
        hint = self._cause.hint if self._cause else None
        return CredentialsError(message, hint=hint, bucket=self.scope.bucket)

    def _what(self) -> str:
        prefixes = ", ".join(map(repr, self.scope.prefixes))
        return f"{prefixes or 'the whole bucket'} in {self.scope.bucket!r}"
