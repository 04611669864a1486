"""A botocore session that reads nothing but what it is told: no variables, no files, no plugins.

botocore takes its configuration from about 40 variables (`AWS_*`, `HTTPS_PROXY`, `REQUESTS_CA_BUNDLE`, ...) and
from `~/.aws`. Other tools set them for stores of their own, and one of them is enough to send a team's objects
elsewhere, or to send them otherwise than what was tested. Which there are: botocore 1.44,
`configprovider.py`, `endpoint.py`, `handlers.py`, `plugin.py` and `useragent.py`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import botocore.session
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConstantProvider
from botocore.credentials import CredentialProvider, CredentialResolver, ReadOnlyCredentials
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.loaders import Loader
from botocore.plugin import PluginContext, reset_plugin_context, set_plugin_context

from layout.storage.credentials.storage_credentials import CredentialSource

__all__ = ["isolated_session", "without_plugins"]

# What botocore calls its variables, each with (name in a file, names of variables, default, conversion).
_WITHOUT_VARIABLES = {
    name: (None, None, os.devnull if name in {"config_file", "credentials_file"} else default, conversion)
    for name, (_, _, default, conversion) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
}
_SECTIONS = ("s3", "proxies_config")


def isolated_session(credentials: CredentialSource) -> botocore.session.Session:
    """A session whose only credential is the given one, asked each time botocore signs a request."""
    session = botocore.session.Session(session_vars=_WITHOUT_VARIABLES)
    for section in _SECTIONS:
        session.get_component("config_store").set_config_provider(section, ConstantProvider({}))
    session.register_component("data_loader", _service_descriptions())
    session.register_component("credential_provider", CredentialResolver([_SourceProvider(credentials)]))
    return session


@contextmanager
def without_plugins() -> Iterator[None]:
    """A client made inside the block loads no module that `BOTOCORE_EXPERIMENTAL__PLUGINS` names."""
    token = set_plugin_context(PluginContext(plugins="DISABLED"))
    try:
        yield
    finally:
        reset_plugin_context(token)


@cache
def _service_descriptions() -> Loader:
    """The parsed service files of botocore, none of `~/.aws/models`: shared, since parsing takes most of the time."""
    return Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


class _SourceProvider(CredentialProvider):
    """How botocore asks a session for credentials."""

    METHOD = "layout"

    def __init__(self, source: CredentialSource) -> None:
        super().__init__()
        self._source = source

    def load(self) -> BotocoreCredentials:
        return _SourceCredentials(self._source)


class _SourceCredentials(BotocoreCredentials):
    """Credentials that ask the source each time botocore signs a request, retries included."""

    def __init__(self, source: CredentialSource) -> None:
        self._source = source
        super().__init__(access_key="", secret_key="", method=_SourceProvider.METHOD)

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        now = self._source()
        return ReadOnlyCredentials(
            now.access_key_id,
            now.secret_access_key.get_secret_value(),
            now.session_token.get_secret_value() if now.session_token else None,
        )
