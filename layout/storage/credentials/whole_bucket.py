"""Credentials for the whole bucket, from settings that hold a token."""

from datetime import timedelta

from layout.access import MAX_WHOLE_BUCKET_LIFETIME_SECONDS, scope_for_whole_bucket
from layout.storage.credentials.minting import local_minter
from layout.storage.credentials.renewing import RenewingCredentials
from layout.storage.credentials.storage_credentials import CredentialSource
from layout.storage.settings import StorageSettings

__all__ = ["whole_bucket_credentials"]

_LIFETIME = timedelta(seconds=MAX_WHOLE_BUCKET_LIFETIME_SECONDS)


def whole_bucket_credentials(settings: StorageSettings, *, write: bool) -> CredentialSource | None:
    """Minted on this machine from the parent token, renewed; None if the settings cannot mint."""
    if settings.session_token is not None or settings.account_id is None:
        return None
    scope = scope_for_whole_bucket(settings.bucket, write)
    return RenewingCredentials(local_minter(settings), scope, _LIFETIME)
