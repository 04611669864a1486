"""How much of an environment a credential opens.

`APP_ENV` has a default, so a forgotten variable is possible. It must stop the start, not reach other data.
"""

from layout import program
from layout.errors import SettingsError
from layout.keys import environment_prefix
from layout.storage.credentials.session_token import scope_paths
from layout.storage.credentials.storage_credentials import CredentialSource, StorageCredentials
from layout.storage.settings import StorageSettings

__all__ = ["check_old_layout_scope", "check_scope"]


def check_scope(credentials: StorageCredentials, settings: StorageSettings) -> bool:
    """Whether the credential reaches all of the environment; False if only a part, as one for a user does.

    A token of the account, and a temporary credential for the whole bucket, reach every environment.

    Raises:
        SettingsError: A prefix or key of the credential lies in another environment.
    """
    token = credentials.session_token
    paths = scope_paths(token.get_secret_value()) if token else ()
    environment = environment_prefix(environment=settings.app_env)
    outside = [path for path in paths if not path.startswith(environment)]
    if outside:
        name = settings.app_env.value
        raise SettingsError(
            f"APP_ENV is {name!r}, but the credential opens {', '.join(map(repr, outside))}.",
            hint="Set APP_ENV to the credential's environment, or mint a credential for this one: "
            f"{program.command('credentials', 'mint', '--env', name)}",
            bucket=settings.bucket,
        )
    return not paths or environment in paths


def check_old_layout_scope(
    name: str, credentials: CredentialSource, settings: StorageSettings, *, whole: bool
) -> None:
    """Nothing, if old keys can be read.

    Args:
        name: Of the old layout.
        credentials: What its requests carry.
        settings: Of the process.
        whole: Whether the settings' own credential reaches all of the environment.

    Raises:
        SettingsError: The credential opens a part of the bucket only.
    """
    token = credentials().session_token
    paths = scope_paths(token.get_secret_value()) if token else ()
    if paths or not whole:
        told = ", ".join(map(repr, paths)) if paths else "a part of the environment"
        raise SettingsError(
            f"R2_READ_OLD_LAYOUT is {name!r}, but the credential opens only {told}.",
            hint="The old keys lie at the root of the bucket: set CLOUDFLARE_ACCOUNT_ID and a token, from which a"
            " credential that reads the whole bucket is minted, or unset R2_READ_OLD_LAYOUT.",
            bucket=settings.bucket,
        )
